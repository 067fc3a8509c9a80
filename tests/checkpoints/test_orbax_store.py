"""A run's checkpoints: exact, complete, checked, never lost."""

import dataclasses
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from slm_jax.checkpoints.directory import CHECKSUMS, DamagedCheckpoint, find_checkpoint, verify
from slm_jax.checkpoints.orbax_store import CheckpointStore, restore_or_init, restore_params
from slm_jax.config import CheckpointConfig, Config, to_dict
from slm_jax.errors import UserError
from slm_jax.training.state import TrainState

ROOT = Path(__file__).parents[2]
TX = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3))


def make_state(seed=0, step=0):
    """A state whose every number is random, moments included, so that nothing can be restored by chance."""
    shapes = {"embed": {"embedding": (16, 8)}, "layers": {"bias": (3,), "kernel": (2, 8, 8)}}
    params = jax.tree.map(lambda shape: jnp.zeros(shape), shapes, is_leaf=lambda x: isinstance(x, tuple))
    random = np.random.default_rng(seed)
    state = TrainState(step=jnp.int32(step), params=params, opt_state=TX.init(params))
    return jax.tree.map(lambda x: jnp.asarray(random.normal(size=x.shape) * 100, x.dtype), state).replace(step=jnp.int32(step))


def assert_equal_bits(left, right):
    assert jax.tree.structure(left) == jax.tree.structure(right)
    for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True):
        assert a.dtype == b.dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.fixture
def tokenizer_dir(tmp_path):
    directory = tmp_path / "tokenizer"
    directory.mkdir()
    (directory / "tokenizer.model").write_bytes(bytes(range(256)))
    return directory


def save(store, step, tokenizer_dir, *, best_value=None):
    state = make_state(seed=step, step=step)
    assert store.save(step, state, config_dict=to_dict(Config()), tokenizer_dir=tokenizer_dir, metrics={"iid/loss": 1.5}, best_value=best_value)
    return state


class OtherRun:
    """What `checkpoints/source.py` gives for another run."""

    def __init__(self, run):
        self.where = find_checkpoint(run)
        verify(self.where)

    def read_params(self, abstract_params):
        return restore_params(self.where, abstract_params)


def start_state(params):
    return make_state() if params is None else make_state().replace(params=params)


def restore(store, *, source=None):
    return restore_or_init(store, init_state=start_state, abstract_state=make_state(), abstract_params=make_state().params, source=source)


@pytest.fixture
def run(tmp_path, tokenizer_dir):
    """A run with the checkpoints of steps 10 and 20."""
    with CheckpointStore(tmp_path / "run", CheckpointConfig(keep_latest=2)) as store:
        for step in (10, 20):
            save(store, step, tokenizer_dir)
    return tmp_path / "run"


def reopen(run):
    return CheckpointStore(run, CheckpointConfig(keep_latest=2))


def flip(path, position=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if position is None else position] ^= 1
    path.write_bytes(content)


def test_state_comes_back_bit_for_bit(run):
    with reopen(run) as store:
        restored = restore(store)
    assert (restored.source, restored.directory, restored.notes) == ("checkpoint", run / "checkpoints" / "20", ())
    assert_equal_bits(restored.state, make_state(seed=20, step=20))


def test_donating_the_state_while_it_is_being_saved_does_no_harm(tmp_path, tokenizer_dir):
    overwrite = jax.jit(lambda state: jax.tree.map(lambda x: x * 0 - 1, state), donate_argnums=0)
    with reopen(tmp_path / "run") as store:
        state = save(store, 1, tokenizer_dir)
        for _ in range(5):
            state = overwrite(state)
        store.wait()
        assert_equal_bits(restore(store).state, make_state(seed=1, step=1))


def test_a_checkpoint_is_self_contained(run):
    directory = run / "checkpoints" / "20"
    assert json.loads((directory / "config.json").read_text())["train"]["total_steps"] == Config().train.total_steps
    assert (directory / "tokenizer" / "tokenizer.model").read_bytes() == bytes(range(256))
    assert json.loads((directory / "checkpoint.json").read_text())["metrics"] == {"iid/loss": 1.5}


def test_params_alone_are_restored_without_the_optimizer(run):
    directory = run / "checkpoints" / "20"
    shutil.rmtree(directory / "opt_state")
    params = restore_params(directory)
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(params))
    assert_equal_bits(params, make_state(seed=20).params)


