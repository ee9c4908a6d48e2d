"""The dose of one lever that spends a given amount: secant steps over simulations, bounds and steps kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sim.policies.registry import Dose

TOLERANCE: Final = 0.01  # of the budget (economics rule 10)


@dataclass(frozen=True)
class Root:
    """A dose and what it spends."""

    dose: float
    spent: float
    tried: tuple[tuple[float, float], ...]


def solve_dose(
    spend: Callable[[float], float],
    target: float,
    declared: Dose,
    tries: int,
    known: Sequence[tuple[float, float]] = (),
) -> Root:
    """The dose whose spending comes nearest to the target: secant steps inside what brackets it.

    Args:
        spend: Spending a year of a dose; a mean over runs, so it may rise unevenly.
        target: Kroner a year.
        declared: Bounds and step of the dose.
        tries: Simulations at most.
        known: (dose, spending) pairs from shorter runs; they give the slope, never the answer.
    """
    tried: dict[float, float] = {}

    def at(dose: float) -> float:
        return _on_grid(dose, declared)

    guess = at(_line(list(known), target, declared)) if known else at(declared.now or declared.most)
    for _ in range(tries):
        if guess not in tried:
            tried[guess] = spend(guess)
        if abs(tried[guess] - target) <= TOLERANCE * target:
            break
        points = list(tried.items())
        if len(points) == 1:
            # The slope of what is known, moved to the point just measured; else through no dose, no spending.
            dose, spent = points[0]
            slope = _slope(known) or (
                spent / (dose - declared.least) if dose > declared.least and spent > 0 else 0.0
            )
            nearer = at(dose + (target - spent) / slope) if slope > 0 else at(declared.most)
        else:
            nearer = at(_line(points, target, declared))
        if nearer in tried:
            beside = _untried_neighbour(tried, target, declared)
            if beside is None or beside in tried:
                break
            nearer = beside
        guess = nearer
    best = min(tried, key=lambda dose: abs(tried[dose] - target))
    return Root(best, tried[best], tuple(tried.items()))


def _on_grid(dose: float, declared: Dose) -> float:
    dose = min(max(dose, declared.least), declared.most)
    return round(dose / declared.step) * declared.step if declared.step else dose


def _slope(points: Sequence[tuple[float, float]]) -> float:
    if len(points) < 2:
        return 0.0
    (a, fa), (b, fb) = min(points), max(points)
    return (fb - fa) / (b - a) if b > a and fb > fa else 0.0


def _line(points: list[tuple[float, float]], target: float, declared: Dose) -> float:
    """Where the line through the two points that bracket the target (or lie nearest to it) reaches it."""
    below = [point for point in points if point[1] <= target]
    above = [point for point in points if point[1] > target]
    if below and above:
        two = [max(below, key=lambda p: p[1]), min(above, key=lambda p: p[1])]
    else:
        two = sorted(points, key=lambda p: abs(p[1] - target))[:2]
    slope = _slope(two)
    if slope <= 0.0:
        dose, spent = two[0]
        return dose * target / spent if spent > 0 else declared.most
    return two[0][0] + (target - two[0][1]) / slope


def _untried_neighbour(tried: Mapping[float, float], target: float, declared: Dose) -> float | None:
    """The next step towards the target from the best dose so far; None where doses have no steps."""
    if not declared.step:
        return None
    best = min(tried, key=lambda dose: abs(tried[dose] - target))
    return _on_grid(best + (declared.step if tried[best] < target else -declared.step), declared)


def reason_of(root: Root, target: float, declared: Dose) -> str:
    """Why a budget is not met within 1 %; empty when it is."""
    off = root.spent / target - 1.0
    if abs(off) <= TOLERANCE:
        return ""
    if root.dose >= declared.most - 1e-9 and off < 0:
        return (
            f"can use only {root.spent / 1e6:.2f} of {target / 1e6:.2f} mio. kr.: {declared.why_most}"
            f" ({declared.parameter} {declared.most:g})"
        )
    if root.dose <= declared.least + 1e-9 and off > 0:
        return f"costs {root.spent / 1e6:.2f} mio. kr. before its dose begins: more than {target / 1e6:.2f} mio. kr."
    if declared.step:
        return f"{100 * off:+.1f} %: posts come in steps of {declared.step:g}"
    return f"{100 * off:+.1f} %: spending jumps between doses (runs drift apart); more seeds come nearer"
