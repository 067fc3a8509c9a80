"""Commands run as a user runs them, and one small trained model that several tests ask."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def command():
    """Runs `python ARGS...` in the repository's root; `wait=False` gives the process."""

    def run(*arguments, wait=True, timeout=300):
        everything = [sys.executable, *map(str, arguments)]
        environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONUNBUFFERED": "1"}
        if not wait:
            return subprocess.Popen(everything, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return subprocess.run(everything, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout)

    return run


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_run(command, cache, tmp_path_factory):
    """The directory of a finished `excel_slm:tiny` run, and what it printed."""
    directory = tmp_path_factory.mktemp("runs") / "tiny"
    done = command("launch.py", "--config=configs/excel_slm.py:tiny", f"--workdir={directory}", f"--config.data.cache_dir={cache}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return directory, done.stdout
