"""Learning rates at points worked out by hand."""

import jax
import numpy as np
import pytest

from slm_jax.config import ScheduleConfig
from slm_jax.training.schedule import make_schedule

PEAK, STEPS = 2.0, 20


def rates(total_steps=STEPS, **fields):
    schedule = make_schedule(ScheduleConfig(**fields), peak=PEAK, total_steps=total_steps)
    return np.array([float(schedule(step)) for step in range(total_steps + 3)])


@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "wsd"])
def test_warmup_starts_above_zero_and_ends_at_the_peak(name):
    np.testing.assert_allclose(rates(name=name, warmup_steps=4)[:4], [0.5, 1.0, 1.5, 2.0])


@pytest.mark.parametrize("name", ["linear", "cosine", "wsd"])
@pytest.mark.parametrize("final_share", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("warmup_steps", [0, 4, 19])
def test_the_last_rate_is_exactly_the_promised_one(name, final_share, warmup_steps):
    got = rates(name=name, warmup_steps=warmup_steps, final_share=final_share)
    np.testing.assert_array_equal(got[STEPS - 1 :], np.float32(PEAK * np.float32(final_share)))
    assert got.max() == PEAK if warmup_steps else got.max() <= PEAK


def test_constant_stays():
    assert set(rates(name="constant", warmup_steps=0)) == {PEAK}


def test_linear_falls_evenly():
    np.testing.assert_allclose(rates(name="linear", warmup_steps=4)[3:20], PEAK * np.linspace(1, 0, 17), atol=1e-6)


def test_cosine_is_half_way_in_the_middle():
    got = rates(name="cosine", warmup_steps=4, final_share=0.5)
    np.testing.assert_allclose(got[[3, 11, 19]], [2.0, 1.5, 1.0], rtol=1e-6)
    np.testing.assert_allclose(got[7], 1 + 0.5 * (1 + np.cos(np.pi / 4)), rtol=1e-6)


def test_wsd_is_flat_until_the_last_share():
    got = rates(name="wsd", warmup_steps=4, decay_share=0.25)
    np.testing.assert_allclose(got[3:20], [2.0] * 12 + [1.6, 1.2, 0.8, 0.4, 0.0], atol=1e-6)


def test_wsd_decay_does_not_reach_into_the_warmup():
    got = rates(name="wsd", warmup_steps=16, decay_share=0.9)
    np.testing.assert_allclose(got[14:20], [1.875, 2.0, 1.5, 1.0, 0.5, 0.0], atol=1e-6)


def test_no_decay_where_there_is_nothing_to_fall_over():
    assert rates(name="wsd", warmup_steps=2, decay_share=0.0)[-1] == PEAK
    assert rates(name="cosine", warmup_steps=STEPS)[STEPS - 1] == PEAK


def test_a_traced_step_gives_the_same_rate():
    schedule = make_schedule(ScheduleConfig(name="cosine", warmup_steps=2), peak=PEAK, total_steps=STEPS)
    np.testing.assert_allclose(jax.jit(jax.vmap(schedule))(np.arange(STEPS)), [schedule(i) for i in range(STEPS)], atol=1e-6)
