"""A whole analysis: factors, design, runs, indices of every effect, and the files they are written to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.draws import Range
from experiments.experiment_file import PLAIN, Experiment
from experiments.sensitivity.analysis import (
    LEVELS,
    MAIN,
    SCREENING,
    SEED,
    VARIANCE,
    Analysis,
    Effect,
    Ends,
    analyse,
    design,
    ends,
    points_needed,
)
from experiments.sensitivity.factors import Factor, point_of
from experiments.sensitivity.indices import Index
from experiments.sensitivity.running import MOST_EXTRA, Lot, Runs
from experiments.sensitivity.settings import LEVERS
from experiments.sensitivity.surrogate import FEWEST, FRESH, of_emulator
from experiments.sensitivity.swings import swings
from experiments.sensitivity.words import Unit, paragraph, ranking, unit_of
from experiments.store import Store
from sim.calendar import year_of
from sim.errors import UserError
from sim.scenario import Scenario
from sim.scenario.yaml_tree import nearest

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES_SHOWN: Final = ("full_time_persons/support/all", "net_municipal_cost/all/all")
PROBE_SHARE: Final = 0.01  # of the municipality, to see which outcomes there are
FEWEST_POINTS: Final = {"pawn": 30, "delta": 30, "shapley": 30, "rbd_fast": 64}
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Plan:
    """How an analysis is carried out. n: trajectories of morris, base points of the others."""

    method: str
    n: int
    seeds: int
    outcomes: tuple[str, ...] = OUTCOMES_SHOWN
    extra: int = 0  # seeds more for the factors whose indices are least certain
    emulated: bool = False  # indices of an emulator fitted to n points, not of a design of their own
    drawn: bool = False  # points are draws of a file, correlated as they are

    def runs(self, factors: int, scenarios: int) -> int:
        """Runs of the design, without extra seeds."""
        points = self.n + FRESH if self.emulated else points_needed(self.method, factors, self.n)
        return points * self.seeds * scenarios

    def row(self, factors: int) -> int:
        """Points of a row of the design: they share coordinates and seeds."""
        return 1 if self.emulated else points_needed(self.method, factors, self.n) // self.n


@dataclass
class Study:
    """A finished analysis of one method."""

    experiment: Experiment
    plan: Plan
    factors: list[Factor]
    u: np.ndarray  # float64 (points, factors): quantiles
    analyses: list[Analysis]
    ends: dict[tuple[str, str], list[Ends]]  # by key of the effect
    years: dict[
        tuple[str, str], dict[str, Analysis]
    ]  # the same effect in each year, without bounds of its indices
    convergence: dict[tuple[str, str], dict[int, Analysis]]  # from the first rows of the design, by how many
    units: dict[str, Unit]
    screened: "Study | None" = None
    remarks: list[str] = field(default_factory=list)  # on how the runs were made

    def paragraphs(self) -> list[str]:
        """One for each effect."""
        return [
            paragraph(one, self.ends[one.effect.key], self.units[one.effect.outcome]) for one in self.analyses
        ]

    def rankings(self) -> dict[str, list[str]]:
        """outcome -> what changes which scenario lies lower."""
        if self.plan.method == SCREENING:  # its points are not independent
            return {}
        out = {}
        row = self.plan.row(len(self.factors))
        for outcome in self.plan.outcomes:
            of = [one.effect for one in self.analyses if one.effect.outcome == outcome]
            for context in dict.fromkeys(effect.context for effect in of):
                found = [effect for effect in of if effect.context == context]
                if len(found) > 1:
                    under = f" under {context}" if context else ""
                    # What two scenarios have in common, the base and luck, must not count twice: the difference counts.
                    gaps = {
                        (a.scenario, b.scenario): ends(self.factors, self.u[: len(a.y)], a.mean - b.mean, row)
                        for a, b in combinations(found, 2)
                    }
                    unit = self.units[outcome]
                    out[f"{unit.words}{under}"] = ranking(gaps, unit)
        return out


def check_plan(plan: Plan, experiment: Experiment) -> dict[str, Unit]:
    """Units of the outcomes. Raises UserError for what cannot be analysed, before anything is run."""
    if plan.method == VARIANCE and not plan.emulated and plan.n & (plan.n - 1):
        near = 1 << (plan.n.bit_length() - 1)
        raise UserError(f"--n {plan.n}: Sobol' sequences need a power of two; take {near} or {2 * near}")
    if plan.emulated and plan.method != VARIANCE:
        raise UserError(
            f"--emulator gives the indices of sobol; with --method {plan.method} it has no meaning"
        )
    if plan.method in (SCREENING, VARIANCE) and not plan.emulated and plan.seeds < 2:
        raise UserError(
            f"--seeds {plan.seeds}: {plan.method} tells luck from what drives an effect by two seeds a point or more"
        )
    fewest = FEWEST_POINTS.get(plan.method, 0)
    if plan.n < fewest:
        raise UserError(f"{plan.n} points: {plan.method} needs {fewest} or more (--n, or rows of --draws)")
    if plan.emulated and plan.n < FEWEST:
        raise UserError(f"--n {plan.n}: an emulator needs {FEWEST} points or more")
    if plan.extra and (plan.method not in (SCREENING, VARIANCE) or plan.emulated):
        raise UserError("--extra-seeds go to the points of single factors, which only morris and sobol have")
    if plan.extra > MOST_EXTRA:
        raise UserError(f"--extra-seeds {plan.extra}: at most {MOST_EXTRA}; take more --seeds")
    return {name: unit_of(name, experiment.worlds[PLAIN][0].weeks) for name in plan.outcomes}


def check_choices(plan: Plan, factors: Sequence[Factor]) -> None:
    """Raises UserError for a factor with more choices than screening has levels: some would never be lived."""
    for factor in factors:
        if plan.method == SCREENING and len(factor.choices) > LEVELS:
            raise UserError(
                f"{factor.name}: {len(factor.choices)} choices, and morris has {LEVELS} levels, so some would never be"
                " lived; take --method sobol, or fewer"
            )


def check_outcomes(experiment: Experiment, outcomes: Sequence[str]) -> None:
    """Lives every scenario once, in a hundredth of the municipality and, where that has no number, as it will be lived.

    Raises UserError for an outcome that some scenario does not have.
    """
    for variant, world in experiment.worlds.items():
        for scenario, name in zip(world, experiment.names, strict=True):
            small = scenario.world.model_copy(update={"share": min(scenario.world.share, PROBE_SHARE)})
            unsure = _lacking(replace(scenario, world=small), outcomes)
            lacking = _lacking(scenario, unsure) if unsure else []
            if lacking:
                where = f"{name}{f' of {variant}' if variant else ''}"
                raise UserError(
                    f"--outcome {lacking[0]}: {where} has no number for it over {scenario.weeks} weeks (a group or year"
                    " that is not there, or people not followed long enough); leave the outcome or the scenario out"
                )


def _lacking(scenario: Scenario, outcomes: Sequence[str]) -> list[str]:
    from experiments.run import run_one
    from sim.records.outcomes import outcome_sheet

    sheet = outcome_sheet(run_one(scenario, None, 1))
    numbers = {"/".join(key): value for key, value in zip(sheet.keys, sheet.values, strict=True)}
    for name in outcomes:
        if name not in numbers:
            of = name.split("/")[0]
            known = [other for other in numbers if other.split("/")[0] == of]
            raise UserError(f"--outcome {name}: no such group or year{nearest(name, known)}")
    return [name for name in outcomes if not np.isfinite(numbers[name])]


def lived(
    experiment: Experiment,
    plan: Plan,
    factors: Sequence[Factor],
    store: Store | None,
    ranges: Mapping[str, Range] | None = None,
    extra: Mapping[int, int] | None = None,
) -> tuple[np.ndarray, Runs]:
    """The design and its runs, not made yet. ranges: of everything levels are put back after, by default of the
    factors; extra: point -> seeds it has besides those of its row."""
    if plan.emulated:
        u = np.vstack([design("latin", factors, plan.n), design("latin", factors, FRESH, SEED + 1)])
    else:
        u = design(plan.method, factors, plan.n)
    check_choices(plan, factors)
    points = [point_of(factors, row, plan.method == SCREENING) for row in u]
    row = plan.row(len(factors))
    known = anchored_ranges(factors) if ranges is None else ranges
    return u, Runs(experiment, points, Lot(plan.seeds, row, extra or {}), store, known)


def anchored_ranges(factors: Sequence[Factor]) -> dict[str, Range]:
    """Ranges of the factors after which levels are put back; a lever's own numbers move no base."""
    return {
        factor.name: factor.range
        for factor in factors
        if factor.range is not None
        and factor.group in ("effects", "mechanism")
        and not factor.name.startswith(LEVERS)
    }