def test_params_of_another_shape_are_refused_by_name(run):
    wrong = {"embed": {"embedding": jax.ShapeDtypeStruct((16, 9), jnp.float32)}, "layers": make_state().params["layers"]}
    with pytest.raises(UserError, match=r"params/embed/embedding is \(16, 8\) there and \(16, 9\) here"):
        restore_params(run / "checkpoints" / "20", wrong)


def test_one_flipped_byte_in_any_file_is_found_and_named(run):
    directory = run / "checkpoints" / "20"
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert {path.relative_to(directory).parts[0] for path in files} >= {"params", "opt_state", "config.json", "tokenizer", "checkpoint.json", CHECKSUMS}
    for path in files:
        content = path.read_bytes()
        for position in {0, len(content) // 2, len(content) - 1, *(range(30) if path.name == CHECKSUMS else ())}:  # the checksums have one of their own, at the head
            flip(path, position)
            with pytest.raises(DamagedCheckpoint) as error:
                verify(directory)
            assert str(directory) in str(error.value)
            assert path.name == CHECKSUMS or path.relative_to(directory).as_posix() in str(error.value)
            path.write_bytes(content)
    verify(directory)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.unlink()], ids=["truncated", "missing"])
def test_truncated_and_missing_files_are_found(run, damage):
    path = max((run / "checkpoints" / "20" / "params").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    damage(path)
    with pytest.raises(DamagedCheckpoint, match=path.name):
        verify(run / "checkpoints" / "20")


def test_a_damaged_latest_is_set_aside_and_the_one_before_taken(run, tokenizer_dir):
    flip(run / "checkpoints" / "20" / "opt_state" / "manifest.ocdbt")
    with reopen(run) as store:
        restored = restore(store)
        assert_equal_bits(restored.state, make_state(seed=10, step=10))
        assert len(restored.notes) == 1 and "opt_state/manifest.ocdbt" in restored.notes[0] and "going back to step 10" in restored.notes[0]
        save(store, 20, tokenizer_dir)  # its number is free again
        store.wait()
        assert_equal_bits(restore(store).state, make_state(seed=20, step=20))
    assert sorted(os.listdir(run / "checkpoints")) == ["10", "20", "20.damaged"]


def test_when_none_is_intact_the_run_does_not_start_again_in_silence(run):
    for step in ("10", "20"):
        flip(run / "checkpoints" / step / "config.json")
    with reopen(run) as store, pytest.raises(UserError, match="no checkpoint in .* is intact"):
        restore(store)
    assert sorted(os.listdir(run / "checkpoints")) == ["10", "20"]


def test_the_ladder_init_from_then_scratch(run, tmp_path):
    with reopen(tmp_path / "new") as store:
        restored = restore(store, source=OtherRun(run))
        assert (restored.source, restored.directory) == ("init_from", run / "checkpoints" / "20")
        assert_equal_bits(restored.state, make_state().replace(params=make_state(seed=20).params))  # the optimizer starts anew
        assert restore(store).source == "scratch"
        flip(run / "checkpoints" / "20" / "config.json")
        with pytest.raises(DamagedCheckpoint):
            restore(store, source=OtherRun(run))


def test_latest_and_best_are_kept_also_over_a_restart(tmp_path, tokenizer_dir):
    with CheckpointStore(tmp_path, CheckpointConfig(keep_latest=1)) as store:
        for step, best_value in ((1, -3.0), (2, -1.0), (3, -2.0), (4, None), (5, float("nan"))):
            save(store, step, tokenizer_dir, best_value=best_value)
        assert store.best().name == "2"
        assert store.steps() == [2, 5]
    with CheckpointStore(tmp_path, CheckpointConfig(keep_latest=1)) as store:
        assert restore(store).directory.name == "5"
        save(store, 6, tokenizer_dir, best_value=-1.5)
        save(store, 7, tokenizer_dir)
        assert store.best().name == "2" and store.steps() == [2, 7]
        save(store, 8, tokenizer_dir, best_value=-1.0)  # the later of equals
        save(store, 9, tokenizer_dir)
        assert store.best().name == "8" and store.steps() == [8, 9]
    assert find_checkpoint(tmp_path).name == "8"


def test_a_step_is_saved_once(run, tokenizer_dir):
    with reopen(run) as store:
        assert not store.save(20, make_state(), config_dict={}, tokenizer_dir=tokenizer_dir, metrics={}, best_value=None)
    assert_equal_bits(restore_params(run / "checkpoints" / "20"), make_state(seed=20).params)


def test_no_room_is_one_line_and_earlier_checkpoints_stay(run, tokenizer_dir):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(UserError, match=r"checkpoint 30 could not be written .*File too large.*steps 10, 20 are intact"), reopen(run) as store:
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
            save(store, 30, tokenizer_dir)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, previous)
    with reopen(run) as store:
        assert store.steps() == [10, 20]
        verify(run / "checkpoints" / "20")
        save(store, 30, tokenizer_dir)
    assert sorted(os.listdir(run / "checkpoints")) == ["20", "30"]


