import json
import subprocess
import sys

import pytest

from slm_jax.config import Config, DataConfig
from slm_jax.domains import get_domain
from slm_jax.errors import UserError

DOMAIN = get_domain("text")


def splits(**data):
    return DOMAIN.splits(Config(domain="text", data=DataConfig(**data)), progress=lambda what, done, total: None)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n\n".join(f"Paragraph {i} " + "word " * 100 for i in range(200)))
    return path


def test_a_slice_is_held_out_by_content_and_said(corpus):
    made = splits(train=str(corpus), validation_share=0.3)
    held_out = made.evaluation["validation"]
    assert held_out and made.train and not {e.response for e in held_out} & {e.response for e in made.train}
    assert all(e.instruction == "" for e in [*made.train, *held_out])
    assert sum(len(e.response) for e in [*made.train, *held_out]) == len(corpus.read_text()) and f"{len(held_out)} of " in made.notes[0]


def test_validation_file_and_what_is_in_both(corpus, tmp_path):
    path = tmp_path / "validation.jsonl"
    first = splits(train=str(corpus)).train[0].response
    path.write_text(json.dumps({"text": first}) + "\n" + json.dumps({"text": "new"}) + "\n")
    made = splits(train=str(corpus), validation=str(path))
    assert [e.response for e in made.evaluation["validation"]] == [first, "new"]
    assert first not in {e.response for e in made.train} and made.notes[0].startswith("1 of ")
    with pytest.raises(UserError, match="two different files"):
        splits(train=str(corpus), validation=str(corpus))


def test_progress_is_told(corpus):
    told = []
    DOMAIN.splits(Config(domain="text", data=DataConfig(train=str(corpus))), progress=lambda *args: told.append(args))
    assert told[-1][1] == told[-1][2]


def test_no_file():
    with pytest.raises(UserError, match="config.data.train is empty"):
        splits()


def test_the_prompt_is_the_text():
    assert DOMAIN.prompt("Once  upon\n") == "Once  upon\n"
    with pytest.raises(UserError, match="no table"):
        DOMAIN.prompt("x", [["a"]])


def test_nothing_is_scored():
    score = DOMAIN.score([], ["a", "\x00"])
    assert score.n == 2 and score.rates == {} and len(score.rows) == 2


def test_domains_and_data_do_not_import_jax():
    code = "import sys, slm_jax.domains.text, slm_jax.data.packing, slm_jax.data.batches; sys.exit('jax' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
