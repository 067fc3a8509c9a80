import jax
import jax.numpy as jnp
import numpy as np

from slm_jax.inference.sampling import Sampling, choose, limit

LOGITS = jnp.log(jnp.asarray([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]]))


def kept(logits):
    return np.isfinite(np.asarray(logits)).tolist()


def test_top_k():
    assert kept(limit(LOGITS, top_k=2, top_p=1.0)) == [[False, True, False, True], [True, True, True, True]]  # a tie at the edge stays whole
    assert kept(limit(LOGITS, top_k=0, top_p=1.0)) == [[True] * 4] * 2
    assert kept(limit(LOGITS, top_k=9, top_p=1.0)) == [[True] * 4] * 2


def test_top_p_is_the_smallest_set_that_reaches_it():
    assert kept(limit(LOGITS, top_k=0, top_p=0.65)) == [[False, True, False, True], [True, False, False, False]]
    assert kept(limit(LOGITS, top_k=0, top_p=0.75))[0] == [False, True, True, True]
    assert kept(limit(LOGITS, top_k=0, top_p=1e-6)) == [[False, True, False, False], [True, False, False, False]]


def test_top_p_counts_within_the_top_k():
    assert kept(limit(LOGITS, top_k=2, top_p=0.55))[0] == [False, True, False, False]  # .4 of .7 is 57 %


def test_frequencies_follow_the_temperature():
    keys = jax.random.split(jax.random.key(0), 4000)
    logits = jnp.broadcast_to(LOGITS[0], (4000, 4))
    for temperature in (1.0, 0.5):
        tokens = choose(logits, keys, Sampling(temperature=temperature, top_k=0, top_p=1.0))
        expected = np.asarray(jax.nn.softmax(LOGITS[0] / temperature))
        np.testing.assert_allclose(np.bincount(tokens, minlength=4) / 4000, expected, atol=0.03)
    assert choose(LOGITS, None, Sampling(temperature=0.0, top_k=0, top_p=1.0)).tolist() == [1, 0]
