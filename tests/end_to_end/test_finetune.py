"""The fine-tuning recipes, each run for real on a tiny random checkpoint of its family: trained, resumed, opened, merged, exported, taken to PEFT and back."""

import dataclasses
import importlib.util
import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest

import slm_jax
from slm_jax import convert, train
from slm_jax.checkpoints.directory import find_checkpoint
from slm_jax.checkpoints.source import open_source
from slm_jax.config import ModelConfig, parse_config
from slm_jax.errors import UserError

ROOT = Path(__file__).parents[2]
TINY = ModelConfig(layers=2, dim=32, heads=4, kv_heads=2, head_dim=8, ff_dim=48, vocab_size=320, qk_norm=False, tied=False, norm_epsilon=1e-5, context_length=128)
PHI = {"norm": "layer", "parallel_block": True, "gated": False, "activation": "gelu_tanh", "rope_fraction": 0.5, "kv_heads": 4}
FAMILIES = {
    "finetune_smollm2": ("llama", dataclasses.replace(TINY, tied=True)),
    "finetune_tinyllama": ("llama", TINY),
    "finetune_granite_350m": (
        "granitemoehybrid",
        dataclasses.replace(TINY, tied=True, attention_scale=0.1, embed_multiplier=3.0, residual_multiplier=0.5, logit_divisor=2.0),
    ),
    "finetune_phi2": ("phi", dataclasses.replace(TINY, qkv_bias=True, out_bias=True, mlp_bias=True, head_bias=True, **PHI)),
}


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """In a directory of its own, and compiled quickly: this is about what is computed."""
    monkeypatch.chdir(tmp_path)
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def published(publish_model, tmp_path_factory):
    made = {}

    def make(name: str) -> Path:
        if name not in made:
            family, config = FAMILIES[name]
            made[name] = publish_model(tmp_path_factory.mktemp("published") / name, config, family=family, chat=name != "finetune_phi2")
        return made[name]

    return make


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "questions.jsonl"
    path.write_text("".join(json.dumps({"instruction": f"the sum of {i}", "response": f"north {i}"}) + "\n" for i in range(60)))
    return path


