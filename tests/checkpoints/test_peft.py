"""Against peft itself: its adapters give the same logits here, and ours the same there."""

import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.checkpoints.huggingface import import_params, open_safetensors
from slm_jax.checkpoints.peft import read_peft, write_peft
from slm_jax.config import LoraConfig
from slm_jax.errors import UserError
from slm_jax.models.decoder import Decoder
from slm_jax.models.families import model_config
from slm_jax.models.lora import add_adapters, join_params, leaves, merge_adapters, split_params, trained_with

peft, torch, transformers = (pytest.importorskip(name) for name in ("peft", "torch", "transformers"))

SIZES = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0}
HYBRID = {"num_local_experts": 0, "num_experts_per_tok": 0, "shared_intermediate_size": 24, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 6, "mamba_chunk_size": 4}
BASES = {
    "llama": ("llama", {"tie_word_embeddings": False, "attention_bias": True}),
    "tied": ("llama", {"tie_word_embeddings": True}),
    "phi3": ("phi3", {}),
    "hybrid": ("granitemoehybrid", {**HYBRID, "layer_types": ["linear_attention", "full_attention"], "tie_word_embeddings": True}),
}
IDS = np.random.default_rng(0).integers(1, 40, (2, 7))
LIMIT = 2e-4
ALL = LoraConfig(rank=3).targets


@pytest.fixture(autouse=True, scope="module")
def compile_quickly():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """(transformers' model afresh, our config, our parameters, family) of a tiny checkpoint; nothing in it is as a new model has it."""

    @functools.cache
    def make(name):
        family, differs = BASES[name]
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(family, **{**SIZES, **differs}), attn_implementation="eager")
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "norm" in key or parameter.ndim > 1:
                    parameter.copy_(torch.randn_like(parameter) * (0.5 if parameter.ndim > 1 else 0.2) + (0 if parameter.ndim > 1 else 1))
        directory = tmp_path_factory.mktemp(name)
        model.save_pretrained(directory)
        hf = json.loads((directory / "config.json").read_text())
        return directory, model_config(hf), import_params(open_safetensors(directory), config=model_config(hf), family=family), family

    def fresh(name):
        directory, config, params, family = make(name)
        return transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval(), config, params, family

    return fresh


def theirs(model) -> np.ndarray:
    with torch.inference_mode():
        return model.eval()(torch.from_numpy(IDS)).logits.numpy()


@functools.partial(jax.jit, static_argnums=0)
def forward(config, params):
    return Decoder(config, "float32").apply({"params": params}, jnp.asarray(IDS, jnp.int32))


def adapted(params, lora, seed=1):
    """What training with `lora` might have come to: every leaf that trains is random."""
    rng = np.random.default_rng(seed)
    trained, frozen = split_params(add_adapters(params, config=lora, key=jax.random.key(seed)), trained_with(lora))
    return jax.tree.map(lambda x: np.asarray(x + 0.2 * rng.normal(size=x.shape), np.float32), trained), frozen


OURS = [
    ("llama", LoraConfig(rank=3, alpha=5.0, targets=ALL + "|head")),
    ("llama", LoraConfig(rank=4, alpha=5.0, rslora=True, targets="attention/(q|v)", train_also="embed|head|norm2|final_norm")),
    ("llama", LoraConfig(rank=3, dora=True, targets=ALL)),
    ("tied", LoraConfig(rank=2, targets="mlp/up", train_also="embed")),
    ("phi3", LoraConfig(rank=3, alpha=5.0, targets=ALL)),
    ("phi3", LoraConfig(rank=3, alpha=5.0, rslora=True, targets="attention/(q|v)|mlp/gate", train_also="attention/o")),
    ("phi3", LoraConfig(rank=2, dora=True, targets="attention/(q|k|v)")),
    ("hybrid", LoraConfig(rank=3, alpha=5.0, targets=ALL)),
    ("hybrid", LoraConfig(rank=2, targets="layers_1/mlp/(up|gate)|attention/o")),
]


@pytest.mark.parametrize("name, lora", OURS)
def test_ours_there_and_back(base, name, lora, tmp_path):
    model, config, params, family = base(name)
    trained, frozen = adapted(params, lora)
    expected = forward(config, join_params(trained, frozen))
    assert np.abs(expected - forward(config, params)).max() > 0.1
    np.testing.assert_allclose(forward(config, merge_adapters(join_params(trained, frozen))), expected, atol=LIMIT)

    write_peft(tmp_path / "out", params=trained, config=config, lora=lora, family=family, base_name="the/base")
    np.testing.assert_allclose(theirs(peft.PeftModel.from_pretrained(model, tmp_path / "out")), expected, atol=LIMIT)

    back = read_peft(tmp_path / "out", config=config, family=family)
    assert back.base_name == "the/base"
    kept = dict(leaves(join_params(trained, frozen)))
    for path, leaf in leaves(back.params):
        np.testing.assert_array_equal(leaf, kept[path], err_msg="/".join(path))
    assert {path for path, _ in leaves(back.params) if path[-1] != "lora_scale"} == {path for path, _ in leaves(trained)}
    again = dict(leaves(adapted(params, back.config)[0]))  # the configuration that comes with it names the same parameters
    assert {path: leaf.shape for path, leaf in again.items()} == {path: leaf.shape for path, leaf in leaves(trained)}
    assert (back.config.rank, back.config.alpha, back.config.rslora, back.config.dora) == (lora.rank, pytest.approx(lora.alpha), lora.rslora, lora.dora)


