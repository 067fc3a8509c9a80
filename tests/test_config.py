"""The configuration: strict keys, types and checks; every field is read somewhere; every recipe parses."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import pytest

from slm_jax.config import Config, ModelConfig, default_config, differences, known_keys, parse_config, to_dict
from slm_jax.errors import UserError

ROOT = Path(__file__).parents[1]
VARIANTS = {
    "excel_slm": ["", "tiny", "base"],
    "lm": ["", "tiny"],
    "instruct": ["", "full", "scratch", "tiny"],
    **dict.fromkeys(("finetune_smollm2", "finetune_granite_350m", "finetune_tinyllama", "finetune_phi2"), ["", "lora", "full"]),
    **dict.fromkeys(("sheets_assistant", "price_agent", "code_generator", "summarizer"), ["", "scratch", "tiny"]),
}
RECIPES = [(name, variant) for name, variants in VARIANTS.items() for variant in variants]


def recipe(name: str, variant: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "configs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config(variant)


@pytest.mark.parametrize(("name", "variant"), RECIPES)
def test_recipe_parses_and_survives_json(name, variant):
    config = parse_config(recipe(name, variant))
    assert parse_config(to_dict(config)) == config
    assert differences(config, config) == []


def test_every_recipe_file_is_tested():
    assert {path.stem for path in (ROOT / "configs").glob("*.py")} == set(VARIANTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_unknown_variant_names_the_nearest(name):
    nearest = VARIANTS[name][-1]
    with pytest.raises(UserError, match=f"did you mean '{nearest}'"):
        recipe(name, nearest[:-1])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"train": {"totl_steps": 3}}, "did you mean 'config.train.total_steps'"),
        ({"trian": {"total_steps": 3}}, "unknown config key config.trian"),
        ({"train": {"total_steps": "3"}}, "config.train.total_steps='3': write a value of type int"),
        ({"train": {"total_steps": True}}, "type int"),
        ({"train": {"total_steps": 0}}, "write 1 or more"),
        ({"train": 5}, "group of fields"),
        ({"precision": "bfloat61"}, "did you mean 'bfloat16'"),
        ({"optimizer": {"name": "admaw"}}, "did you mean 'adamw'"),
        ({"optimizer": {"learning_rate": 0.0}}, "above 0"),
        ({"train": {"global_batch_size": 6, "accumulation_steps": 4}}, "does not divide"),
        ({"model": {"heads": 6, "kv_heads": 4}}, "multiple of config.model.kv_heads"),
        ({"model": {"layers": 3, "layer_windows": (4, 4)}}, "one for each of the 3 layers"),
        ({"model": {"layer_windows": ("a",)}}, "type int"),
        ({"schedule": {"warmup_steps": 10}, "train": {"total_steps": 5}}, "more than config.train.total_steps"),
        ({"parallel": {"mesh": {"data": 0, "fsdp": 0}}}, "only one of"),
        ({"domain": ""}, "is empty"),
    ],
)
def test_bad_value_is_one_clear_line(tree, message):
    with pytest.raises(UserError, match=re.escape(message)) as error:
        parse_config(tree)
    assert "\n" not in str(error.value)


def test_integers_are_taken_for_floats_and_lists_for_tuples():
    config = parse_config({"optimizer": {"learning_rate": 1}, "model": {"layers": 2, "layer_windows": [4, 0]}})
    assert config.optimizer.learning_rate == 1.0 and config.model.layer_windows == (4, 0)


def test_differences_name_the_field():
    old = Config()
    new = dataclasses.replace(old, model=dataclasses.replace(ModelConfig(), dim=64), seed=3)
    assert differences(old, new) == ["config.seed: 0 -> 3", "config.model.dim: 160 -> 64"]


def test_recipes_cannot_invent_fields():
    with pytest.raises(AttributeError):
        default_config().train.nope = 1


def test_every_field_is_read_outside_the_configuration():
    code = "\n".join(path.read_text() for path in (ROOT / "slm_jax").rglob("*.py") if path.name != "config.py")
    unread = [key for key in known_keys() if not re.search(rf"(\.{key.split('.')[-1]}\b|\"{key.split('.')[-1]}\")", code)]
    assert unread == []
