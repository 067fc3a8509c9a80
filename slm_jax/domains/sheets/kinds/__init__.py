"""What people ask of Google Sheets, and in what words: `KINDS`, in the order of the files."""

from slm_jax.domains.sheets.kinds import ranges, others  # noqa: F401, I001  each adds its kinds
from slm_jax.domains.sheets.kinds.registry import KINDS, Kind

__all__ = ["KINDS", "Kind"]
