"""Both plans on one device: compiled once, donated in earnest, and clear about what does not fit."""

import functools

import jax
import numpy as np
import pytest

from slm_jax.config import MeshConfig, OptimizerConfig, ParallelConfig, ScheduleConfig
from slm_jax.errors import UserError
from slm_jax.training.optimizer import make_optimizer
from slm_jax.training.parallel import make_parallel, set_cache_dir
from slm_jax.training.schedule import make_schedule
from slm_jax.training.state import stream_key
from slm_jax.training.step import eval_step, row_report, train_step
from tests.training.toy import Toy, ragged_batch

MODEL = Toy()
TX = make_optimizer(OptimizerConfig(), make_schedule(ScheduleConfig(), peak=0.01, total_steps=100), precision="float32")


def pointers(tree):
    return [x.addressable_shards[0].data.unsafe_buffer_pointer() for x in jax.tree.leaves(tree)]


@pytest.mark.parametrize("mode", ["pmap", "mesh"])
def test_a_step_is_compiled_for_one_shape_and_updates_in_place(mode):
    plan = make_parallel(ParallelConfig(mode=mode), devices=jax.devices()[:1])
    state, batch = plan.init_state(0, model=MODEL, tx=TX), ragged_batch(0)
    step = plan.compile_train_step(functools.partial(train_step, model=MODEL, tx=TX, accumulation_steps=1, loss_chunk_tokens=8), state=state, batch=batch)
    evaluate = plan.compile_eval_step(functools.partial(eval_step, model=MODEL, loss_chunk_tokens=8), params=state.params, batch=batch)

    state_bytes = sum(x.nbytes for x in jax.tree.leaves(state))
    assert step.memory.alias_bytes == state_bytes
    assert step.memory.argument_bytes == state_bytes + sum(x.nbytes for x in batch.values())
    assert step.memory.total_bytes == step.memory.argument_bytes + step.memory.output_bytes - state_bytes + step.memory.temp_bytes
    assert evaluate.memory.alias_bytes == 0

    loss = plan.to_host(evaluate(state.params, plan.put_batch(batch))).mean_loss
    before, old = pointers(state), state
    state, metrics = step(state, plan.put_batch(batch))
    metrics = plan.to_host(metrics)
    assert pointers(state) == before
    assert all(x.is_deleted() for x in jax.tree.leaves(old))
    assert type(metrics["loss"]) is float and metrics["finite"] is True
    assert metrics["loss"] == pytest.approx(loss, rel=1e-5)
    with pytest.raises(TypeError):
        step(state, plan.put_batch(ragged_batch(0, rows=4)))

    assert jax.tree.map(lambda x: (x.shape, x.dtype, x.sharding), state) == jax.tree.map(
        lambda x: (x.shape, x.dtype, x.sharding), plan.abstract_state(model=MODEL, tx=TX), is_leaf=lambda x: isinstance(x, jax.ShapeDtypeStruct)
    )
    report = plan.row_report(functools.partial(row_report, model=MODEL, loss_chunk_tokens=8), state=state, batch=batch)
    assert report.loss.shape == (8,) and isinstance(report.loss, np.ndarray)


def test_a_state_of_given_parameters_leaves_them_to_their_owner():
    plan = make_parallel(ParallelConfig(), devices=jax.devices()[:1])
    params = plan.init_state(3, model=MODEL, tx=TX).params
    state = plan.state_from_params(params, model=MODEL, tx=TX)
    assert not set(pointers(params)) & set(pointers(state.params))
    jax.tree.map(np.testing.assert_array_equal, params, state.params)
    assert state.step == 0


@pytest.mark.parametrize(
    "mesh, said",
    [
        (MeshConfig(data=3), "data x fsdp x tensor = 3 x 1 x 1 does not fit 1 device:"),
        (MeshConfig(data=0, tensor=2), r"\(all that are left\) x 1 x 2 does not fit 1 device: write sizes whose product is 1"),
    ],
)
def test_a_mesh_of_another_size_is_refused(mesh, said):
    with pytest.raises(UserError, match=said):
        make_parallel(ParallelConfig(mode="mesh", mesh=mesh), devices=jax.devices()[:1])


def test_rows_that_do_not_divide_are_refused():
    plan = make_parallel(ParallelConfig(), devices=jax.devices()[:1])
    plan.check_rows(global_batch_size=8, accumulation_steps=4)
    with pytest.raises(UserError, match="a batch of 10 rows .* x config.train.accumulation_steps=4: write 8 or 12"):
        plan.check_rows(global_batch_size=10, accumulation_steps=4)
    with pytest.raises(UserError, match="write 4$"):
        plan.check_rows(global_batch_size=3, accumulation_steps=4)


def test_several_processes_are_refused(monkeypatch):
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(UserError, match="2 processes"):
        make_parallel(ParallelConfig())


def test_a_seed_that_would_be_cut_short_is_refused():
    with pytest.raises(UserError, match="config.seed=4294967296"):
        stream_key(2**32, stream=0)
    keys = [jax.random.key_data(stream_key(seed, stream=stream, step=step)).tolist() for seed in (0, 1) for stream in (0, 1) for step in (0, 1)]
    assert len({tuple(key) for key in keys}) == 8


def test_compiled_functions_are_kept(tmp_path):
    saved = {name: getattr(jax.config, name) for name in ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")}
    try:
        set_cache_dir(tmp_path / "compiled")
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.jit(lambda x: x * 3.25 + 1).lower(1.0).compile()
        assert list((tmp_path / "compiled").iterdir())
    finally:
        for name, value in saved.items():
            jax.config.update(name, value)
        jax.experimental.compilation_cache.compilation_cache.reset_cache()


def test_a_cache_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="write another config.data.cache_dir"):
        set_cache_dir(tmp_path / "file" / "compiled")