def test_a_full_disk_found_late_is_raised_by_check(run, tokenizer_dir, monkeypatch):
    def full(directory):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("slm_jax.checkpoints.orbax_store.seal", full)
    with reopen(run) as store:
        save(store, 30, tokenizer_dir)
        with pytest.raises(UserError, match="No space left on device"):
            while True:
                store.check()
    assert sorted(os.listdir(run / "checkpoints")) == ["10", "20"]


def test_an_error_in_the_loop_is_not_hidden_by_one_of_the_store(run, tokenizer_dir, monkeypatch):
    def full(directory):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("slm_jax.checkpoints.orbax_store.seal", full)
    with pytest.raises(ZeroDivisionError) as error, reopen(run) as store:
        save(store, 30, tokenizer_dir)
        raise ZeroDivisionError
    assert "No space left" in error.value.__notes__[0]


PREAMBLE = f"""
    import sys, dataclasses, pathlib
    sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests" / "checkpoints")!r}]
    from test_orbax_store import *
    run, tokenizer_dir = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
"""


def in_process(code, *arguments, devices=1):
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    script = textwrap.dedent(PREAMBLE) + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", script, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=120)


def test_killed_while_saving_leaves_the_earlier_checkpoint(run, tokenizer_dir):
    done = in_process(
        """
        import slm_jax.checkpoints.orbax_store as module
        module.seal = lambda directory: os.kill(os.getpid(), signal.SIGKILL)  # everything is written, nothing is committed
        store = reopen(run)
        save(store, 30, tokenizer_dir)
        store.wait()
        """,
        run, tokenizer_dir,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "30.orbax-checkpoint-tmp" in os.listdir(run / "checkpoints")
    with reopen(run) as store:
        assert restore(store).directory.name == "20"
        save(store, 25, tokenizer_dir)
        store.wait()
        assert sorted(os.listdir(run / "checkpoints")) == ["20", "25"]
    with pytest.raises(UserError, match="never finished"):
        (run / "checkpoints" / "40.orbax-checkpoint-tmp").mkdir()
        find_checkpoint(run / "checkpoints" / "40.orbax-checkpoint-tmp")


RESHARD = """
    from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
    mesh = Mesh(np.array(jax.devices()), ("fsdp",))
    sharding = lambda x: NamedSharding(mesh, P("fsdp") if x.ndim and x.shape[0] % len(jax.devices()) == 0 else P())
    abstract = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding(x)), make_state())
    with reopen(run) as store:
        restored = restore_or_init(store, init_state=None, abstract_state=abstract, abstract_params=abstract.params, source=None)
        assert len(restored.state.params["embed"]["embedding"].sharding.device_set) == len(jax.devices())
        assert_equal_bits(restored.state, make_state(seed=20, step=20).replace(step=jnp.int32(int(restored.directory.name))))
        store.save(int(restored.state.step) + 1, restored.state, config_dict=to_dict(Config()), tokenizer_dir=tokenizer_dir, metrics={}, best_value=None)
"""


def test_one_device_to_eight_to_one(run, tokenizer_dir):
    for devices in (8, 1):
        done = in_process(RESHARD, run, tokenizer_dir, devices=devices)
        assert done.returncode == 0, done.stderr
    with reopen(run) as store:
        restored = restore(store)
    assert restored.directory.name == "22"
    assert_equal_bits(restored.state, dataclasses.replace(make_state(seed=20), step=jnp.int32(22)))
