"""Compiles the model before its first run, in two processes: one after the other, kernels take twice as long.

numba compiles a kernel when it is first called. So two processes live a few weeks of a tiny town, each passing over the
other's kernels, and leave their code in the cache folder, where every later process finds it. Whoever comes meanwhile
waits.
"""

import fcntl
import os
import subprocess
import sys
from typing import Any, Final

from sim.compiled import CODE, JIT, Calls

WEEKS: Final = 5  # gathering, every fourth, among them
DONE: Final = CODE / "done"


def compile_model() -> None:
    """Compiles what the cache folder does not hold. Does nothing where nothing is compiled, or nothing can be kept."""
    if not JIT or DONE.exists():
        return
    try:
        CODE.mkdir(parents=True, exist_ok=True)
        with (CODE / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when this process ends, however it ends
            if not DONE.exists():
                _in_two_processes()
                DONE.touch()
    except OSError:  # a folder that cannot be written: numba keeps the code for this process alone
        return


def _in_two_processes() -> None:
    print("Compiling the model for this machine (once; about a minute) ...", file=sys.stderr, flush=True)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    # Their words are not asked for: what a kernel has to say against being compiled, it says again when it is called.
    parts = [
        subprocess.Popen(
            [sys.executable, "-c", f"from sim.warm import compile_part; compile_part({part})"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for part in (0, 1)
    ]
    for process in parts:
        process.wait()


class _Part(Calls):
    """Calls one half of the kernels; of the others it says what they say of a week in which nothing happens."""

    def __init__(self, part: int):
        from sim.week import arrivals, casework, measures

        super().__init__()
        self.part = part
        self.first = {arrivals.begin_week, casework._assign, casework._hold, measures._end_and_start}
        self.idle: dict[Any, Any] = {casework._assign: (0, 0)}

    def __call__(self, kernel: Any, *args: Any) -> Any:
        if (kernel in self.first) == (self.part == 0):
            return super().__call__(kernel, *args)
        return self.idle.get(kernel, 0)


def compile_part(part: int) -> None:
    """Lives a tiny town with one half of the kernels; 0: the office and events, 1: careers and the rest."""
    from sim.model import JobcenterModel
    from sim.population import history
    from sim.scenario import load

    if part == 0:
        history.live_careers = lambda *_: 0
    scenario = load("baseline", overrides=["world.share=0.005"])
    state = history.draw_history(scenario, 1)
    state.week = scenario.start_week
    model = JobcenterModel(scenario, 1, state)
    model.call = _Part(part)
    model.run(WEEKS)