def study(experiment: Experiment, plan: Plan, factors: Sequence[Factor], u: np.ndarray, runs: Runs) -> Study:
    """Analyses runs that have been made."""
    units = check_plan(plan, experiment)
    out = Study(experiment, plan, list(factors), u, [], {}, {}, {}, units)
    if any(point.values for point in runs.points):
        runs.fit_levels(1)
        for variant, one in runs.responses.items():
            out.remarks.append((f"{variant}: " if variant else "") + one.remark())
    for outcome in plan.outcomes:
        for effect in _effects(runs, outcome):
            if plan.emulated:
                found, fitted = of_emulator(factors, u, effect), u[: plan.n]
            else:
                found = analyse(plan.method, factors, u, plan.n, effect, correlated=plan.drawn)
                fitted = u
            row = plan.row(len(factors))
            if not plan.drawn:
                found.swings = swings(factors, fitted, effect.y[: len(fitted)], row)
            out.analyses.append(found)
            out.ends[effect.key] = ends(factors, fitted, effect.mean[: len(fitted)], row)
            out.years[effect.key] = _by_year(experiment, plan, factors, u, runs, effect)
            if plan.method == VARIANCE and not plan.emulated:
                out.convergence[effect.key] = _growing(plan, factors, u, found)
    return out


def least_certain(found: Study) -> list[int]:
    """Factors whose main index has at least half the widest interval of its effect: there more luck is worth most."""
    out: set[int] = set()
    for one in found.analyses:
        wide = np.array([index.high - index.low for index in (x[MAIN[one.method]] for x in one.indices)])
        if np.isfinite(wide).any():
            out |= {int(k) for k in np.flatnonzero(wide >= 0.5 * np.nanmax(wide))}
    return sorted(out)


