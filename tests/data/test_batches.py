import threading
import time

import numpy as np
import pytest

from slm_jax.config import DataConfig
from slm_jax.data import batches, packing
from slm_jax.errors import UserError
from tests.data.letters import Ask, Letters, example


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    data = DataConfig(sequence_length=8, cache_dir=str(tmp_path_factory.mktemp("cache")))
    return packing.pack([example(chr(ord("a") + i), "abcde") for i in range(21)], domain=Ask(), tokenizer=Letters(), data=data)


def stream(rows, steps, seed=0, size=4, **process):
    made = batches.Batches(rows, global_batch_size=size, seed=seed)
    return [made.batch(i, **process) for i in steps]


def test_dtypes_and_shapes(rows):
    assert len(rows) == 21
    for batch in [*stream(rows, [0]), next(batches.eval_batches(rows, 4))]:
        assert {name: (value.shape, value.dtype.name) for name, value in batch.items()} == {
            "tokens": ((4, 8), "int32"),
            "segment_ids": ((4, 8), "int32"),
            "positions": ((4, 8), "int32"),
            "loss_positions": ((4, 32), "int32"),
            "targets": ((4, 32), "int32"),
            "weights": ((4, 32), "float32"),
            "target_bytes": ((4,), "int32"),
        }


def test_batch_i_does_not_depend_on_history(rows):
    whole = stream(rows, range(12))
    np.testing.assert_equal(stream(rows, range(7, 12)), whole[7:])
    np.testing.assert_equal(stream(rows, [9, 3, 9])[::2], [whole[9]] * 2)


def test_the_order_is_the_same_for_one_process_and_four(rows):
    one = stream(rows, range(12))
    four = [stream(rows, range(12), process_index=p, process_count=4) for p in range(4)]
    for i, batch in enumerate(one):
        np.testing.assert_equal({name: np.concatenate([process[i][name] for process in four]) for name in batch}, batch)


def test_every_epoch_is_another_permutation(rows):
    made = batches.Batches(rows, global_batch_size=3, seed=5)
    seen = [row for i in range(21) for row in made.row_indices(i)]
    epochs = [seen[:21], seen[21:42], seen[42:]]
    assert all(sorted(epoch) == list(range(21)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] and epochs[0] != list(range(21))
    assert [made.epoch(i) for i in (0, 7, 14)] == [0, 1, 2] and made.epoch(1) == 3 / 21
    other = batches.Batches(rows, global_batch_size=3, seed=6)
    assert [row for i in range(7) for row in other.row_indices(i)] != epochs[0]


def test_the_batch_has_the_rows_it_names(rows):
    made = batches.Batches(rows, global_batch_size=4, seed=0)
    np.testing.assert_equal(made.batch(2), rows.take(made.row_indices(2)))


def test_fewer_rows_than_a_batch(tmp_path):
    few = packing.pack([example("a", "b")], domain=Ask(), tokenizer=Letters(), data=DataConfig(sequence_length=8, cache_dir=str(tmp_path)))
    batch = stream(few, [3], size=5)[0]
    assert batch["tokens"].shape == (5, 8) and (batch["tokens"] == batch["tokens"][0]).all()


def test_processes_that_do_not_divide_the_batch(rows):
    with pytest.raises(UserError, match="global_batch_size=4 does not divide by 3 processes"):
        stream(rows, [0], process_index=0, process_count=3)


@pytest.mark.parametrize("size", [1, 4, 21, 50])
def test_eval_batches_drop_nothing_and_pad_with_weight_zero(rows, size):
    made = list(batches.eval_batches(rows, size))
    assert all(len(batch["tokens"]) == size for batch in made) and len(made) == -(-21 // size)
    together = {name: np.concatenate([batch[name] for batch in made]) for name in made[0]}
    np.testing.assert_equal({name: value[:21] for name, value in together.items()}, rows.take(range(21)))
    assert not any(value[21:].any() for value in together.values())


def test_prefetch_keeps_order_and_runs_two_ahead():
    calls = []

    def make(i):
        calls.append(i)
        return i

    values = batches.prefetch(make, 3, 20)
    assert next(values) == 3
    deadline = time.time() + 5
    while len(calls) < 4 and time.time() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert calls == [3, 4, 5, 6]  # one taken, two ready, one waiting for a place
    assert list(values) == list(range(4, 20))
    assert list(batches.prefetch(make, 5, 5)) == []


def test_prefetch_raises_where_the_value_was_due():
    def make(i):
        if i == 2:
            raise ValueError("row 2")
        return i

    got = []
    with pytest.raises(ValueError, match="row 2"):
        for value in batches.prefetch(make, 0, 5):
            got.append(value)
    assert got == [0, 1] and not prefetch_threads()


def test_leaving_the_loop_ends_the_thread():
    values = batches.prefetch(lambda i: i, 0, 10**9)
    for value in values:
        if value == 3:
            break
    values.close()
    assert not prefetch_threads()


def prefetch_threads():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]
