"""What an analysis says in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.sensitivity.analysis import MAIN, MOSTLY_LUCK, OF_VARIANCE, SCREENING, Analysis, Ends
from experiments.sensitivity.factors import Factor
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
TRIFLING: Final = 0.05  # of the largest index
NO_ORDER: Final = "No single factor is shown to change which of the scenarios gives less."


@dataclass(frozen=True)
class Unit:
    """How an outcome is shown: its words, and what its numbers are multiplied by."""

    words: str
    scale: float


def unit_of(outcome: str, weeks: int) -> Unit:
    """Kroner over the horizon are shown as mio. kr. a year. Raises UserError for an unknown outcome."""
    name, *rest = outcome.split("/")
    if name in OUTCOMES and len(rest) < 2:
        raise UserError(
            f"--outcome {outcome}: its group and year are missing; write {name}/GROUP/YEAR, for example"
            f" {'full_time_persons/support/all' if name == 'full_time_persons' else f'{name}/all/all'}"
        )
    if name not in OUTCOMES:
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


def number_words(value: float) -> str:
    """A number as tables have it: three digits that count, '-' where there is none."""
    if not np.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def shown(analysis: Analysis, numbers: list[float]) -> list[float]:
    """An index and its bounds as they are shown: shares between nothing and all; none where shares cannot be told."""
    if analysis.method not in OF_VARIANCE:
        return numbers
    if not analysis.shares_told:
        return [float("nan")] * len(numbers)
    return [min(max(0.0, value), 1.0) if np.isfinite(value) else value for value in numbers]


def factor_range(factor: Factor) -> str:
    """The same with what is low and what is high: 'staff: weeks to fill, 6 to 20'."""
    if factor.range is None:
        return factor_words(factor.name)
    low, high = (f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.4g}" for x in (factor.range.low, factor.range.high))
    return f"{factor_words(factor.name)}, {low} to {high}"


def paragraph(analysis: Analysis, found: Sequence[Ends], unit: Unit) -> str:
    """What drives one effect, what could turn its sign, and how much luck there is in it."""
    effect, mean = analysis.effect, analysis.effect.mean * unit.scale
    low, high = np.percentile(mean, [10, 90])
    seeds = np.isfinite(effect.y).sum(axis=1)
    of = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
    said = [
        f"{effect.name}, {unit.words}: {mean.mean():+,.2f} on average over what is varied (80 % of points"
        f" {low:+,.2f} to {high:+,.2f}, luck of {of} seeds in it)."
    ]
    moved = analysis.moved_by()
    if moved:
        said.append(
            "What moves it, from the lowest to the highest third of what is possible: "
            + _listed([_swing(analysis, k, unit) for k in moved[:NAMED]])
            + "."
        )
    said.append(_shares(analysis, unit, bool(moved)))
    flips = [end for end in found if end.flips]
    if analysis.method == SCREENING:
        pass  # neighbours on a trajectory are alike, so thirds of the points have no honest error
    elif flips:
        turned = sorted(flips, key=lambda end: -abs(end.high - end.low))[:NAMED]
        said.append("The sign turns with " + _listed([_turn(end, unit) for end in turned]) + ".")
    else:
        said.append("No single factor is shown to turn its sign with these runs.")
    share = effect.luck_share
    if np.isfinite(share):
        treated = "has been taken out" if analysis.luck_out else "is left in what the indices are made of"
        said.append(f"Luck is {min(1.0, share):.0%} of the variance between points and {treated}.")
        if share > MOSTLY_LUCK and analysis.shares_told:  # else no interval is shown
            said.append("With so much luck the order of the factors is uncertain: see the intervals.")
    else:
        said.append("With one seed a point nobody can say how much of this is luck.")
    said += [f"{analysis.method}: {remark}." for remark in analysis.remarks]
    return " ".join(said)


def _shares(analysis: Analysis, unit: Unit, moved: bool) -> str:
    """Whose ignorance the spread of the effect is, as far as it can be told."""
    if analysis.luck_out:
        top = [k for k in analysis.shared_by() if _counts(analysis, k)][:NAMED]
        if not top:
            return (
                "How much of what is not known stands in each factor cannot be told from luck with these runs:"
                " more points, or more seeds."
                if moved
                else "No factor can be told from luck with these runs: more points, or more seeds."
            )
    else:
        # Those whose interval holds nothing at all are not named.
        top = [
            k for k in analysis.order()[:NAMED] if not analysis.indices[k][MAIN[analysis.method]].low <= 0.0
        ]
        if not (analysis.shares_told and top):
            return "By its indices no order of factors is claimed: more than half of it may be luck, or is missed."
    return "It is driven most by " + _listed([_named(analysis, k, unit) for k in top]) + "."


def _counts(analysis: Analysis, k: int) -> bool:
    """Whether a factor's part is worth words beside the largest: a price can be told and be next to nothing."""
    main = [one[MAIN[analysis.method]].value for one in analysis.indices]
    return main[k] >= TRIFLING * float(np.nanmax(main))


def _named(analysis: Analysis, k: int, unit: Unit) -> str:
    name, index = factor_words(analysis.factors[k].name), analysis.indices[k][MAIN[analysis.method]]
    if analysis.method == SCREENING:
        return f"{name} (from low to high {index.value * unit.scale:,.2f}, either way)"
    if analysis.method not in OF_VARIANCE:  # a distance between distributions
        return f"{name} ({index.value:.2f})"
    value, low, high = (min(max(0.0, x), 1.0) for x in (index.value, index.low, index.high))
    return f"{name} ({value:.0%}" + (f", {low:.0%} to {high:.0%})" if np.isfinite(index.low) else ")")


def _swing(analysis: Analysis, k: int, unit: Unit) -> str:
    factor, swing = analysis.factors[k], analysis.swings[k]
    value, low, high = (bound * unit.scale for bound in (swing.value, swing.low, swing.high))
    of = f"{_choice(factor.choices[-1])} instead of {_choice(factor.choices[0])}: " if factor.choices else ""
    return f"{factor_words(factor.name)} ({of}{value:+,.2f}, {low:+,.2f} to {high:+,.2f})"


def _turn(end: Ends, unit: Unit) -> str:
    low, high = _where(end.factor)
    return f"{factor_words(end.factor.name)} ({end.low * unit.scale:+,.2f} {low}, {end.high * unit.scale:+,.2f} {high})"


def _where(factor: Factor) -> tuple[str, str]:
    """The two ends of a factor in words."""
    if factor.choices:
        return f"with {_choice(factor.choices[0])}", f"with {_choice(factor.choices[-1])}"
    return "where it is low", "where it is high"


def _choice(name: str) -> str:
    return name or "the world as it stands"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def ranking(gaps: Mapping[tuple[str, str], Sequence[Ends]], unit: Unit) -> list[str]:
    """Which factors change which of two scenarios gives less. gaps: the two -> ends of the first less the second."""
    out = []
    for pair, found in gaps.items():
        for gap in found:
            if gap.flips:
                lower = pair if gap.low < 0 else pair[::-1]
                low, high = _where(gap.factor)
                out.append(
                    f"{factor_words(gap.factor.name)}: {low} {lower[0]} gives less than {lower[1]}, {high} more"
                    f" ({pair[0]} less {pair[1]}: {gap.low * unit.scale:+,.2f} and {gap.high * unit.scale:+,.2f})"
                )
    return out
