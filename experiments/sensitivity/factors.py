"""What may vary: every number with a range, in groups, and what an experiment file adds.

*effects* and *mechanism* are drawn as in a batch: the levels are put back after each draw (experiments/anchor.py), so
what they move is the effect, not the municipality. Numbers of the levers that are known as a range belong to the
effects and move no base, so nothing is put back after them. *levels* are the fitted rates of finding work, falling
ill, leaving, and who lives in the municipality; they form a group of their own and are never put back (economics rule
4). *prices*
are prices, staff and shares paid with a range of their own in the files. *scenario* are values an experiment gives a
range under `factors:`. *structure* chooses one of its `variants`, or (when asked) one of its scenarios. A variant that
changes the refusion rules only is no factor but a context: every run is costed under it too (experiments/recost.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from experiments.draws import Range, is_drawn, lever_ranges, number_of, ranges, set_by_hand
from experiments.experiment_file import PLAIN, Experiment
from experiments.recost import why_not
from experiments.sensitivity.settings import LEVERS
from sim.errors import UserError
from sim.scenario import Scenario
from sim.scenario.law_tables import Law
from sim.scenario.municipality import UNUSED
from sim.scenario.yaml_tree import nearest

GROUPS: Final = ("effects", "mechanism", "levels", "prices", "scenario", "structure")
DEFAULT_GROUPS: Final = tuple(group for group in GROUPS if group != "levels")
STRUCTURE: Final = "structure"
SCENARIO: Final = "which scenario"
_EFFECTS: Final = ("effects", "implementation")
# Where values of the files with a range belong; stocks are what the model is judged by, never an input.
_PLACES: Final = {
    "municipality.population.": "levels",
    "municipality.staff.": "prices",
    "municipality.prices.": "prices",
    "law.benefit_rates.paid_share.": "prices",
}
_EDGE: Final = 1e-3  # of an unbounded distribution, so far out draws still come


@dataclass(frozen=True)
class Factor:
    """One thing that varies. `choices`: names of variants instead of a range."""

    name: str
    group: str
    range: Range | None = None
    choices: tuple[str, ...] = ()
    in_files: bool = False  # set by overriding a value of the scenario's files

    def at(self, u: float) -> float | str:
        """The value at quantile `u` in [0, 1]."""
        if self.range is None:
            return self.choices[min(int(u * len(self.choices)), len(self.choices) - 1)]
        return self.range.at(min(max(u, _EDGE), 1.0 - _EDGE))

    def within(self, u: float) -> float | str:
        """The value at `u` of the way from low to high: screening stays within the range that is written down."""
        edge = 0.05 if self.range is not None and self.range.distribution == "lognormal" else 0.0
        return self.at(edge + (1.0 - 2.0 * edge) * u)


@dataclass(frozen=True)
class Point:
    """One set of values, laid over every scenario alike."""

    values: dict[str, float]  # anchored
    levels: dict[str, float]  # not anchored
    variant: str
    settings: dict[str, str] = field(default_factory=dict)  # values of the files, as an override writes them
    scenario: str | None = None  # the one that is lived beside the base; None: all of them

    @property
    def all_values(self) -> dict[str, Any]:
        """Everything that names the point."""
        return {**self.values, **self.levels, **self.settings}


def factors_of(
    experiment: Experiment, groups: Sequence[str], only: Sequence[str] = (), which_scenario: bool = False
) -> list[Factor]:
    """The factors of these groups, in the order of groups and names; of them those named in `only`, if any are.

    which_scenario: the scenario itself is one more factor. Raises UserError for an unknown group or factor, a factor
    without a range, and one that a scenario sets itself.
    """
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        raise UserError(f"--groups {unknown[0]}: allowed are {', '.join(GROUPS)}")
    base = experiment.worlds[PLAIN][0]
    known = _known(experiment, base)
    if which_scenario:
        if len(experiment.names) < 3:
            raise UserError(
                f"{experiment.path}: the scenario can be a factor where there are two or more beside the base"
            )
        known[SCENARIO] = Factor(SCENARIO, "structure", None, experiment.names[1:])
        only = (*only, SCENARIO) if only else ()
        groups = (*groups, "structure")
    for name in only:
        if name not in known:
            raise UserError(f"--factor {name}: {_why_not(base, name, known)}")
    chosen = [
        factor for factor in known.values() if (factor.name in only if only else factor.group in groups)
    ]
    fixed = fixed_by(experiment)
    asked = [factor.name for factor in chosen if factor.name in fixed and factor.name in only]
    if asked:
        raise UserError(
            f"--factor {asked[0]}: {fixed[asked[0]]} sets it itself, so it cannot vary over this set; leave the"
            " scenario or the factor out"
        )
    if experiment.priced:
        for factor in chosen:
            if factor.in_files and factor.name.startswith(LEVERS):
                raise UserError(
                    f"{experiment.path}: factors: {factor.name} cannot vary: 'equal_budget' chose the doses of the"
                    " levers, and reading the file again would undo them; leave the factor or 'equal_budget' out"
                )
    for factor in chosen:
        if factor.in_files and factor.name.startswith(LEVERS):
            lever = factor.name.split(".")[1]
            if not any(lever in one.levers for world in experiment.worlds.values() for one in world):
                raise UserError(
                    f"{experiment.path}: factors: {factor.name} would change nothing: no scenario of the set has"
                    f" '{lever}', and a lever's number varies only where the lever is; leave it out or add a scenario"
                )
    chosen = [factor for factor in chosen if factor.name not in fixed]
    if len(chosen) < 2:
        raise UserError(
            f"{experiment.path}: {len(chosen)} factor left to vary; sensitivity needs at least two (--groups, --factor,"
            " or ranges under 'factors:')"
        )
    return sorted(chosen, key=lambda factor: (GROUPS.index(factor.group), factor.name))


def _known(experiment: Experiment, base: Scenario) -> dict[str, Factor]:
    drawn = ranges(base)
    out = {
        name: Factor(name, "effects" if name.split(".")[0] in _EFFECTS else "mechanism", one)
        for name, one in drawn.items()
    }
    for name, one in lever_ranges(experiment.worlds[PLAIN]).items():
        out[name] = Factor(name, "effects", one)
    for name, row in base.behaviour_rows.items():
        if not is_drawn(name, row.status) and row.distribution != "fixed" and row.low < row.high:
            out[name] = Factor(name, "levels", Range(row.value, row.low, row.high, row.distribution))
    for name, known in base.provenance.items():
        group = next((group for place, group in _PLACES.items() if name.startswith(place)), None)
        if name in UNUSED:
            continue
        if group is not None and known.low is not None and known.high is not None and known.low < known.high:
            middle = (known.low + known.high) / 2.0
            out[name] = Factor(name, group, Range(middle, known.low, known.high, "uniform"), in_files=True)
    for name, given in experiment.file.factors.items():
        middle = (given.low + given.high) / 2.0
        out[name] = Factor(name, "scenario", Range(middle, given.low, given.high, "uniform"), in_files=True)
    contexts = contexts_of(experiment)
    structures = tuple(variant for variant in experiment.worlds if variant not in contexts)
    if len(structures) > 1:
        out[STRUCTURE] = Factor(STRUCTURE, "structure", None, structures)
    return out


def contexts_of(experiment: Experiment) -> dict[str, Law]:
    """The variants whose money follows from lives under the plain rules, each with its law."""
    plain = experiment.worlds[PLAIN]
    return {
        variant: world[0].law
        for variant, world in experiment.worlds.items()
        if variant != PLAIN and not any(map(why_not, plain, world))
    }


def fixed_by(experiment: Experiment) -> dict[str, str]:
    """Factors some scenario of the set holds at a number of its own -> that scenario."""
    base = experiment.worlds[PLAIN][0]
    fixed: dict[str, str] = {}
    for world in experiment.worlds.values():
        for scenario in world:
            for name in set_by_hand(scenario):
                fixed.setdefault(name, scenario.name)
            for name in scenario.behaviour:
                if number_of(scenario, name) != number_of(base, name):
                    fixed.setdefault(name, scenario.name)
    return fixed


def _why_not(base: Scenario, name: str, known: Mapping[str, Factor]) -> str:
    if name in base.behaviour_rows:
        return "has no range (it is fixed); give it one in the behaviour file"
    if name in base.provenance:
        return "has no range; give it low and high where it is written, or under 'factors:' of an experiment"
    if name == STRUCTURE:
        return (
            "the experiment has no variant to choose from; a variant of the refusion rules alone is a context"
        )
    return f"is no factor{nearest(name, known)}; a value of the scenario needs low and high under 'factors:'"


def point_of(factors: Sequence[Factor], row: Sequence[float], screening: bool) -> Point:
    """The values at one row of a design. row: quantiles, one per factor."""
    values: dict[str, float] = {}
    levels: dict[str, float] = {}
    settings: dict[str, str] = {}
    variant, scenario = PLAIN, None
    for factor, u in zip(factors, row, strict=True):
        value = factor.within(float(u)) if screening else factor.at(float(u))
        if isinstance(value, str):
            variant, scenario = (variant, value) if factor.name == SCENARIO else (value, scenario)
        elif factor.in_files:
            settings[factor.name] = _text(factor, value)
        elif factor.group == "levels":
            levels[factor.name] = value
        else:
            values[factor.name] = value
    return Point(values, levels, variant, settings, scenario)


def _text(factor: Factor, value: float) -> str:
    """A value as an override; between whole numbers it stays whole (weeks, kroner)."""
    assert factor.range is not None
    whole = float(factor.range.low).is_integer() and float(factor.range.high).is_integer()
    return f"{round(value)}" if whole and factor.range.high - factor.range.low > 2 else f"{value:.10g}"
