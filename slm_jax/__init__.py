"""slm_jax: trains, proves and runs small language models in JAX. `slm_jax.load(path)` opens what a run has made."""

__version__ = "0.1.0"


def load(path, precision=None):
    """Open a run's directory or one checkpoint, on whatever devices there are. See `slm_jax.checkpoints.pretrained.load`."""
    from slm_jax.checkpoints.pretrained import load

    return load(path, precision=precision)