def points_of(plan: Plan, u: np.ndarray, factors: int, chosen: Sequence[int]) -> list[int]:
    """The points of a design that the indices of some factors are made of."""
    row = points_needed(plan.method, factors, plan.n) // plan.n
    out: set[int] = set()
    for first in range(0, len(u), row):
        if plan.method == VARIANCE:  # A, the neighbours, B
            out |= {first, first + row - 1, *(first + 1 + k for k in chosen)}
            continue
        moved = np.argmax(np.abs(np.diff(u[first : first + row], axis=0)), axis=1)
        for step in np.flatnonzero(np.isin(moved, chosen)):
            out |= {first + int(step), first + int(step) + 1}
    return sorted(out)


def survivors(screening: Study, most: int) -> list[Factor]:
    """The factors to look at closer: each effect hands on what it can tell from luck, in turn, and then its largest."""
    kept: list[int] = []
    for orders in (
        [one.told() for one in screening.analyses],
        [one.handed_on() for one in screening.analyses],
    ):
        for place in range(len(screening.factors)):
            for order in orders:
                if place < len(order) and order[place] not in kept and len(kept) < most:
                    kept.append(order[place])
    return [screening.factors[k] for k in sorted(kept)]


def _effects(runs: Runs, outcome: str) -> list[Effect]:
    """Differences from the base, in the plain world and under every context that changes them."""
    names, chosen = runs.experiment.names, [point.scenario for point in runs.points]
    out: list[Effect] = []
    plain: list[np.ndarray] = []
    for context in ("", *runs.contexts):
        values = runs.outcome(outcome, context)
        if len(names) == 1:
            found = {names[0]: values[0]}
        elif chosen[0] is not None:  # the scenario is a factor: one of them was lived at each point
            at = [names.index(name) for name in chosen if name is not None]
            found = {"one of " + ", ".join(names[1:]): values[at, np.arange(len(at))] - values[0]}
        else:
            found = {name: other - values[0] for name, other in zip(names[1:], values[1:], strict=True)}
        new = list(found.values())
        if (
            any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(plain, new, strict=False))
            or not plain
        ):
            out += [Effect(name, outcome, y, context) for name, y in found.items()]
        plain = plain or new
    return out


