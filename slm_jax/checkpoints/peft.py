"""Adapters as PEFT has them (https://huggingface.co/docs/peft): a directory with adapter_config.json and adapter_model.safetensors. No torch, no peft.

Names come from the tables of `models/families.py`. Where Hugging Face holds several of our matrices in one (phi3's qkv_proj), several adapters of rank R there are one of
rank n R: their A one below the other, their B along a diagonal. Coming in, such a B is cut into its rows and what is zero in them is left out. Both ways are exact.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from slm_jax.checkpoints.huggingface import param_shapes
from slm_jax.checkpoints.safetensors_files import SafetensorsSource, load_json, read_header, write_safetensors
from slm_jax.config import LoraConfig, ModelConfig
from slm_jax.errors import UserError, nearest
from slm_jax.models import families
from slm_jax.models.layers import layer_runs
from slm_jax.models.lora import TRAINED, leaves, matches

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_SUFFIXES = {".lora_A.weight": "lora_a", ".lora_B.weight": "lora_b", ".lora_magnitude_vector": "lora_magnitude"}
_NOT_SUPPORTED = (  # fields that change what an adapter computes, or which weights it belongs to, if they are set
    *("fan_in_fan_out", "lora_bias", "layer_replication", "trainable_token_indices", "target_parameters", "alora_invocation_tokens", "use_qalora", "use_bdlora"),
    *("arrow_config", "kasa_config", "velora_config", "monteclora_config", "megatron_config"),
)
_PLAIN_INITS = (True, False, None, "gaussian", "eva", "orthogonal")  # the others (pissa, olora, loftq, ...) change the base's own matrices


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adapter:
    """An adapter that was read. `models.lora.join_params(base, adapter.params)` is the adapted model."""

    params: dict  # lora_a, lora_b, lora_scale (lora_magnitude) of each adapted matrix, and whole parameters that were trained besides; float32, NumPy
    config: LoraConfig
    base_name: str  # what it says that it was made for; may be empty


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Linear:
    """A matrix of the Hugging Face model, and ours whose outputs it holds, one after the other."""

    name: str  # "model.layers.3.mlp.up_proj"
    kind: str  # the same in all layers: "mlp.up_proj"
    paths: tuple[families.Path, ...]  # of our modules
    layer: int | None  # index in their stack
    inputs: int
    outputs: tuple[int, ...]


def write_peft(directory: str | os.PathLike, *, params: Mapping, config: ModelConfig, lora: LoraConfig, family: str, base_name: str) -> list[str]:
    """Write what was trained with `lora` (`TrainState.params`) as a directory that PEFT opens. -> what the user should know, in lines.

    directory: new, or empty. base_name: path or hub name of the model that PEFT is to load first. Raises UserError for what PEFT has no form for.
    """
    directory, stacks = Path(directory), {path: np.asarray(leaf) for path, leaf in leaves(params)}
    adapted = {path[:-1] for path in stacks if path[-1] == "lora_a"}
    if not adapted:
        raise UserError("there is no adapter in what was trained (config.lora.rank=0): convert it with --format=huggingface")
    tensors: dict[str, np.ndarray] = {}
    counts: dict[str, int] = {}  # adapters of ours in one of theirs
    linears = list(_linears(config, family))
    for linear in linears:
        ours = [path if path in adapted else None for path in linear.paths]
        if any(ours):
            counts[linear.name] = sum(path is not None for path in ours)
            tensors.update(_to_peft(linear, ours, stacks))
    whole = {path: leaf for path, leaf in stacks.items() if path[-1] not in TRAINED}
    saved, modules = _modules_to_save(whole, config, family)
    tensors.update(saved)
    tied = config.tied and ("embed", "embedding") in whole
    if tied:  # PEFT ties the head again only if it is asked to, and then wants to read it too
        tensors[f"{_PREFIX}lm_head.weight"] = whole["embed", "embedding"]

    patterns: dict[str, dict] = {"rank_pattern": {}, "alpha_pattern": {}}
    for name, count in _per_kind(linears, counts).items():
        if count > 1:
            patterns["rank_pattern"][name] = lora.rank * count
            patterns["alpha_pattern"][name] = _whole(lora.alpha * (math.sqrt(count) if lora.rslora else count))
    described = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_name,
        "r": lora.rank,
        "lora_alpha": _whole(lora.alpha),
        "lora_dropout": lora.dropout,
        "use_rslora": lora.rslora,
        "use_dora": lora.dora,
        "target_modules": sorted(_per_kind(linears, counts)),
        "modules_to_save": modules or None,
        "ensure_weight_tying": tied,
        **patterns,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
    }
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise UserError(f"{directory} is not empty: give a new directory")
        write_safetensors(directory / WEIGHTS, {name: tensor.shape for name, tensor in tensors.items()}, dtype="float32", read=tensors.__getitem__)
        (directory / CONFIG).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")  # last: without it, nothing takes the directory for an adapter
    except OSError as error:
        raise UserError(f"cannot write {error.filename or directory}: {error.strerror or error}") from None
    size = sum(tensor.nbytes for tensor in tensors.values())
    return [f"a PEFT adapter of rank {lora.rank} on {len(counts)} matrices of {base_name}, {len(tensors)} tensors, {size / 1e6:,.1f} MB of float32"]


def read_peft(directory: str | os.PathLike, *, config: ModelConfig, family: str) -> Adapter:
    """The adapter in a PEFT directory, for a base with `config`. Adapters of lower rank are filled up with zeros, so that all have the same.

    Raises UserError for what is not supported or damaged, and for an adapter of another base.
    """
    directory = Path(directory)
    hf = _read_config(directory)
    source = SafetensorsSource(directory, read_header(directory / WEIGHTS))
    linears = {linear.name: linear for linear in _linears(config, family)}
    parts, whole = _sort(source, linears, where=directory)

    modules: dict[families.Path, dict[int | None, _Low]] = {}
    for name, tensors in parts.items():
        linear = linears[name]
        for path, low in zip(linear.paths, _from_peft(linear, tensors, hf, where=directory), strict=True):
            modules.setdefault(path, {})[linear.layer] = low
    if not modules:
        raise UserError(f"{directory / WEIGHTS} has no adapter in it (no tensor .lora_A.weight): get the whole adapter")
    depth = {run.name: run.length for run in layer_runs(config)}
    for path, lows in modules.items():
        if None not in lows and len(lows) != depth[path[0]]:
            raise UserError(f"{directory} has an adapter at {'/'.join(path)} on {len(lows)} of {depth[path[0]]} layers, which is not supported: merge it with PEFT first")

    modules = _without_zeros(modules, linears.values())
    rank = max(low.a.shape[1] for lows in modules.values() for low in lows.values())
    scale = next(low.scale for lows in modules.values() for low in lows.values() if low.a.shape[1] == rank)
    params: dict = {}
    for path, lows in modules.items():
        filled = [lows[layer].filled(rank, scale) for layer in sorted(lows, key=lambda layer: layer or 0)]
        stack = {name: np.stack([low[name] for low in filled]) if None not in lows else filled[0][name] for name in filled[0]}
        for name, leaf in stack.items():
            _set(params, (*path, name), leaf)
    also = _fill_whole(params, whole, source, config, family, where=directory)
    rslora = hf.get("use_rslora", False)
    lora = LoraConfig(
        rank=rank,
        alpha=float(f"{scale * (math.sqrt(rank) if rslora else rank):.12g}"),
        rslora=rslora,
        dora=hf.get("use_dora", False),
        dropout=float(hf.get("lora_dropout", 0.0)),
        targets=_expression(set(modules), {path for linear in linears.values() for path in linear.paths}),
        train_also="|".join(also),
    )
    return Adapter(params=params, config=lora, base_name=hf.get("base_model_name_or_path") or "")


@dataclasses.dataclass(frozen=True)
class _Low:
    """One layer's adapter of one of our matrices."""

    a: np.ndarray  # [I, R]
    b: np.ndarray  # [R, O]
    scale: float
    magnitude: np.ndarray | None  # [O]

    def filled(self, rank: int, scale: float) -> dict[str, np.ndarray]:
        """The same with that rank and that scale."""
        missing = rank - self.a.shape[1]
        b = self.b if math.isclose(self.scale, scale) else self.b * np.float32(self.scale / scale)
        filled = {"lora_a": np.pad(self.a, ((0, 0), (0, missing))), "lora_b": np.pad(b, ((0, missing), (0, 0))), "lora_scale": np.float32(scale)}
        return filled if self.magnitude is None else filled | {"lora_magnitude": self.magnitude}


