"""The two sides that the parity tests compare: a tiny checkpoint in transformers, and the same one here. Both are made once a session."""

import os

import jax
import pytest


@pytest.fixture(autouse=True, scope="package")
def quick_compilation():
    """These tests are about what is computed, not how fast: XLA's optimizations would be most of their time."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="session", autouse=True)
def quiet_transformers():
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers = pytest.importorskip("transformers", reason="parity compares with transformers")
    pytest.importorskip("torch", reason="parity compares with transformers, which computes with torch")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """name -> the directory of that tiny checkpoint."""
    from tiny_checkpoints import make

    made = {}

    def get(name: str):
        if name not in made:
            made[name] = make(name, tmp_path_factory.mktemp("tiny") / name)
        return made[name]

    return get


@pytest.fixture(scope="session")
def pair(checkpoint):
    """name -> both sides of that tiny checkpoint (pairs.py)."""
    from pairs import Pair

    made = {}

    def get(name: str):
        if name not in made:
            made[name] = Pair(checkpoint(name))
        return made[name]

    return get
