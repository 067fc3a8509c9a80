import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from slm_jax.config import LoraConfig, ModelConfig
from slm_jax.errors import UserError
from slm_jax.models.decoder import Decoder, init_cache, split_layers
from slm_jax.models.lora import add_adapters, base_fingerprint, cast_base, check_trained, has_dropout, join_params, leaves, merge_adapters, split_params, trained_with

SIZES = {"vocab_size": 48, "dim": 16, "heads": 2, "kv_heads": 1, "head_dim": 8, "ff_dim": 24, "initializer_std": 0.5}
DENSE = ModelConfig(**SIZES, layers=2, tied=False, mlp_bias=True)
HYBRID = ModelConfig(**SIZES, layers=2, layer_types=("mamba", "attention"), mamba_heads=4, mamba_head_dim=8, mamba_state_dim=6)
EVERY = LoraConfig(rank=3, alpha=5.0, targets="attention|mlp|mamba|head")
KINDS = {"lora": {}, "rslora": {"rslora": True}, "dora": {"dora": True}}
IDS = np.random.default_rng(0).integers(1, 48, (2, 9)).astype(np.int32)


def change(config, **fields):
    return LoraConfig(**{**vars(config), **fields})


@functools.cache
def base(config):
    return jax.tree.map(lambda leaf: leaf.unbox(), Decoder(config, "float32").init(jax.random.key(0), IDS)["params"], is_leaf=lambda leaf: hasattr(leaf, "unbox"))


def trained(config, lora, seed=1):
    """(what trains, what is frozen), as if after some training: every adapter is random."""
    parts = split_params(add_adapters(base(config), config=lora, key=jax.random.key(seed)), trained_with(lora))
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: jnp.asarray(x + 0.3 * rng.normal(size=x.shape), jnp.float32), parts[0]), parts[1]


@functools.partial(jax.jit, static_argnums=(0, 1))
def logits(config, precision, params):
    return Decoder(config, precision).apply({"params": params}, IDS)


def loss(params, config, precision="float32", key=None):
    out = Decoder(config, precision).apply({"params": params}, IDS, rngs=None if key is None else {"dropout": key})
    return jnp.mean(jnp.sin(out))  # any function of the logits


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_starts_as_nothing(kind):
    params = add_adapters(base(DENSE), config=change(EVERY, **KINDS[kind]), key=jax.random.key(1))
    got, expected = logits(DENSE, "float32", params), logits(DENSE, "float32", base(DENSE))
    if kind == "dora":  # magnitude / |W| is 1 but for rounding
        np.testing.assert_allclose(got, expected, atol=1e-5)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("config, kind", [(DENSE, "dora"), (HYBRID, "lora")], ids=["dense", "hybrid"])
def test_merged_unmerged_and_cached_logits_are_the_same(config, kind):
    lora = change(EVERY, **KINDS[kind])
    params = join_params(*trained(config, lora))
    expected = logits(config, "float32", params)
    assert np.abs(expected - logits(config, "float32", base(config))).max() > 0.3
    merged = jax.jit(merge_adapters)(params)
    assert jax.tree.structure(merged) == jax.tree.structure(base(config))
    np.testing.assert_allclose(logits(config, "float32", merged), expected, atol=2e-4)

    model = Decoder(config, "float32")
    cached = jax.jit(lambda params, ids, cache: model.apply({"params": params}, ids, cache=cache))
    for each in (params, jax.jit(split_layers, static_argnums=1)(params, model)):
        cache, some = init_cache(config, 2, 9, precision="float32"), []
        for part in (IDS[:, :6], IDS[:, 6:]):
            out, cache = cached(each, part, cache)
            some.append(out)
        np.testing.assert_allclose(jnp.concatenate(some, axis=1), expected, atol=2e-4)


def test_the_sum_by_hand():
    params = join_params(*trained(DENSE, EVERY))
    q = params["layers"]["attention"]["q"]
    np.testing.assert_allclose(merge_adapters(params)["layers"]["attention"]["q"]["kernel"][1], q["kernel"][1] + 5 / 3 * q["lora_a"][1] @ q["lora_b"][1], atol=1e-5)
    scale = add_adapters(base(DENSE), config=change(EVERY, rslora=True), key=jax.random.key(0))["head"]["lora_scale"]
    np.testing.assert_allclose(scale, 5 / np.sqrt(3), rtol=1e-6)


