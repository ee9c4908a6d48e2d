"""Where saved benefit weeks went, and what a refusion rule moves between payers without moving anybody."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from experiments.comparison import EXIT_DOORS
from sim import codes
from sim.scenario import Scenario


class ExitSplit(NamedTuple):
    """Saved benefit weeks by where their people were instead."""

    saved: float  # person-weeks off the benefits that shrank
    weeks: dict[str, float]  # EXIT_DOORS -> person-weeks; they add up to `saved`

    def share(self, door: str) -> float:
        """Share of the saved weeks; NaN when none were saved."""
        return self.weeks[door] / self.saved if self.saved > 0 else float("nan")


def exit_split(by_status: Mapping[str, float], error: Mapping[str, float]) -> ExitSplit:
    """Splits the benefit weeks a scenario saved against the base.

    by_status: change in person-weeks by status; error: its calculation error, for benefits (NaN: not known).

    A week saved was spent in ordinary work, in ordinary education, on another form of support (a benefit that grew by
    more than its calculation error, a wage subsidy, leave), or in neither: without income of these kinds, moved away or
    dead. Everybody is somewhere each week, so the four add up. "Job" is net of residents who lost a vacancy to somebody
    helped. Benefits that grew by luck are set off against the saved weeks, or luck would read as "other benefit".
    """
    grown = [name for name in codes.BENEFITS if by_status[name] > error[name]]
    saved = -sum(by_status[name] for name in codes.BENEFITS if name not in grown)
    weeks = {
        "job": by_status["job"],
        "ordinary education": by_status["education"],
        "other benefit": sum(by_status[name] for name in grown)
        + by_status["subsidised_job"]
        + by_status["on_leave"],
        "neither": by_status["outside"] + by_status["gone"] + by_status["absent"] + by_status["reserved"],
    }
    assert tuple(weeks) == EXIT_DOORS
    return ExitSplit(saved, weeks)


def refusion_differs(base: Scenario, other: Scenario) -> bool:
    """Whether the two pay benefits under different refusion rules."""
    return _refusion(base) != _refusion(other)


def accounting_twin(base: Scenario, other: Scenario) -> Scenario:
    """The base under the other's refusion rule: the same people, another payer.

    Where the base orders its queue by saving, it goes on reckoning with its own rule: what follows from a new order is
    behaviour.
    """
    law = replace(
        base.law,
        refusion=other.law.refusion,
        refusion_switches=other.law.refusion_switches,
        refusion_parameters=other.law.refusion_parameters,
        refusion_where=other.law.refusion_where,
        refusion_file=other.law.refusion_file,
    )
    levers = dict(base.levers)
    order: Any = levers.get("priority")
    if order is not None and order.under_refusion is None:
        levers["priority"] = order.model_copy(
            update={"under_refusion": base.law.refusion_file or base.law.refusion}
        )
    return replace(base, name=f"{base.name} under {other.law.refusion}", law=law, levers=levers)


def same_but_for_names(a: Scenario, b: Scenario) -> bool:
    """Whether two scenarios have the same value in everything that can alter a result."""
    return a.canonical() == b.canonical()


def _refusion(scenario: Scenario) -> Mapping[str, object]:
    rules: Mapping[str, object] = scenario.canonical()["law"]["refusion"]
    return rules
