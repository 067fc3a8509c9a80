"""What a model is for. A domain is three things: where examples come from, how a prompt is written, how an answer is scored."""

from __future__ import annotations

import importlib

from slm_jax.domains.base import Domain


def get_domain(name: str) -> Domain:
    """The domain of that name: `slm_jax/domains/<name>` has a module-level `DOMAIN`."""
    return importlib.import_module(f"slm_jax.domains.{name}").DOMAIN
