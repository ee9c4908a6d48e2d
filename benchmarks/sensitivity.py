"""What the two bars of sensitivity analysis take, forecast from a sample of their runs.

    python -m benchmarks.sensitivity [--points 12] [--only morris|sobol]

Morris: 60 factors x 10 trajectories x 3 seeds x 2 scenarios (3,660 runs) of all of Slagelse over 156 weeks; Sobol':
12 factors, N = 256, 2 seeds x 2 scenarios (14,336 runs) of a quarter over 156 weeks; 20 minutes on two cores each,
with starts that are there. Points are taken from the real designs at even distances and lived as `jobcenter
sensitivity` lives them: start, two years of burn-in, levels put back, both scenarios, outcomes into a store. Told
apart: starts, which every point makes for itself, and what is done once (planning all runs, how levels answer).
Seconds are of the processor, so that other programs on the machine count as little as can be; beside them, as a
ratio, runs stand against a bare run of the base from a start that is there, measured in the same minute.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.anchor import PREFIX, Central
from experiments.experiment_file import PLAIN
from experiments.sensitivity.analysis import design
from experiments.sensitivity.factors import factors_of, point_of
from experiments.sensitivity.levels import Response, runs_to_fit
from experiments.sensitivity.running import Lot, Runs
from experiments.sensitivity.study import Plan, anchored_ranges, for_weeks, lived, of_scenarios
from experiments.store import Store
from sim.model import JobcenterModel
from sim.population import history
from sim.population.history import starting_state
from sim.scenario import Scenario
from sim.state import State

WEEKS, CORES, MINUTES = 156, 2, 20.0
FIT_RUNS = 1.4  # a run with a start of its own against one that shares it with another scenario


@dataclass(frozen=True)
class Bar:
    """One bar: its world and its design."""

    plan: Plan
    factors: int
    share: float


BARS = {"morris": Bar(Plan("morris", 10, 3), 60, 1.0), "sobol": Bar(Plan("sobol", 256, 2), 12, 0.25)}


class Starts:
    """Times the starts that runs make. A start is asked for by name in a worker, so the name is what is changed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> "Starts":
        history.starting_state = self._made  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        history.starting_state = starting_state

    def _made(self, *arguments: Any, **options: Any) -> State:
        begin = time.process_time()
        state = starting_state(*arguments, **options)
        self.seconds += time.process_time() - begin
        return state


class Bare:
    """Runs of the base from a start that is there: the measure of what this machine gives in this very minute."""

    def __init__(self, base: Scenario):
        self.base, self.start = base, starting_state(base, 1)
        self.taken: list[float] = []
        self.run()
        self.taken.clear()  # the first loads code

    def run(self, _: int = 0) -> None:
        """One more."""
        state = self.start.copy()
        begin = time.process_time()
        JobcenterModel(self.base, 1, state).run()
        self.taken.append(time.process_time() - begin)


def measure(bar: Bar, points: int) -> str:
    """Lines about one bar."""
    experiment = of_scenarios(["baseline", "early_intervention"], [f"world.share={bar.share:g}"])
    experiment = for_weeks(experiment, WEEKS)
    factors = factors_of(experiment, ("effects", "mechanism", "prices"))
    # Evenly over the groups: what a price moves is lived like anything else.
    factors = [factors[int(k)] for k in np.linspace(0, len(factors) - 1, bar.factors)]
    begin = time.process_time()
    _, whole = lived(experiment, bar.plan, factors, None)
    planning = time.process_time() - begin
    u = design(bar.plan.method, factors, bar.plan.n)
    chosen = u[np.linspace(0, len(u) - 1, points).astype(int)]
    sample = [point_of(factors, row, bar.plan.method == "morris") for row in chosen]
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create_or_open(Path(folder) / "store")
        runs = Runs(experiment, sample, Lot(bar.plan.seeds), store, anchored_ranges(factors))
        # The runs that say how levels answer are counted, not made: a run costs the same whatever is put back.
        ranges = anchored_ranges(factors)
        fitted = runs_to_fit(len(ranges)) + 1 + len(PREFIX)
        n = len(PREFIX)
        unmoved = Response(ranges, Central(np.ones(n), np.eye(n)), np.zeros((2 * len(ranges), n)), 0.0, 0.0)
        runs.responses[PLAIN] = unmoved
        # What is loaded once is loaded before, and kept apart: a first run tells nothing of how long others take.
        other = Store.create_or_open(Path(folder) / "first")
        with other.writing():
            first = Runs(experiment, sample[:1], Lot(1), other, ranges)
            first.responses[PLAIN] = unmoved
            first.make("inline", 1)
        bare = Bare(experiment.worlds[PLAIN][0])
        begin = time.process_time()
        with store.writing(), Starts() as starts:
            runs.make("inline", 1, bare.run)  # one after every few runs, so that both meet the same machine
        taken = time.process_time() - begin - sum(bare.taken)
    each, middle = taken / len(runs.runs), statistics.mean(bare.taken)
    started = starts.seconds / len(runs.runs)
    minutes, there = (x * len(whole.runs) / CORES / 60.0 for x in (each, each - started))
    cold = fitted * each * FIT_RUNS / CORES / 60.0
    return (
        f"{bar.plan.method}: {bar.factors} factors, {len(whole.runs):,} runs of {bar.share:g} of Slagelse x"
        f" {WEEKS} weeks\n"
        f"  once: planning all runs {planning:.1f} s; how levels answer about {cold:.1f} minutes ({fitted}"
        " runs of the base)\n"
        f"  a run with its part of start and levels {each:.3f} s of a core, {each / middle:.2f} bare runs of"
        f" {middle:.3f} s ({len(runs.runs)} and {len(bare.taken)} measured); its part of the start {started:.3f} s\n"
        f"  forecast on {CORES} cores: {there:.1f} minutes with starts that are there ({MINUTES:.0f} wanted),"
        f" {minutes:.1f} with starts made"
    )


def main() -> None:
    """Prints a few lines for each bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=12, help="of each design that are lived")
    parser.add_argument("--only", choices=tuple(BARS), default=None)
    options = parser.parse_args()
    for name, bar in BARS.items():
        if options.only in (None, name):
            print(measure(bar, options.points), flush=True)


if __name__ == "__main__":
    main()
