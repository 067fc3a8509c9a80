import jax
import pytest


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """These tests are about what is computed, not how fast: XLA's optimizations would be most of their time."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
