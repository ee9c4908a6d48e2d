"""Checks: the model against figures no level was fitted to, beside a guess that needs no model.

A check is a hit when the model lies within three times the tolerance of the same fit target and nearer to what was
counted than the naive guess. Everything else is a miss, what could not be measured too.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from calibration.distance import SIGMAS_PER_TOLERANCE, Verdict, judge
from calibration.simulate import Simulator
from calibration.target_file import FOLDER, Target, Targets, load_targets
from experiments.store import Store
from sim.errors import UserError
from sim.records.student import t_95
from sim.scenario.yaml_tree import nearest

CHECKS: Final = Path(__file__).parent / "checks"
FITTED: Final = "slagelse_2024"  # the fit file: how well it is met is told beside the checks
# Luck nobody fitted to or judged the fit by.
SEEDS: Final = range(70_001, 70_201)
HIT: Final = "hit"
REPORTED: Final = "reported"
COUNTED: Final = ("check", "given")  # roles that are hit or missed


class Scored(NamedTuple):
    """One check. Numbers in the target's unit; `error` is the calculation error (95 %) of `model`."""

    group: str  # name of the check file
    target: Target
    model: float
    error: float
    runs: int
    verdict: str  # hit | misses tolerance | misses naive | misses both | not measured | reported

    @property
    def off(self) -> float:
        """Model less counted, in what is allowed: between -1 and 1 is within tolerance."""
        return (self.model - self.target.value) / self.target.allowed

    @property
    def naive_off(self) -> float:
        """The naive guess less counted, in what is allowed; NaN where nobody gave a guess."""
        naive = self.target.row.naive
        return float("nan") if naive is None else (naive - self.target.value) / self.target.allowed

    @property
    def reachable(self) -> float:
        """Chance of a hit for a model that errs here as much as it may on a fit target, 0 to 1.

        Its error is normal around what was counted: the tolerance of the fit target is two standard deviations, the
        luck of the runs comes on top. Small where the naive guess is all but right.
        """
        room = self.target.allowed * min(1.0, abs(self.naive_off) if math.isfinite(self.naive_off) else 1.0)
        luck = self.error / t_95(self.runs - 1) if math.isfinite(self.error) else 0.0
        spread = math.hypot(self.target.row.tolerance / SIGMAS_PER_TOLERANCE, luck)
        return math.erf(room / spread / math.sqrt(2))

    @property
    def missed(self) -> bool:
        """Whether it counts as a miss."""
        return self.verdict not in (HIT, REPORTED)


class Outcome(NamedTuple):
    """What a set of files gave: the checks, the fit targets beside them, and how many runs were made for it."""

    scored: list[Scored]
    fitted: list[Verdict]
    not_modelled: list[tuple[str, Target]]
    made: int
    stored: int


def verdict(model: float, target: Target) -> str:
    """The verdict on a model value; being as far off as the naive guess is not better than it."""
    if not np.isfinite(model):
        return "not measured"
    if target.row.role == "report":
        return REPORTED
    naive = target.row.naive
    outside = abs(model - target.value) > target.allowed
    beaten = naive is not None and abs(model - target.value) >= abs(naive - target.value)
    if outside and beaten:
        return "misses both"
    return "misses tolerance" if outside else "misses naive" if beaten else HIT


def known_checks() -> list[str]:
    """Names of the check files that come along, after the fit file."""
    return [FITTED, *sorted(path.stem for path in CHECKS.glob("*.yaml"))]


def load_checks(names: Sequence[str] = (), overrides: tuple[str, ...] = ()) -> list[Targets]:
    """Reads check files by name or path; all that come along without names.

    Raises UserError with the nearest known name, and when a check has no naive guess.
    """
    sets = []
    for name in names or known_checks():
        path = Path(name) if Path(name).suffix in (".yaml", ".yml") else CHECKS / f"{name}.yaml"
        if name == FITTED:
            path = FOLDER / f"{FITTED}.yaml"
        if not path.is_file():
            raise UserError(
                f"no check file is called '{name}'{nearest(name, known_checks())} (a path works too)"
            )
        read = load_targets(str(path), overrides)
        bare = [t.name for t in read.role("check", "report") if t.row.naive is None]
        if bare and name != FITTED:
            raise UserError(
                f"{path}: a check needs a naive guess beside it; without 'naive': {', '.join(bare)}"
            )
        sets.append(read)
    return sets


def score(name: str, runs: np.ndarray, targets: Sequence[Target]) -> list[Scored]:
    """Checks of one file against its runs. runs: float64 (runs, targets), NaN where a run had nothing to count."""
    out = []
    for values, found in zip(runs.T, judge(runs, targets), strict=True):
        if found.target.row.role in (*COUNTED, "report"):
            known = int(np.isfinite(values).sum())
            word = verdict(found.model, found.target)
            out.append(Scored(name, found.target, found.model, found.error, known, word))
    return out


def validate(
    sets: Sequence[Targets],
    seeds: int,
    store: Store,
    where: str = "threads",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Runs what is not in the store and scores every check on replicate means.

    store: held for writing. seeds: runs of each file. progress: called with the number of runs just done.
    """
    out = Outcome([], [], [], 0, 0)
    made = 0
    for targets in sets:
        simulator = Simulator(
            targets, targets.scenario, store, where, workers, progress, f"check {targets.name}"
        )
        runs = simulator.runs([{}], [list(SEEDS[:seeds])])[0]
        if targets.name != FITTED or targets.path.parent != FOLDER:
            out.scored.extend(score(targets.name, runs, targets.modelled))
        out.fitted.extend(v for v in judge(runs, targets.modelled) if v.target.row.role == "fit")
        out.not_modelled.extend((targets.name, target) for target in targets.not_modelled)
        made += simulator.made
    return out._replace(made=made, stored=seeds * len(sets) - made)
