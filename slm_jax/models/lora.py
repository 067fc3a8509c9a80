"""Low-rank adapters, and what of a model trains: functions of the tree of parameters.

A matrix "kernel" [.., I, O] with an adapter has neighbours in its dict; `Dense` (layers.py) reads them where they are, so that no module knows of adapters:

    lora_a [.., I, R]  lora_b [.., R, O]  lora_scale [..]       x W  ->  x W + scale (x A) B                     (arXiv:2106.09685)
    lora_magnitude [.., O]   if config.dora                     ... -> that times magnitude / |W + scale A B|   (arXiv:2402.09353), |.| of each column
    lora_dropout [..]        if config.dropout: the rate; needs the random numbers "dropout", without which nothing is dropped

".." is the axis of stacked layers, or nothing. A starts as PEFT's (uniform up to 1/sqrt(I): Kaiming's with a = sqrt(5)), B at 0 and the magnitude at |W|, so that an adapted
model starts as the model that it adapts. lora_scale and lora_dropout are constants. Parameters may be in the boxes that name their logical axes.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from slm_jax.config import LoraConfig
from slm_jax.errors import UserError, nearest

TRAINED = ("lora_a", "lora_b", "lora_magnitude")
CONSTANT = ("lora_scale", "lora_dropout")
Path = tuple[str, ...]

_SAMPLES = 64  # numbers of each parameter that a fingerprint is made of


def low_rank_scale(config: LoraConfig) -> float:
    return config.alpha / (math.sqrt(config.rank) if config.rslora else config.rank)


def matrices(params: Mapping) -> dict[Path, Mapping]:
    """The modules that can have an adapter, by their path ("layers", "mlp", "up"). The short convolution of Mamba2 is none of them."""
    return {path[:-1]: get(params, path[:-1]) for path, _ in leaves(params) if path[-1] == "kernel" and path[-2] != "conv"}


def matches(expression: str, path: Path) -> bool:
    """Whether the regular expression is found in the path, as one or more whole names of it. An empty one is found nowhere."""
    return bool(expression) and re.search(rf"(^|/)({expression})(/|$)", "/".join(path)) is not None


def add_adapters(params: Mapping, *, config: LoraConfig, key: jax.Array) -> dict:
    """`params` with an adapter at every matrix that config.targets matches. Their values depend on `key` and their paths alone. Raises UserError if there is none."""
    modules = matrices(params)
    chosen = [path for path in modules if matches(config.targets, path)]
    if not chosen:
        raise UserError(f"config.lora.targets={config.targets!r} matches no matrix of this model: {_nearest(config.targets, modules)}")
    adapted = _copy(params)
    for path in chosen:
        get(adapted, path).update(_adapter(modules[path], config=config, key=jax.random.fold_in(key, zlib.crc32("/".join(path).encode()))))
    return adapted


def _adapter(module: Mapping, *, config: LoraConfig, key: jax.Array) -> dict:
    boxed, kernel = module["kernel"], nn.meta.unbox(module["kernel"])
    *lead, inputs, outputs = kernel.shape
    if config.rank > min(inputs, outputs):
        raise UserError(f"config.lora.rank={config.rank} is more than the smaller side of a [{inputs}, {outputs}] matrix: write {min(inputs, outputs)} or less")
    bound = 1 / math.sqrt(inputs)
    names = boxed.names if isinstance(boxed, nn.LogicallyPartitioned) else None

    def place(value, *axes: int | None):
        """With the logical names of those axes of the kernel (None: no name), after that of the stack."""
        return value if names is None else nn.LogicallyPartitioned(value, (*names[: len(lead)], *(None if axis is None else names[axis] for axis in axes)))

    adapter = {
        "lora_a": place(jax.random.uniform(key, (*lead, inputs, config.rank), jnp.float32, -bound, bound), -2, None),
        "lora_b": place(jnp.zeros((*lead, config.rank, outputs), jnp.float32), None, -1),
        "lora_scale": place(jnp.full(lead, low_rank_scale(config), jnp.float32)),
    }
    if config.dora:
        adapter["lora_magnitude"] = place(jnp.linalg.norm(kernel.astype(jnp.float32), axis=-2), -1)
    if config.dropout:
        adapter["lora_dropout"] = place(jnp.full(lead, config.dropout, jnp.float32))
    return adapter


def merged_kernel(module: Mapping) -> jax.Array:
    """The one matrix [.., I, O], float32, that a module's kernel and adapter, if it has one, come to."""
    kernel = module["kernel"].astype(jnp.float32)
    if "lora_a" not in module:
        return kernel
    kernel = kernel + module["lora_scale"][..., None, None] * jnp.matmul(module["lora_a"], module["lora_b"], precision=jax.lax.Precision.HIGHEST)
    if "lora_magnitude" in module:
        kernel = kernel * (module["lora_magnitude"] / jnp.linalg.norm(kernel, axis=-2))[..., None, :]
    return kernel


