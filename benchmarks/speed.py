"""Speed and memory of the model, as ratios in one run.

    python -m benchmarks.speed [--runs 3] [--share 1.0]

Baseline, all adults x 260 weeks, one core, warm (kernels compiled, start state made), recording `outcomes`; against
benchmarks/mesa_objects.py in the same process; bytes of state and work arrays counted from the arrays.
"""

import argparse
import statistics
import time

import numpy as np

from benchmarks.mesa_objects import nanoseconds
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import load


def work_bytes(model: JobcenterModel) -> int:
    """Bytes of the model's state and of every array it works with (records of the weeks lived left out)."""
    seen: dict[int, int] = {}
    for values in model.state.columns.values():
        seen[id(values)] = values.nbytes
    for name, value in vars(model).items():
        if isinstance(value, np.ndarray) and name not in ("rows", "cohort"):
            seen[id(value)] = value.nbytes
    for value in model.world:
        seen[id(value)] = value.nbytes
    return sum(seen.values())


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    scenario = load("baseline", overrides=[f"world.share={options.share}"])
    residents = round(scenario.municipality.population.residents_16_66 * options.share)
    start = starting_state(scenario, 1)
    model = JobcenterModel(scenario, 1, state=start.copy())
    model.run(4)  # every kernel loaded
    size = work_bytes(model)
    times = []
    for _ in range(options.runs):
        model = JobcenterModel(scenario, 1, state=start.copy())
        begin = time.process_time()
        model.run()
        times.append((time.process_time() - begin) / scenario.weeks / residents * 1e9)
    objects = nanoseconds(scenario, 6)  # the same world: objects, too, are slower where memory is far
    best = min(objects.values())
    middle = statistics.median(times)
    print(f"model, {residents:,} adults x {scenario.weeks} weeks, {options.runs} runs, one core")
    print(
        f"  nanoseconds per citizen-week   least {min(times):8.1f}   median {middle:8.1f}   most {max(times):8.1f}"
    )
    for name, value in objects.items():
        print(
            f"  one Mesa object per agent, {name}: {value:,.0f} ns per citizen-week (the same weeks, number by number)"
        )
    print(f"  the model is {best / middle:,.0f} times faster than the faster of these")
    rows = start["id"].size
    print(
        f"  state and work arrays: {size / residents:.0f} bytes a resident, {size / rows:.0f} a citizen laid out"
    )


if __name__ == "__main__":
    main()