@pytest.mark.parametrize("config", [DENSE, HYBRID], ids=["dense", "hybrid"])
def test_gradients_are_those_of_the_sum(config):
    """The two thin products against autodiff through W + scale A B as it stands."""
    adapters, frozen = trained(config, EVERY)
    expected = jax.jit(jax.grad(lambda adapters: loss(merge_adapters(join_params(adapters, frozen)), config)))(adapters)
    got = jax.jit(jax.grad(lambda adapters: loss(join_params(adapters, frozen), config)))(adapters)
    for path, leaf in leaves(got):
        want = functools.reduce(lambda node, name: node[name], path, expected)
        assert np.abs(want).max() > 1e-6, path
        np.testing.assert_allclose(leaf, want, atol=1e-6 + 1e-4 * np.abs(want).max(), err_msg="/".join(path))


def test_dora_takes_the_length_as_a_constant():
    """By hand for one matrix: with c = magnitude / |W + s A B| held fixed, the gradient in B is that of LoRA on columns scaled by c."""
    adapters, frozen = trained(DENSE, change(EVERY, dora=True, targets="attention/o"))
    o = join_params(adapters, frozen)["layers"]["attention"]["o"]
    lengths = jnp.linalg.norm(o["kernel"] + o["lora_scale"][:, None, None] * (o["lora_a"] @ o["lora_b"]), axis=-2)

    def with_fixed_lengths(b):
        kernel = (o["kernel"] + o["lora_scale"][:, None, None] * (o["lora_a"] @ b)) * (o["lora_magnitude"] / lengths)[:, None, :]
        return loss(join_params(base(DENSE), {"layers": {"attention": {"o": {"kernel": kernel}}}}), DENSE)

    got = jax.jit(jax.grad(lambda adapters: loss(join_params(adapters, frozen), DENSE)))(adapters)["layers"]["attention"]["o"]
    np.testing.assert_allclose(got["lora_b"], jax.jit(jax.grad(with_fixed_lengths))(o["lora_b"]), atol=1e-6)
    assert np.abs(got["lora_magnitude"]).max() > 1e-6


@pytest.mark.parametrize("fields", [{"remat": "full"}, {"scan_unroll": 2}], ids=str)
def test_remat_and_unroll_change_nothing(fields):
    adapters, frozen = trained(DENSE, EVERY)
    other = ModelConfig(**{**vars(DENSE), **fields})
    expected, got = (jax.jit(jax.grad(lambda adapters, c=c: loss(join_params(adapters, frozen), c)))(adapters) for c in (DENSE, other))
    jax.tree.map(functools.partial(np.testing.assert_allclose, atol=1e-5), got, expected)


def test_bfloat16_is_near(full_compilation):
    """Operands and a base in bfloat16: what trains, and its gradients, stay float32."""
    adapters, frozen = trained(DENSE, EVERY)
    frozen = cast_base(frozen, "bfloat16")
    gradient = lambda precision: jax.jit(jax.grad(lambda adapters: loss(join_params(adapters, frozen), DENSE, precision)))(adapters)  # noqa: E731
    expected, got = gradient("float32"), gradient("bfloat16")
    for (path, want), leaf in zip(leaves(expected), jax.tree.leaves(got), strict=True):
        assert leaf.dtype == jnp.float32
        assert np.linalg.norm(leaf - want) < 0.15 * np.linalg.norm(want) + 1e-4, path


def test_dropout_is_there_in_training_only():
    adapters, frozen = trained(DENSE, change(EVERY, dropout=0.5))
    params = join_params(adapters, frozen)
    assert has_dropout(frozen) and not has_dropout(trained(DENSE, EVERY)[1])
    run = jax.jit(functools.partial(loss, config=DENSE))
    plain = run({**params})
    assert plain == run(join_params(*trained(DENSE, EVERY)))  # without random numbers the rate plays no part
    first, again, second = (run(params, key=jax.random.key(i)) for i in (1, 1, 2))
    assert first == again and first != second and first != plain
    mean = np.mean([logits_with(params, i) for i in range(64)], axis=0)  # of the head's adapter alone, which is linear: its mean is what it is without dropout
    np.testing.assert_allclose(mean, head_only(params, None), atol=0.35)
    assert np.abs(logits_with(params, 0) - head_only(params, None)).max() > 0.35


