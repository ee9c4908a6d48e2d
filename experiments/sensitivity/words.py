"""What an analysis says in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.sensitivity.analysis import MAIN, OF_VARIANCE, Analysis, Ends
from sim.errors import UserError
from sim.records.outcome_list import OUTCOMES
from sim.scenario.yaml_tree import nearest

NAMED: Final = 3
PLACES: Final = (
    "effects.",
    "municipality.",
    "law.benefit_rates.",
    "law.",
)  # where a number is written needs no saying
MOSTLY_LUCK: Final = 0.5


@dataclass(frozen=True)
class Unit:
    """How an outcome is shown: its words, and what its numbers are multiplied by."""

    words: str
    scale: float


def unit_of(outcome: str, weeks: int) -> Unit:
    """Kroner over the horizon are shown as mio. kr. a year. Raises UserError for an unknown outcome."""
    name, *rest = outcome.split("/")
    if name not in OUTCOMES or len(rest) < 2:
        raise UserError(
            f"--outcome {outcome}: not known{nearest(name, OUTCOMES)}; write OUTCOME/GROUP/YEAR, for example"
            " net_municipal_cost/all/all"
        )
    kind, group, year = OUTCOMES[name], "/".join(rest[:-1]), rest[-1]
    of = "" if group == "all" else f", {group}"
    when = "" if year == "all" else f", {year}"
    if kind.unit == "kr.":
        years = weeks / (365.2425 / 7) if year == "all" else 1.0
        return Unit(f"{name.replace('_', ' ')}{of}{when}, mio. kr. a year", 1e-6 / years)
    return Unit(f"{name.replace('_', ' ')}{of}{when}, {kind.unit}", 1.0)


def factor_words(name: str) -> str:
    """A factor's name as it is printed: 'municipality.staff.weeks_to_fill' -> 'staff: weeks to fill'."""
    for place in PLACES:
        name = name.removeprefix(place)
    return name.replace(".", ": ").replace("_", " ")


def paragraph(analysis: Analysis, found: Sequence[Ends], unit: Unit) -> str:
    """What drives one effect, what could turn its sign, and how much luck there is in it."""
    effect, mean = analysis.effect, analysis.effect.mean * unit.scale
    low, high = np.percentile(mean, [10, 90])
    said = [
        f"{effect.name}, {unit.words}: {mean.mean():+,.2f} on average over what is varied (80 % of points"
        f" {low:+,.2f} to {high:+,.2f}, luck of {effect.y.shape[1]} seeds in it)."
    ]
    moved = analysis.moved_by()
    if moved:
        said.append(
            "What moves it, from the lowest to the highest third of what is possible: "
            + _listed([_swing(analysis, k, unit) for k in moved[:NAMED]])
            + "."
        )
    if not analysis.told_from_luck() and analysis.method in ("morris", "sobol"):
        said.append(
            "How much of what is not known stands in each factor cannot be told from luck with these runs:"
            " more points, or more seeds."
            if moved
            else "No factor can be told from luck with these runs: more points, or more seeds."
        )
    else:
        top = analysis.order()[:NAMED]
        # Those whose interval holds nothing at all are not named; where no interval can be given, all are.
        main = [analysis.indices[k][MAIN[analysis.method]] for k in top]
        top = [k for k, index in zip(top, main, strict=True) if not index.low <= 0.0] or top[:1]
        said.append("It is driven most by " + _listed([_named(analysis, k, unit) for k in top]) + ".")
    flips = [end for end in found if end.flips]
    if analysis.method == "morris":
        pass  # neighbours on a trajectory are alike, so thirds of the points have no honest error
    elif flips:
        said.append(
            "The sign turns with "
            + _listed(
                [
                    f"{factor_words(end.factor.name)} ({end.low * unit.scale:+,.2f} where it is low,"
                    f" {end.high * unit.scale:+,.2f} where it is high)"
                    for end in sorted(flips, key=lambda end: -abs(end.high - end.low))[:NAMED]
                ]
            )
            + "."
        )
    else:
        said.append("No single factor turns its sign.")
    share = effect.luck_share
    if np.isfinite(share):
        treated = "has been taken out" if analysis.luck_out else "is left in what the indices are made of"
        said.append(f"Luck is {min(1.0, share):.0%} of the variance between points and {treated}.")
        if share > MOSTLY_LUCK:
            said.append("With so much luck the order of the factors is uncertain: see the intervals.")
    said += [f"{analysis.method}: {remark}." for remark in analysis.remarks]
    return " ".join(said)


def _named(analysis: Analysis, k: int, unit: Unit) -> str:
    name, index = factor_words(analysis.factors[k].name), analysis.indices[k][MAIN[analysis.method]]
    if analysis.method == "morris":
        return f"{name} (from low to high {index.value * unit.scale:,.2f}, either way)"
    most = 1.0 if analysis.method in OF_VARIANCE else np.inf
    value, low, high = (min(max(0.0, x), most) for x in (index.value, index.low, index.high))
    return f"{name} ({value:.0%}" + (f", {low:.0%} to {high:.0%})" if np.isfinite(index.low) else ")")


def _swing(analysis: Analysis, k: int, unit: Unit) -> str:
    swing = analysis.swings[k]
    value, low, high = (bound * unit.scale for bound in (swing.value, swing.low, swing.high))
    return f"{factor_words(analysis.factors[k].name)} ({value:+,.2f}, {low:+,.2f} to {high:+,.2f})"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def ranking(
    names: Sequence[str], found: dict[str, list[Ends]], unit: Unit, less_is_better: bool
) -> list[str]:
    """Which factors change which of two scenarios looks better. found: scenario -> ends of its effect."""
    out = []
    for a_at, a in enumerate(names):
        for b in names[a_at + 1 :]:
            for one, other in zip(found[a], found[b], strict=True):
                gaps = one.low - other.low, one.high - other.high
                errors = np.hypot(one.low_error, other.low_error), np.hypot(one.high_error, other.high_error)
                if gaps[0] * gaps[1] < 0 and abs(gaps[0]) > errors[0] and abs(gaps[1]) > errors[1]:
                    better = (a, b) if (gaps[0] < 0) == less_is_better else (b, a)
                    out.append(
                        f"{factor_words(one.factor.name)}: where it is low {better[0]} is better, where it is high"
                        f" {better[1]} ({gaps[0] * unit.scale:+,.2f} and {gaps[1] * unit.scale:+,.2f} between them)"
                    )
    return out
