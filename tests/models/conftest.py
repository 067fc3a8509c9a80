import jax
import pytest


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """These tests are about what is computed, not how fast: XLA's optimizations would be most of their time."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def full_compilation():
    """For tests of bfloat16 products: which kernel runs depends on what XLA's optimizations make of them."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)