def logits_with(params, seed):
    return head_only(params, {"dropout": jax.random.key(seed)})


@functools.partial(jax.jit, static_argnums=())
def head_only(params, rngs):
    hidden = jnp.ones((1, 16)) / 4
    return Decoder(DENSE, "float32").apply({"params": params}, hidden, method="logits", rngs=rngs)


def test_split_and_join():
    lora = change(EVERY, targets="mlp/up", train_also="head|norm1")
    params = add_adapters(base(DENSE), config=lora, key=jax.random.key(0))
    own, frozen = split_params(params, trained_with(lora))
    assert {"/".join(path) for path, _ in leaves(own)} == {"layers/mlp/up/lora_a", "layers/mlp/up/lora_b", "layers/norm1/scale", "head/kernel"}
    jax.tree.map(np.testing.assert_array_equal, join_params(own, frozen), params)
    own, frozen = split_params(base(DENSE), trained_with(LoraConfig(), trainable="mlp/(up|down)|embed"))
    assert {path[-2] for path, _ in leaves(own)} == {"up", "down", "embed"}
    own, frozen = split_params(base(DENSE), trained_with(LoraConfig()))
    assert frozen == {} and jax.tree.structure(own) == jax.tree.structure(base(DENSE))


def test_what_is_held_in_bfloat16():
    own, frozen = split_params(add_adapters(base(HYBRID), config=EVERY, key=jax.random.key(0)), trained_with(EVERY))
    small = {"/".join(path) for path, leaf in leaves(cast_base(frozen, "bfloat16")) if leaf.dtype == jnp.bfloat16}
    assert small == {"/".join(path) for path, _ in leaves(frozen) if path[-1] in ("kernel", "embedding") and path[-2] != "conv"}
    assert "layers_0/mamba/in_proj/kernel" in small and "layers_0/mamba/conv/kernel" not in small
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(merge_adapters(join_params(own, cast_base(frozen, "bfloat16")))))


@pytest.mark.parametrize(
    "fields, trainable, words",
    [
        ({"rank": 2, "targets": "atention/q"}, "", r"config.lora.targets='atention/q' matches no matrix of this model: did you mean 'attention/q'\?"),
        ({"rank": 2, "targets": "p"}, "", "config.lora.targets='p' matches no matrix"),  # whole names only
        ({"rank": 2, "targets": "mlp", "train_also": "heads"}, "", "config.lora.train_also='heads' matches no parameter of this model: did you mean 'head/kernel'"),
        ({"rank": 2, "targets": "mlp", "train_also": "mlp/up"}, "", "matches layers/mlp/up/kernel, which gets an adapter"),
        ({"rank": 17, "targets": "attention/o"}, "", r"config.lora.rank=17 is more than the smaller side of a \[16, 16\] matrix: write 16 or less"),
        ({}, "mpl", "config.train.trainable='mpl' matches no parameter of this model"),
    ],
)
def test_expressions_that_do_not_fit(fields, trainable, words):
    lora = LoraConfig(**fields)
    with pytest.raises(UserError, match=words) as error:
        check_trained(base(DENSE), config=lora, trainable=trainable)
        add_adapters(base(DENSE), config=lora, key=jax.random.key(0))
    assert "\n" not in str(error.value)


def test_mambas_convolution_gets_no_adapter():
    paths = {path for path, _ in leaves(add_adapters(base(HYBRID), config=change(EVERY, targets=".*"), key=jax.random.key(0))) if path[-1] == "lora_a"}
    assert ("layers_0", "mamba", "in_proj", "lora_a") in paths and not any("conv" in path for path in paths)


def test_a_fingerprint_is_of_the_base_alone():
    params = base(DENSE)
    same = base_fingerprint(params)
    assert same == base_fingerprint(join_params(*trained(DENSE, EVERY)))
    assert same == base_fingerprint(cast_base(params, "bfloat16"))
    for other in (
        jax.tree.map(lambda x: x * 1.02, params),
        join_params(params, {"final_norm": {"scale": params["final_norm"]["scale"].at[0].add(0.01)}}),
        join_params(params, {"embed": {"embedding": params["embed"]["embedding"][:40]}}),
        {name: leaf for name, leaf in params.items() if name != "head"},
    ):
        assert base_fingerprint(other) != same