def merge_adapters(params: Mapping) -> dict:
    """Plain parameters, float32, of the same model; of parameters without adapters, those themselves."""

    def merge(tree: Mapping) -> dict:
        plain = {name: merge(child) if isinstance(child, Mapping) else child.astype(jnp.float32) for name, child in tree.items() if name not in (*TRAINED, *CONSTANT)}
        return {**plain, "kernel": merged_kernel(tree)} if "lora_a" in tree else plain

    return merge(params)


def trained_with(config: LoraConfig, *, trainable: str = "") -> Callable[[Path], bool]:
    """Which parameters train: with adapters those and what config.train_also matches; without, what `trainable` (config.train.trainable) matches, or all."""
    if config.rank:
        return lambda path: path[-1] in TRAINED or (path[-1] not in CONSTANT and matches(config.train_also, path))
    return lambda path: not trainable or matches(trainable, path)


def check_trained(params: Mapping, *, config: LoraConfig, trainable: str = "") -> None:
    """Raises UserError for an expression that matches no parameter, or one that is to have an adapter as well. `params` may have adapters already, or not yet."""
    paths = [path for path, _ in leaves(params) if path[-1] not in (*TRAINED, *CONSTANT)]
    field, expression = ("lora.train_also", config.train_also) if config.rank else ("train.trainable", trainable)
    matched = [path for path in paths if matches(expression, path)]
    if expression and not matched:
        raise UserError(f"config.{field}={expression!r} matches no parameter of this model: {_nearest(expression, paths)}")
    both = [path for path in matched if config.rank and path[:-1] in matrices(params) and path[-1] == "kernel" and matches(config.targets, path[:-1])]
    if both:
        raise UserError(f"config.lora.train_also={expression!r} matches {'/'.join(both[0])}, which gets an adapter: take it out of config.lora.targets, or name less")


def split_params(params: Mapping, trains: Callable[[Path], bool]) -> tuple[dict, dict]:
    """(what trains, what is frozen), two nested dicts that `join_params` puts together again. Arrays are not copied."""
    parts: tuple[dict, dict] = ({}, {})
    for path, leaf in leaves(params):
        node = parts[0] if trains(path) else parts[1]
        for name in path[:-1]:
            node = node.setdefault(name, {})
        node[path[-1]] = leaf
    return parts


def join_params(trained: Mapping, frozen: Mapping) -> dict:
    """One nested dict of both. Arrays are not copied; of what is in both, it has the one of `frozen`."""
    joined = dict(trained)
    for name, child in frozen.items():
        joined[name] = join_params(joined[name], child) if name in joined and isinstance(child, Mapping) else child
    return joined


def cast_base(frozen: Mapping, dtype: str) -> dict:
    """Frozen matrices and embeddings as `dtype`; norms, biases, convolutions, decays and the adapters' constants stay float32."""

    def cast(path, leaf):
        names = tuple(key.key for key in path if hasattr(key, "key"))
        is_large = names[-1] == "embedding" or (names[-1] == "kernel" and names[-2] != "conv")
        return leaf.astype(dtype) if is_large else leaf

    return jax.tree_util.tree_map_with_path(cast, frozen)


def has_dropout(params: Mapping) -> bool:
    return any(path[-1] == "lora_dropout" for path, _ in leaves(params))


def base_fingerprint(params: Mapping) -> str:
    """A hash of the names, shapes and 64 numbers of each parameter of a model without its adapters: another model, or another checkpoint of one, has another.

    The numbers are rounded to bfloat16, so that it does not matter how the base is held.
    """
    base = {"/".join(path): leaf for path, leaf in leaves(params) if path[-1] not in (*TRAINED, *CONSTANT)}

    def sample(leaf):
        places = np.unique(np.linspace(0, math.prod(leaf.shape) - 1, _SAMPLES).astype(np.int64))
        return leaf[np.unravel_index(places, leaf.shape)].astype(jnp.bfloat16)

    samples = jax.device_get(jax.jit(lambda tree: jax.tree.map(sample, tree))(base))
    digest = hashlib.sha256()
    for name in sorted(base):
        digest.update(f"{name} {tuple(base[name].shape)}".encode())
        digest.update(samples[name].astype("<f4").tobytes())
    return digest.hexdigest()


def leaves(tree: Mapping, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """(path, leaf) of nested dicts, in their order."""
    for name, child in tree.items():
        if isinstance(child, Mapping):
            yield from leaves(child, (*path, name))
        else:
            yield (*path, name), child


def get(tree: Mapping, path: Path):
    for name in path:
        tree = tree[name]
    return tree


def _copy(tree: Mapping) -> dict:
    return {name: _copy(child) if isinstance(child, Mapping) else child for name, child in tree.items()}


def _nearest(expression: str, paths) -> str:
    """The clause for an expression that matches nothing, in names without the stack that a layer is in."""
    return nearest(expression, {"/".join(path[1:] if path[0].startswith("layers") else path) for path in paths})