def recipe(name: str, variant: str, *, init_from: Path, data: Path, cache: Path, steps: int = 4, **lora):
    """The recipe, small: fewer and shorter rows, another domain, and a rate that moves random parameters in a few steps; what is trained is its own."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "configs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = module.get_config(variant)
    config.domain = "instruct"
    config.precision = "float32"
    config.model.init_from = str(init_from)
    config.data.train, config.data.cache_dir, config.data.sequence_length = str(data), str(cache), 64
    config.train.total_steps, config.train.global_batch_size, config.schedule.warmup_steps = steps, 4, 1
    config.checkpoint.every_steps = config.eval.every_steps = 2
    config.eval.examples = config.eval.final_examples = 2
    config.eval.max_tokens, config.log.every_steps = 4, 1
    config.optimizer.learning_rate = 1e-2
    config.lora.update(lora)
    return parse_config(config)


def losses(run: Path) -> list[float]:
    return [row["train/loss"] for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) if "train/loss" in row]


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


QUICK = [("finetune_smollm2", "full"), *((name, "lora") for name in ("finetune_granite_350m", "finetune_phi2"))]
SLOW = [(name, variant) for name in FAMILIES for variant in ("lora", "full") if (name, variant) not in QUICK]


@pytest.mark.parametrize(("name", "variant"), [*QUICK, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW)])
def test_recipe_trains_resumes_and_exports(name, variant, published, questions, cache, tmp_path, capsys):
    config = recipe(name, variant, init_from=published(name), data=questions, cache=cache)
    done = train.run(config, tmp_path / "run")
    whole = losses(tmp_path / "run")
    assert done.steps == 4 and whole[-1] < whole[0]

    shutil.rmtree(tmp_path / "run" / "checkpoints" / "4")  # go back to the middle
    assert train.run(config, tmp_path / "run").steps == 4
    assert losses(tmp_path / "run") == whole

    ids = [[5, 6, 7, 8, 9, 10]]
    tuned = slm_jax.load(tmp_path / "run", precision="float32").logits(ids)
    assert np.abs(tuned - slm_jax.load(published(name), precision="float32").logits(ids)).max() > 1e-2  # the tuning is in it
    convert.main([f"--from={tmp_path / 'run'}", f"--to={tmp_path / 'hf'}"])
    np.testing.assert_allclose(slm_jax.load(tmp_path / "hf", precision="float32").logits(ids), tuned, atol=1e-5)
    assert json.loads((tmp_path / "hf" / "config.json").read_text())["a_key_of_its_own"] == "kept"


def test_adapters_are_saved_alone_and_travel_to_peft_and_back(published, questions, cache, tmp_path, capsys):
    name = "finetune_granite_350m"  # gate and up are one matrix there
    config = recipe(name, "lora", init_from=published(name), data=questions, cache=cache, base_dtype="float32", rank=2)
    train.run(config, tmp_path / "run")
    checkpoint = find_checkpoint(tmp_path / "run")
    assert size(checkpoint / "params") < size(checkpoint / "opt_state") < size(published(name))
    source = open_source(checkpoint)
    assert {path[-1].key for path, _ in jax.tree_util.tree_leaves_with_path(source.read_trained())} == {"lora_a", "lora_b"}
    convert.main([f"--from={checkpoint}", f"--to={tmp_path / 'peft'}", "--format=peft"])
    ids = [[5, 6, 7, 8, 9, 10]]
    np.testing.assert_allclose(slm_jax.load(tmp_path / "peft", precision="float32").logits(ids), slm_jax.load(checkpoint, precision="float32").logits(ids), atol=1e-5)
    with pytest.raises(SystemExit):
        convert.main([f"--from={published(name)}", f"--to={tmp_path / 'none'}", "--format=peft"])
    assert "has no adapters" in capsys.readouterr().err


def test_an_adapter_wants_the_model_it_was_trained_on(published, publish_model, questions, cache, tmp_path):
    base = publish_model(tmp_path / "base", FAMILIES["finetune_tinyllama"][1])
    config = recipe("finetune_tinyllama", "lora", init_from=base, data=questions, cache=cache, steps=2)
    train.run(config, tmp_path / "run")
    shutil.rmtree(base)
    with pytest.raises(UserError, match="has only what was trained, and its base cannot be opened"):
        slm_jax.load(tmp_path / "run")
    shutil.copytree(published("finetune_smollm2"), base)
    with pytest.raises(UserError, match="is another model, or has changed since"):  # of another size
        slm_jax.load(tmp_path / "run")
    shutil.rmtree(base)
    other = publish_model(base, FAMILIES["finetune_tinyllama"][1])
    tensors = bytearray((other / "model.safetensors").read_bytes())
    tensors[-40_000:] = bytes(40_000)
    (other / "model.safetensors").write_bytes(tensors)
    with pytest.raises(UserError, match="is another model, or has changed since"):
        slm_jax.load(tmp_path / "run")


def test_training_stops_early_when_nothing_gets_better(published, questions, cache, tmp_path, capsys):
    config = recipe("finetune_smollm2", "lora", init_from=published("finetune_smollm2"), data=questions, cache=cache, steps=20)
    config = dataclasses.replace(config, eval=dataclasses.replace(config.eval, early_stopping=2))  # no answer is ever right: equals are no better
    done = train.run(config, tmp_path / "run")
    assert done.results and done.steps == 6  # the first evaluation, after 2 steps, and two more
    assert "stopped early after step 6 of 20: 2 evaluations no better than that of step 2" in capsys.readouterr().out
    assert train.run(config, tmp_path / "run").steps == 6  # started again, it knows


def test_adapters_without_a_model_are_refused(questions, cache, tmp_path):
    config = recipe("finetune_smollm2", "lora", init_from="", data=questions, cache=cache)
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, init_from=""))
    with pytest.raises(UserError, match="config.lora.rank=4 trains a part of a model that exists: write its path"):
        train.run(config, tmp_path / "run")
