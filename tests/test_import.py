"""What an import costs and pulls in."""

import subprocess
import sys


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_import_is_light():
    done = run_python("import sys, slm_jax; print(sorted(m for m in ('jax', 'numpy', 'datasets', 'formulon', 'absl') if m in sys.modules))")
    assert done.stdout.strip() == "[]", done.stderr


def test_nothing_needs_tensorflow_or_torch():
    """With both blocked, everything that a run imports still imports."""
    code = """
import sys
for name in ("tensorflow", "torch", "tensorboard"):
    sys.modules[name] = None
import slm_jax.train, slm_jax.evaluate, slm_jax.generate, slm_jax.checkpoints.pretrained, slm_jax.domains.excel.score
print("ok")
"""
    done = run_python(code)
    assert done.stdout.strip() == "ok", done.stderr


def test_domains_do_not_import_jax():
    code = """
import sys, pkgutil, importlib, slm_jax.domains.excel as excel
import slm_jax.domains.text
for module in pkgutil.walk_packages(excel.__path__, "slm_jax.domains.excel."):
    importlib.import_module(module.name)
print("jax" in sys.modules)
"""
    done = run_python(code)
    assert done.stdout.strip() == "False", done.stderr
