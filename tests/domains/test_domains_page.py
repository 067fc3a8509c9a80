"""The domain that docs/domains.md shows is a domain: what the page says can be copied."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from slm_jax.config import Config, DataConfig
from slm_jax.domains import get_domain
from slm_jax.errors import UserError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "domains.md").read_text(encoding="utf-8")


@pytest.fixture
def units(tmp_path, monkeypatch):
    source = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    file = tmp_path / "units.py"
    file.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("slm_jax.domains.units", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "slm_jax.domains.units", module)
    return get_domain("units")


def test_the_domain_of_the_page_works(units, tmp_path):
    def made(**data):
        said = []
        splits = units.splits(Config(data=DataConfig(**{"examples": 300, "eval_examples": 40, **data})), progress=lambda *step: said.append(step))
        return splits

    splits = made()
    everything = {"train": splits.train, **splits.evaluation}
    assert {name: len(some) for name, some in everything.items()} == {"train": 300, "iid": 40, "new_wording": 40}
    assert len({example.instruction for some in everything.values() for example in some}) == 380 and made() == splits
    assert splits.train[0].response.split()[0].isdigit() and units.prompt(splits.train[0].instruction) == splits.train[0].instruction
    examples = splits.evaluation["iid"]
    assert units.score(examples, [example.response for example in examples]).rates == {"right": 1.0, "unit": 1.0}
    for wrong in ("", "1 km 2", "\ud800", "7"):
        assert units.score(examples, [wrong] * 40).rates["right"] == 0
    with pytest.raises(UserError):
        units.prompt("  ")
    file = tmp_path / "own.jsonl"
    file.write_text("".join(json.dumps({"instruction": f"{i} m in cm", "response": f"{i}00 cm"}) + "\n" for i in range(50)))
    assert len(made(train=str(file), validation_share=0.2).evaluation["validation"]) > 0


def test_the_domain_of_the_page_trains(units):
    """Its prompts and answers become rows of tokens, as training reads them."""
    from slm_jax.config import TokenizerConfig
    from slm_jax.data.packing import pack
    from slm_jax.data.tokenizer import train_tokenizer

    data = DataConfig(examples=100, eval_examples=10, sequence_length=64)
    train = units.splits(Config(data=data), progress=lambda *step: None).train
    texts = [units.prompt(example.instruction) + example.response for example in train]
    tokenizer = train_tokenizer(texts, config=TokenizerConfig(vocab_size=330), symbols=units.symbols).tokenizer
    assert pack(train, domain=units, tokenizer=tokenizer, data=data).report is not None


def test_rows_of_the_page_can_be_read(tmp_path):
    file = tmp_path / "own.jsonl"
    row = json.loads(re.search(r'^\{"instruction".*\}$', PAGE, re.MULTILINE)[0])
    file.write_text("".join(json.dumps(row | {"instruction": row["instruction"] + " " * i + str(i)}) + "\n" for i in range(4)))
    splits = get_domain("code").splits(Config(domain="code", data=DataConfig(train=str(file), validation_share=0.5)), progress=lambda *step: None)
    assert all("assert double(2) == 4" in example.tags["tests"] for example in splits.train)


def test_names_on_the_page_exist():
    for path in re.findall(r"`((?:slm_jax|configs|tests)/[\w/]+\.py)`", PAGE):
        if "units" not in path:
            assert (ROOT / path).exists(), path