def _by_year(
    experiment: Experiment, plan: Plan, factors: Sequence[Factor], u: np.ndarray, runs: Runs, effect: Effect
) -> dict[str, Analysis]:
    """The effect analysed in each whole budget year."""
    base = experiment.worlds[PLAIN][0]
    first, last = year_of(base.start_week), year_of(base.start_week + base.weeks - 1)
    stem, _, year = effect.outcome.rpartition("/")
    assert runs.store is not None
    there = set(runs.store.outcomes())
    names = {str(y): f"{stem}/{y}" for y in range(first, last + 1) if f"{stem}/{y}" in there}
    if year != "all" or len(names) < 2 or plan.method not in (SCREENING, VARIANCE) or plan.emulated:
        return {}
    out = {}
    for y, name in names.items():
        alike = [one for one in _effects(runs, name) if one.name == effect.name]
        if alike:
            out[y] = analyse(plan.method, factors, u, plan.n, alike[0], 0)
            out[y].swings = swings(factors, u, alike[0].y, plan.row(len(factors)))
    return out


def _growing(plan: Plan, factors: Sequence[Factor], u: np.ndarray, found: Analysis) -> dict[int, Analysis]:
    """The effect analysed from an eighth, a quarter, half and all of the rows; less than eight rows say nothing."""
    out = {}
    for n in (plan.n // 8, plan.n // 4, plan.n // 2):
        if n >= 8:
            points = n * found.row
            part = Effect(
                found.effect.scenario, found.effect.outcome, found.effect.y[:points], found.effect.context
            )
            out[n] = analyse(plan.method, factors, u[:points], n, part, 0)
            out[n].swings = swings(factors, u[:points], part.y, found.row)
    return {**out, plan.n: found}


def _row_of(one: Analysis, k: int, index: Index) -> dict[str, object]:
    name = one.factors[k].name
    return {"factor": name, "index": index.name, "value": index.value, "low": index.low, "high": index.high}


def tables(found: Study) -> "dict[str, pd.DataFrame]":
    """indices, ends, years and the design as tables."""
    import pandas as pd

    from experiments.sensitivity.analysis import tidy

    ends_rows = [
        {
            "scenario": scenario, "outcome": outcome, "factor": one.factor.name, "group": one.factor.group,
            "low_third": one.low, "low_error": one.low_error, "high_third": one.high, "high_error": one.high_error,
        }
        for (scenario, outcome), all_ends in found.ends.items()
        for one in all_ends
    ]  # fmt: skip
    years_rows = [
        {"scenario": scenario, "outcome": outcome, "year": year, **_row_of(one, k, index)}
        for (scenario, outcome), by_year in found.years.items()
        for year, one in by_year.items()
        for k in range(len(found.factors))
        for index in (one.indices[k][MAIN[one.method]], one.swings[k])
    ]
    grown = [
        {"scenario": scenario, "outcome": outcome, "rows": n, **_row_of(one, k, index)}
        for (scenario, outcome), steps in found.convergence.items()
        for n, one in steps.items()
        for k in range(len(found.factors))
        for index in (one.indices[k][MAIN[one.method]], one.swings[k])
    ]
    out = {"indices": tidy(found.analyses), "ends": pd.DataFrame(ends_rows)}
    out |= {
        name: pd.DataFrame(rows) for name, rows in (("years", years_rows), ("convergence", grown)) if rows
    }
    return out


def of_scenarios(names: Sequence[str], changes: Sequence[str]) -> Experiment:
    """An experiment of scenarios named on the command line: the first is the base."""
    from experiments.compare import check_comparable
    from experiments.experiment_file import ExperimentFile
    from sim.scenario import load

    world = tuple(load(name, overrides=changes) for name in names)
    check_comparable(world[0], world[1:])
    file = ExperimentFile.model_validate(
        {"base": names[0], "scenarios": tuple(names[1:]), "set": tuple(changes)}
    )
    return Experiment("_".join(Path(name).stem for name in names), Path(names[0]), file, {PLAIN: world})


def for_weeks(experiment: Experiment, weeks: int) -> Experiment:
    """The same over another horizon."""
    worlds = {v: tuple(one.for_weeks(weeks) for one in world) for v, world in experiment.worlds.items()}
    return replace(experiment, worlds=worlds)