THEIRS = [
    ("llama", {"r": 4, "lora_alpha": 6, "target_modules": "all-linear"}),
    ("llama", {"r": 4, "lora_alpha": 6, "target_modules": ["q_proj", "down_proj"], "rank_pattern": {"q_proj": 2}, "alpha_pattern": {"down_proj": 3}, "use_rslora": True}),
    ("llama", {"r": 2, "target_modules": ["q_proj"], "modules_to_save": ["lm_head", "embed_tokens"], "use_dora": True}),
    ("phi3", {"r": 3, "target_modules": ["qkv_proj", "gate_up_proj", "o_proj"]}),
    ("phi3", {"r": 3, "target_modules": ["qkv_proj", "down_proj"], "use_dora": True}),
    ("hybrid", {"r": 3, "target_modules": ["input_linear", "output_linear", "in_proj", "q_proj"]}),
]


@pytest.mark.parametrize("name, settings", THEIRS)
def test_theirs_here(base, name, settings, tmp_path):
    model, config, params, family = base(name)
    torch.manual_seed(1)
    model = peft.get_peft_model(model, peft.LoraConfig(**settings, init_lora_weights=False, task_type="CAUSAL_LM"))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(tmp_path)
    adapter = read_peft(tmp_path, config=config, family=family)
    got = forward(config, join_params(params, adapter.params))
    np.testing.assert_allclose(got, theirs(model), atol=LIMIT)
    assert np.abs(got - forward(config, params)).max() > 0.1


@pytest.fixture
def written(base, tmp_path):
    _, config, params, family = base("llama")
    lora = LoraConfig(rank=2, targets="attention/(q|v)")
    write_peft(tmp_path / "out", params=adapted(params, lora)[0], config=config, lora=lora, family=family, base_name="x")
    return tmp_path / "out", config


@pytest.mark.parametrize(
    "change, words",
    [
        ({"peft_type": "LOHA"}, "peft_type 'LOHA' is not supported"),
        ({"bias": "all"}, "bias 'all' is not supported"),
        ({"init_lora_weights": "pissa"}, "'pissa' belongs to a changed base"),
        ({"layer_replication": [[0, 1]]}, "layer_replication is not supported"),
        ({"r": "2"}, "r is '2'"),
        ({"r": 3}, r"lora_A of model.layers.0.self_attn.q_proj is \[2, 16\] and this base wants \[3, 16\]"),
        ({"use_dora": True}, "where adapter_config.json wants lora_a, lora_b, lora_magnitude"),
    ],
)
def test_settings_that_are_not_supported(written, change, words):
    directory, config = written
    file = directory / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(UserError, match=words) as error:
        read_peft(directory, config=config, family="llama")
    assert "\n" not in str(error.value)


def test_another_base_is_refused(written, base):
    directory, config = written
    with pytest.raises(UserError, match=r"an adapter at model.layers.0.self_attn.q_proj, which this base does not have"):
        read_peft(directory, config=base("phi3")[1], family="phi3")
    wider = model_config({"model_type": "llama", **SIZES, "hidden_size": 32, "head_dim": 4})
    with pytest.raises(UserError, match=r"is \[2, 16\] and this base wants \[2, 32\]: write the base that the adapter was made for"):
        read_peft(directory, config=wider, family="llama")
    deeper = model_config({"model_type": "llama", **SIZES, "num_hidden_layers": 3})
    with pytest.raises(UserError, match="on 2 of 3 layers"):
        read_peft(directory, config=deeper, family="llama")
    (directory / "adapter_model.safetensors").rename(directory / "adapter_model.bin")
    with pytest.raises(UserError, match="safe_serialization=True"):
        read_peft(directory, config=config, family="llama")


@pytest.mark.parametrize(
    "name, lora, words",
    [
        ("phi3", LoraConfig(rank=2, dora=True, targets="attention/q"), "DoRA takes self_attn.qkv_proj as a whole, and layers/attention/k has no adapter"),
        ("phi3", LoraConfig(rank=2, targets="attention/q", train_also="mlp/up"), "no form for layers/mlp/up/kernel alone, a part of model.layers.0.mlp.gate_up_proj.weight"),
        ("llama", LoraConfig(rank=2, targets="mlp", train_also="attention/q/bias"), "keeps model.layers.0.self_attn.q_proj as a whole"),
        ("hybrid", LoraConfig(rank=2, targets="mlp", train_also="dt_bias"), "no form for layers_0/mamba/dt_bias"),
    ],
)
def test_what_peft_has_no_form_for(base, name, lora, words, tmp_path):
    _, config, params, family = base(name)
    with pytest.raises(UserError, match=words):
        write_peft(tmp_path / "out", params=adapted(params, lora)[0], config=config, lora=lora, family=family, base_name="x")