def _linears(config: ModelConfig, family: str) -> Iterator[_Linear]:
    """Every matrix of the Hugging Face model that can have an adapter, in the order of its layers."""
    row, shapes = families.FAMILIES[family], param_shapes(config)

    def linear(prefix: families.Path, modules: str, theirs: str, name: str, layer: int | None) -> Iterator[_Linear]:
        paths = tuple((*prefix, *module.split("/")) for module in modules.split())
        if paths[0][-1] != "conv" and (*paths[0], "kernel") in shapes:
            sizes = [shapes[*path, "kernel"][-2:] for path in paths]
            yield _Linear(name=name, kind=theirs, paths=paths, layer=layer, inputs=sizes[0][0], outputs=tuple(size[1] for size in sizes))

    for run in layer_runs(config):
        for i in range(run.length):
            for modules, theirs in row.layer.items():
                yield from linear((run.name,), modules, theirs, f"model.layers.{run.first + i}.{theirs}", i)
    for module, theirs in row.top.items():
        yield from linear((), module, theirs, theirs, None)


def _to_peft(linear: _Linear, ours: Sequence[families.Path | None], stacks: Mapping[families.Path, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors of one of their matrices; `ours`: None for a part of it that has no adapter."""

    def leaf(path: families.Path, name: str) -> np.ndarray:
        stack = stacks[*path, name]
        return stack if linear.layer is None else stack[linear.layer]

    present = [path for path in ours if path is not None]
    down = np.concatenate([leaf(path, "lora_a").T for path in present])
    up = np.zeros((sum(linear.outputs), len(down)), np.float32)
    row = column = 0
    for path, outputs in zip(ours, linear.outputs, strict=True):
        if path is not None:
            b = leaf(path, "lora_b")
            up[row : row + outputs, column : column + len(b)] = b.T
            column += len(b)
        row += outputs
    tensors = {".lora_A.weight": down, ".lora_B.weight": up}
    if (*present[0], "lora_magnitude") in stacks:
        if len(present) < len(ours):
            missing = "/".join(next(path for path in linear.paths if path not in present))
            raise UserError(f"PEFT's DoRA takes {linear.kind} as a whole, and {missing} has no adapter: train with it in config.lora.targets, or convert with --format=huggingface")
        tensors[".lora_magnitude_vector"] = np.concatenate([leaf(path, "lora_magnitude") for path in present])
    return {_PREFIX + linear.name + suffix: tensor for suffix, tensor in tensors.items()}


def _per_kind(linears: Sequence[_Linear], counts: Mapping[str, int]) -> dict[str, int]:
    """`counts` by a name that stands for a matrix in all layers where it is the same in all, else by the name of each."""
    short: dict[str, int] = {}
    for kind in {linear.kind for linear in linears if linear.name in counts}:
        names = [linear.name for linear in linears if linear.kind == kind]
        values = {counts.get(name, 0) for name in names}
        short.update({kind: values.pop()} if len(values) == 1 else {name: counts[name] for name in names if name in counts})
    return short


def _modules_to_save(whole: Mapping[families.Path, np.ndarray], config: ModelConfig, family: str) -> tuple[dict[str, np.ndarray], list[str]]:
    """(tensors, PEFT's modules_to_save) for parameters that were trained in full. PEFT keeps whole modules: Raises UserError for less of one."""
    if not whole:
        return {}, []
    tensors, kept, left = {}, set(), set()
    for tensor in families.tensors(config, family=family, leaves=param_shapes(config)):
        module, _, suffix = tensor.name.rpartition(".")
        if all(path in whole for path in tensor.leaves) and suffix in ("weight", "bias"):
            parts = [whole[path] if tensor.layer is None else whole[path][tensor.layer] for path in tensor.leaves]
            stored = np.concatenate(parts if tensor.layout == "same" else [part.T for part in parts])
            tensors[_PREFIX + tensor.name] = stored.reshape(tensor.shape)
            kept.add(module)
        elif any(path in whole for path in tensor.leaves):
            raise UserError(f"PEFT has no form for {'/'.join(next(path for path in tensor.leaves if path in whole))} alone, a part of {tensor.name}: use --format=huggingface")
        else:
            left.add(module)
    if both := sorted(kept & left):
        raise UserError(f"PEFT keeps {both[0]} as a whole, and only a part of it was trained: name all of it in config.lora.train_also, or use --format=huggingface")
    short = {re.sub(r"^(model\.)?(layers\.\d+\.)?", "", module) for module in kept}
    return tensors, sorted(kept if any(module.endswith(name) for name in short for module in left) else short)  # PEFT looks at how names end


def _read_config(directory: Path) -> dict:
    """adapter_config.json. Raises UserError for anything that is not LoRA as this program knows it."""
    hf = load_json(directory / CONFIG)
    if not (directory / WEIGHTS).exists():
        instead = "save it again with PEFT and safe_serialization=True" if (directory / "adapter_model.bin").exists() else "get the whole adapter"
        raise UserError(f"{directory} has no {WEIGHTS}: {instead}")
    if hf.get("peft_type") != "LORA":
        raise UserError(f"{directory / CONFIG}: peft_type {hf.get('peft_type')!r} is not supported, LORA is: merge the adapter into its base with PEFT (merge_and_unload)")
    if hf.get("bias", "none") != "none":
        raise UserError(f"{directory / CONFIG}: bias {hf['bias']!r} is not supported: merge the adapter into its base with PEFT (merge_and_unload)")
    if hf.get("init_lora_weights", True) not in _PLAIN_INITS:
        raise UserError(f"{directory / CONFIG}: init_lora_weights {hf['init_lora_weights']!r} belongs to a changed base: merge the adapter with PEFT (merge_and_unload)")
    if name := next((name for name in _NOT_SUPPORTED if hf.get(name)), None):
        raise UserError(f"{directory / CONFIG}: {name} is not supported: merge the adapter into its base with PEFT (merge_and_unload)")
    for name, kinds in {"r": int, "lora_alpha": (int, float), "lora_dropout": (int, float), "use_rslora": bool, "use_dora": bool}.items():
        if name in hf and (not isinstance(hf[name], kinds) or (kinds is not bool and isinstance(hf[name], bool))):
            raise UserError(f"{directory / CONFIG}: {name} is {hf[name]!r}: get the file again")
    for name in ("rank_pattern", "alpha_pattern"):
        if not isinstance(hf.get(name) or {}, dict):
            raise UserError(f"{directory / CONFIG}: {name} is {hf[name]!r}: get the file again")
    return hf


def _sort(source: SafetensorsSource, linears: Mapping[str, _Linear], *, where: Path) -> tuple[dict[str, dict[str, np.ndarray]], list[str]]:
    """(matrix -> its adapter's tensors by our names, names of all other tensors without PEFT's prefix)."""
    parts: dict[str, dict[str, np.ndarray]] = {}
    whole = []
    for stored in source.shapes:
        if not stored.startswith(_PREFIX):
            raise UserError(f"{where / WEIGHTS}: {stored} is no name of PEFT's, which begin with {_PREFIX}: save the adapter again with PEFT")
        name = stored.removeprefix(_PREFIX)
        suffix = next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), None)
        if suffix is None:
            whole.append(name)
            continue
        module = name.removesuffix(suffix)
        if module not in linears:
            raise UserError(f"{where} has an adapter at {module}, which this base does not have ({nearest(module, linears)}): write the base that it was made for")
        parts.setdefault(module, {})[_SUFFIXES[suffix]] = source.read(stored).astype(np.float32)
    return parts, whole


def _from_peft(linear: _Linear, tensors: Mapping[str, np.ndarray], hf: Mapping, *, where: Path) -> list[_Low]:
    """The adapters of our matrices that one of theirs holds."""
    wanted = {"lora_a", "lora_b"} | ({"lora_magnitude"} if hf.get("use_dora") else set())
    if wanted != set(tensors):
        raise UserError(f"{where / WEIGHTS}: {linear.name} has {', '.join(sorted(tensors))} where {CONFIG} wants {', '.join(sorted(wanted))}: get the whole adapter")
    a, b, magnitude = tensors["lora_a"], tensors["lora_b"], tensors.get("lora_magnitude")
    rank, outputs = _pattern(hf, "rank_pattern", linear.name, hf.get("r", 8)), sum(linear.outputs)
    shapes = {"lora_A": (a.shape, (rank, linear.inputs)), "lora_B": (b.shape, (outputs, rank))}
    if magnitude is not None:
        shapes["lora_magnitude_vector"] = (magnitude.shape, (outputs,))
    for name, (found, expected) in shapes.items():
        if found != expected:
            raise UserError(f"{where}: {name} of {linear.name} is {list(found)} and this base wants {list(expected)}: write the base that the adapter was made for")
    scale = _pattern(hf, "alpha_pattern", linear.name, hf.get("lora_alpha", 8)) / (math.sqrt(rank) if hf.get("use_rslora") else rank)
    cuts = np.cumsum(linear.outputs)[:-1]
    magnitudes = np.split(magnitude, cuts) if magnitude is not None else [None] * len(linear.outputs)
    return [_Low(a.T, rows.T, scale, length) for rows, length in zip(np.split(b, cuts), magnitudes, strict=True)]


def _pattern(hf: Mapping, field: str, name: str, default):
    """What a matrix has by PEFT's rule: the first key, a regular expression for the end of the name, that fits it."""
    for key, value in (hf.get(field) or {}).items():
        if re.match(rf"(.*\.)?({key})$", name):
            return value
    return default


def _without_zeros(modules: dict[families.Path, dict], linears) -> dict[families.Path, dict]:
    """Adapters that were put side by side into one of a larger matrix, taken apart: each column of A that is another's is left out."""
    taken = dict(modules)
    for paths in {linear.paths for linear in linears if len(linear.paths) > 1 and linear.paths[0] in modules}:
        used = [np.any([low.b.any(axis=1) for low in modules[path].values()], axis=0) for path in paths]
        counts = {int(mask.sum()) for mask in used if mask.any()}
        if len(counts) != 1 or np.sum(used, axis=0).max() > 1 or not np.any(used, axis=0).all():
            continue  # not ours: every part needs every column
        for path, mask in zip(paths, used, strict=True):
            if mask.any():
                taken[path] = {layer: dataclasses.replace(low, a=low.a[:, mask], b=low.b[mask]) for layer, low in modules[path].items()}
            elif next(iter(modules[path].values())).magnitude is None:
                del taken[path]
    return taken


def _fill_whole(params: dict, names: Sequence[str], source: SafetensorsSource, config: ModelConfig, family: str, *, where: Path) -> list[str]:
    """Put parameters that PEFT keeps whole (modules_to_save) into `params`. -> their paths, as config.lora.train_also names them."""
    if not names:
        return []
    shapes = param_shapes(config)
    table = {tensor.name: tensor for tensor in families.tensors(config, family=family, leaves=shapes)}
    names = [name for name in names if not families.ignored(name, config)]
    filled: dict[families.Path, np.ndarray] = {}
    layers: dict[families.Path, set] = {}
    for name in names:
        if name not in table:
            raise UserError(f"{where / WEIGHTS}: {_PREFIX}{name} is nothing that this base has ({nearest(name, table)}): write the base that the adapter was made for")
        tensor, stored = table[name], source.read(_PREFIX + name).astype(np.float32)
        if stored.shape != tensor.shape:
            raise UserError(f"{where}: {name} is {list(stored.shape)} and this base wants {list(tensor.shape)}: write the base that the adapter was made for")
        stored = stored if tensor.layout == "same" else stored.reshape(stored.shape[0], -1).T
        axis = 0 if tensor.layout == "same" else -1
        sizes = [shapes[path][0 if tensor.layer is None else 1] if tensor.layout == "same" else shapes[path][-1] for path in tensor.leaves]
        for path, part in zip(tensor.leaves, np.split(stored, np.cumsum(sizes)[:-1], axis=axis), strict=True):
            leaf = filled.setdefault(path, np.empty(shapes[path], np.float32))
            leaf[... if tensor.layer is None else tensor.layer] = part
            layers.setdefault(path, set()).add(tensor.layer)
    for path, leaf in filled.items():
        if None not in layers[path] and len(layers[path]) != len(leaf):
            raise UserError(f"{where} keeps {'/'.join(path)} of {len(layers[path])} of {len(leaf)} layers, which is not supported: merge it with PEFT (merge_and_unload)")
        _set(params, path, leaf)
    return sorted({_plain(path) for path in filled})


def _expression(adapted: set[families.Path], possible: set[families.Path]) -> str:
    """config.lora.targets that matches just those modules."""
    short = "|".join(sorted({_plain(path) for path in adapted}))
    fits = {path for path in possible if matches(short, path)} == adapted
    return short if fits else "|".join(sorted("/".join(path) for path in adapted))


def _plain(path: families.Path) -> str:
    """Without the stack that a layer is in."""
    return "/".join(path[1:] if path[0].startswith("layers") else path)


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _set(tree: dict, path: families.Path, value) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value
