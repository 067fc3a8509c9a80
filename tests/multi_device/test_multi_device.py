"""Runs eight_devices.py in a process of its own: the number of devices is fixed once a process has used one, and all other tests want the one there is."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def test_on_eight_devices():
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(HERE / "eight_devices.py")]
    environment = {name: value for name, value in os.environ.items() if name not in ("JAX_NUM_CPU_DEVICES", "XLA_FLAGS")} | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
