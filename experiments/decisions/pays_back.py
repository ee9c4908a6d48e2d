"""The smallest effect at which a strategy pays back, beside where the evidence lies.

For class A the simulation says how many weeks in work would cover what is spent; for every class the arithmetic of
`experiments/break_even.py` says how much the chance of work must rise among those reached. For class B that is the main
answer (economics rule 6).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.bounds import LARGEST
from experiments.break_even import BEST, break_even
from experiments.equal_budget import active
from experiments.money import band
from sim.scenario import Scenario

if TYPE_CHECKING:
    from experiments.decisions.answer import Decision


@dataclass(frozen=True)
class Needed:
    """What one strategy must give to pay back. NaN: nobody is reached, or it cannot be stated."""

    strategy: str
    evidence_class: str
    kr_year: float  # authorised a full year, whole municipality
    persons_reached: float  # a year
    effect_needed: float  # relative rise of the chance of work within a year
    largest_of_its_kind: float  # published; NaN where no study is known
    evidence: str
    why_not: str  # why no effect is asked for; empty when one is

    @property
    def words(self) -> str:
        """The answer in words: within what has been found, beyond it, or beyond anything."""
        if self.why_not:
            return self.why_not
        if self.effect_needed <= (0.0 if math.isnan(self.largest_of_its_kind) else self.largest_of_its_kind):
            return "within what has been found for its kind"
        if self.effect_needed <= BEST.effect:
            return "more than found for its kind, within the largest of any kind"
        return "more than any trial has found for any lever"


@dataclass(frozen=True)
class WeeksNeeded:
    """The simulated break-even of a strategy of class A, over the horizon."""

    strategy: str
    weeks: float  # self-supporting weeks, mean over draws
    low: float  # 80 % interval over draws
    high: float
    needed: float  # weeks that would cover the spending; NaN when it cannot be stated
    chance: float  # draws in which as many are gained; NaN as above


def needed(name: str, scenario: Scenario) -> Needed:
    """The arithmetic of one strategy at the dose its scenario has."""
    found = break_even(scenario)
    kinds = [LARGEST[one] for one in active(scenario) if one in LARGEST]
    largest = max(kinds, key=lambda one: one.effect) if kinds else None
    grade = scenario.evidence_class or "none"
    why = ""
    if grade == "C":
        why = "process or accounting only: no effect to ask for"
    elif not found.kr_year and not found.one_off_kr:
        why = "costs nothing"
    elif math.isnan(found.effect_needed):
        why = "nobody is reached"
    return Needed(
        strategy=name,
        evidence_class=grade,
        kr_year=found.kr_year,
        persons_reached=found.persons_reached,
        effect_needed=found.effect_needed,
        largest_of_its_kind=largest.effect if largest else math.nan,
        evidence=largest.evidence if largest else "no study of its kind is known",
        why_not=why,
    )


def weeks_needed(found: "Decision") -> list[WeeksNeeded]:
    """Of every strategy ranked: weeks in work gained, and how many would cover what is spent.

    Saved kroner per week gained are the means over draws of (spent - net cost) / weeks. Stated only where the 80 %
    intervals of the weeks and of what is saved lie above zero.
    """
    out, known = [], found.known
    for k, name in enumerate(found.names):
        weeks = known.weeks[:, k]
        gained = band(weeks)
        saved = band(known.saved[:, k])
        spent = saved.mean + float(known.municipal[:, k].mean())
        enough = math.nan
        if gained.low > 0.0 and saved.low > 0.0 and spent > 0.0:
            enough = spent / (saved.mean / gained.mean)
        chance = math.nan if math.isnan(enough) else float((weeks >= enough).mean())
        out.append(WeeksNeeded(name, gained.mean, gained.low, gained.high, enough, chance))
    return out


def all_needed(
    priced: Sequence[tuple[str, Scenario]], others: Sequence[tuple[str, Scenario]]
) -> list[Needed]:
    """Strategies of the experiment at its price, then others as they are designed; the smallest effect first."""
    rows = [needed(name, scenario) for name, scenario in (*priced, *others)]
    return sorted(rows, key=lambda one: (bool(one.why_not), one.effect_needed))
