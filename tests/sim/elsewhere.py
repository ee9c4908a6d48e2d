"""Runs a piece of the tests in a process of its own: another interpreter, other switches."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run_elsewhere(code: str, *arguments: str, **environment: str) -> str:
    """Runs `code` in a new Python that can import the model and `worlds`. Returns what it printed."""
    path = os.pathsep.join([str(ROOT), str(HERE)])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=1800,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise AssertionError(f"the other process failed ({done.returncode}):\n{done.stderr[-3000:]}")
    return done.stdout
