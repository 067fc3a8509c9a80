"""All kinds of questions. Importing this package registers them."""

from __future__ import annotations

import importlib
import pkgutil

from slm_jax.domains.excel.kinds.registry import Kind, registered

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")


def all_kinds() -> dict[str, Kind]:
    """Every kind by name, in alphabetical order."""
    return registered()
