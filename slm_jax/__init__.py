"""slm_jax: trains, proves and runs small language models in JAX. `slm_jax.load(path)` opens what a run has made, or a published model."""

__version__ = "0.1.0"


def load(path, precision=None, domain=None):
    """Open a run, a checkpoint, a Hugging Face model or a .gguf file, on whatever devices there are. See `slm_jax.checkpoints.pretrained.load`."""
    from slm_jax.checkpoints.pretrained import load

    return load(path, precision=precision, domain=domain)
