"""A tokenizer and a domain small enough to write rows by hand: a letter is its place in the alphabet plus 2, BOS is 1, EOS is 2."""

from slm_jax.domains.base import Example

A = 3


class Letters:
    vocab_size, pad_id, bos_id, eos_id, fingerprint = 29, 0, 1, 2, "letters"
    prompt_prefix, stop_ids, answer_suffix, chat_template = (1,), (2,), (2,), None
    token_bytes = [b"", b"", b"", *[bytes([c]) for c in range(ord("a"), ord("z") + 1)]]

    def encode_batch(self, texts):
        return [[ord(c) - ord("a") + A for c in text] for text in texts]

    encode_answers = encode_batch

    def count_bytes(self, ids):
        return sum(len(self.token_bytes[id]) for id in ids)

    def encode(self, text):
        return self.encode_batch([text])[0]


class Ask:
    judged = True

    def prompt(self, instruction, table=None):
        return instruction


def example(instruction, response, id=""):
    return Example(instruction=instruction, response=response, id=id)
