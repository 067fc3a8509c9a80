"""What `--show_examples` prints is what is trained on: text, mask and labels, for a tokenizer of ours and for a published one with its chat template."""

import io
import json
import subprocess
import sys

import pytest

from slm_jax.config import Config, DataConfig, ModelConfig, TokenizerConfig, TrainConfig
from slm_jax.data.hub_tokenizer import HubTokenizer
from slm_jax.data.packing import pack
from slm_jax.domains import get_domain
from slm_jax.domains.base import Example
from slm_jax.errors import UserError
from slm_jax.reporting.examples import example_page, examples_of_rows, print_examples

CHAT = [("user", "what is north?"), ("assistant", "the sum"), ("user", "and\nsouth?"), ("assistant", "the total")]


@pytest.fixture
def data(tmp_path):
    rows = [{"messages": [{"role": role, "content": f"{text} {n}"} for role, text in CHAT]} for n in range(12)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return DataConfig(train=str(tmp_path / "a.jsonl"), sequence_length=256, validation_share=0.2, cache_dir=str(tmp_path / "cache"))


def test_a_page_drawn_by_hand(published_model, tmp_path):
    tokenizer = HubTokenizer.from_directory(published_model)
    history = ({"role": "user", "content": "one?"}, {"role": "assistant", "content": "1"})
    data = DataConfig(sequence_length=256, cache_dir=str(tmp_path))
    rows = pack([Example(instruction="the\nsum", response="north", history=history)], domain=get_domain("instruct"), tokenizer=tokenizer, data=data)
    shown = list(examples_of_rows(rows, [0]))
    assert len(shown) == 1
    lines = example_page(shown[0], 1, tokenizer).split("\n")
    prompt = ["<|im_start|>user↵", "one?<|im_end|>↵", "<|im_start|>assistant↵", "1<|im_end|>↵", "<|im_start|>user↵", "the↵", "sum<|im_end|>↵", "<|im_start|>assistant↵"]
    trained = len(tokenizer.encode("north")) + 1
    total = trained + len(tokenizer.encode("\n".join(prompt).replace("↵", "") + "\n"))
    assert lines[0] == f"example 1: row 0, segment 1: {total} tokens, of which {trained} are trained on"
    assert lines[1:-1] == [f"  masked | {line}" for line in prompt] + [" TRAINED | north<|im_end|>"]
    assert lines[-1].startswith("  labels | 'n") and lines[-1].endswith("'<|im_end|>'") and len(lines[-1].split("'")) == 2 * trained + 1
    coloured = example_page(shown[0], 1, tokenizer, colour=True)
    assert "\x1b[2m  masked | one?" in coloured and "\x1b[1;32m TRAINED | north<|im_end|>\x1b[0m" in coloured


def test_prompt_weights_are_shown(published_model, tmp_path):
    tokenizer = HubTokenizer.from_directory(published_model)
    data = DataConfig(sequence_length=256, cache_dir=str(tmp_path), prompt_format="plain", prompt_loss_weight=0.25)
    rows = pack([Example(instruction="the sum", response="north")], domain=get_domain("instruct"), tokenizer=tokenizer, data=data)
    lines = example_page(next(examples_of_rows(rows, [0])), 1, tokenizer).split("\n")
    assert lines[1] == "  masked | the" or lines[1].startswith("  masked | t")  # the first token is never a target
    assert lines[2].startswith("TRAINED x 0.25 | ") and lines[3] == " TRAINED | north<|im_end|>"


def test_every_example_of_the_rows_is_shown_once(published_model, tmp_path):
    tokenizer = HubTokenizer.from_directory(published_model)
    examples = [Example(instruction=f"question {n}", response=f"answer {n}") for n in range(30)]
    rows = pack(examples, domain=get_domain("instruct"), tokenizer=tokenizer, data=DataConfig(sequence_length=128, cache_dir=str(tmp_path)))
    pages = [example_page(shown, 1, tokenizer) for shown in examples_of_rows(rows, range(len(rows)))]
    assert sorted(page.split(" TRAINED | ")[1].split("<|im_end|>")[0] for page in pages) == sorted(example.response for example in examples)
    first = [shown.row for shown in examples_of_rows(rows, range(len(rows)))][: len(rows)]
    assert first == list(range(len(rows)))  # another row each, before the second of any


@pytest.mark.parametrize("own", [True, False])
def test_for_a_model_from_scratch_and_for_a_pretrained_one(own, data, published_model):
    model = ModelConfig() if own else ModelConfig(init_from=str(published_model))
    if not own:
        data = DataConfig(**{**vars(data), "sequence_length": 128})
    out = io.StringIO()
    print_examples(Config(domain="instruct", data=data, model=model, tokenizer=TokenizerConfig(vocab_size=300), train=TrainConfig(global_batch_size=2)), 3, stream=out)
    text = out.getvalue()
    assert text.count("\nexample ") == 3 and "held out for validation" in text
    assert text.count(" TRAINED | the ") == 3 and (" TRAINED | the sum" in text or " TRAINED | the total" in text)
    assert ("</s>" in text, "<|im_end|>" in text, "tokenizer: that of" in text) == (own, not own, not own)


def test_more_than_there_are(data):
    out = io.StringIO()
    print_examples(Config(domain="instruct", data=data, tokenizer=TokenizerConfig(vocab_size=300)), 500, stream=out)
    count = out.getvalue().count("\nexample ")
    assert 12 <= count <= 22


def launch(*flags, cwd):
    command = [sys.executable, "launch.py", "--config=configs/instruct.py:tiny", *flags]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_the_command(data, tmp_path, request):
    shared = [f"--config.data.train={data.train}", f"--config.data.cache_dir={tmp_path / 'cache'}", "--show_examples=3", f"--workdir={tmp_path / 'run'}"]
    good = launch(*shared, cwd=request.config.rootpath)
    assert good.returncode == 0, good.stderr
    assert good.stdout.count("\nexample ") == 3 and not (tmp_path / "run").exists()
    with open(data.train, "a") as file:
        file.write('{"messages": [}\n')
    bad = launch(*shared, cwd=request.config.rootpath)
    said = [line for line in bad.stderr.splitlines() if "reading examples" not in line]
    assert bad.returncode == 2 and len(said) == 1 and f"{data.train} line 13: not a JSON object" in said[0]


def test_bad_data_is_one_line(data, tmp_path):
    (tmp_path / "a.jsonl").write_text("\n")
    with pytest.raises(UserError, match="a.jsonl is empty"):
        print_examples(Config(domain="instruct", data=data), 1)
