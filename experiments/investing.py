"""The investment model: what a policy saves in a budget year is, in part, its own to spend in the next.

A saving is the base's spending less the policy's under the same luck, so the base is lived first. The policy is then
lived year by year: at each year's end its saving is known, its part of it is written into the scenario as money or
posts of the next year, and the run goes on under that scenario (sim/snapshot.py, `fork`). So the result is that of a
plain scenario with dated budgets, and no year knows anything of its own saving.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from sim.calendar import year_start
from sim.codes import A_BENEFIT, MUNICIPALITY
from sim.errors import UserError
from sim.records.outcomes import OERE, Key
from sim.records.result import RunResult
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.model import JobcenterModel
    from sim.policies.budget import Budget

LEVER: Final = "budget"
Flowed = Mapping[int, tuple[int, int]]
FLOWED: Final = "flowed_back"  # note of a result: budget year -> (saved in it, added to the next), øre


@dataclass(frozen=True)
class Books:
    """What a run cost the municipality by budget year, øre: all frames, and benefits alone."""

    net: Mapping[int, int]
    benefits: Mapping[int, int]

    def of(self, counted: str) -> Mapping[int, int]:
        """Spending by year, as an investment model counts it."""
        return {"net": self.net, "benefits": self.benefits}[counted]


def invests(scenario: Scenario) -> bool:
    """Whether savings of the scenario flow back, so that it needs the books of its base."""
    return any(lever.needs_base() for lever in scenario.levers.values())


def check_base(base: Scenario) -> None:
    """Raises UserError when the scenario others are set against has savings of its own that flow back."""
    if invests(base):
        raise UserError(
            f"'{base.name}' cannot be the base: its savings are measured against a run without it. Put it last, as in"
            f" `jobcenter compare baseline {base.name}`."
        )


def books_of(result: RunResult) -> Books:
    """The municipality's spending of a run by budget year."""
    years = result.year_of_week()
    paid = result.ledger[..., MUNICIPALITY]
    by_week = paid.sum(axis=(1, 2, 3)), paid[:, A_BENEFIT].sum(axis=(1, 2))
    net, benefits = (
        {int(year): int(oere[years == year].sum()) for year in np.unique(years)} for oere in by_week
    )
    return Books(net, benefits)


def plain(scenario: Scenario) -> Scenario:
    """The scenario before anything has flowed back."""
    return _with(scenario, _budget(scenario).model_copy(update={"investment": None}))


def lived(
    scenario: Scenario,
    begin: Callable[[Scenario], "JobcenterModel"],
    base: Books | None,
    progress: Callable[[int], None] | None = None,
) -> "JobcenterModel":
    """A scenario lived to its horizon. One whose savings flow back ends as the plain scenario with dated budgets it
    equals (the model's `settings`), and its `remarks` say what each year saved and what that added to the next.

    begin: makes the model at its first week, or in a later one, under the scenario given. base: the base under the
    same luck, draw and horizon; without it a model refuses to go beyond the first budget year. progress: called every
    week.
    """
    from sim.snapshot import fork

    if base is None or not invests(scenario):
        model = begin(scenario)
        return model.run(model.first_week + scenario.weeks - model.state.week, progress)
    lever = _budget(scenario)
    rule = lever.investment
    if rule is None:
        raise ValueError(f"'{scenario.name}' has no investment model")
    model = begin(plain(scenario))
    end = model.first_week + scenario.weeks
    flowed: dict[int, tuple[int, int]] = {}
    for year in sorted(base.net):
        turn = min(year_start(year + 1), end)
        if turn <= model.state.week:
            continue
        model.run(turn - model.state.week, progress)
        if turn == end:
            break
        saved = base.of(rule.counted)[year] - books_of(model.result()).of(rule.counted)[year]
        before, lever = lever, lever.with_saving(scenario, year + 1, saved)
        was, now = (
            sum(one.pots_oere(scenario, turn, year_start(year + 2)).values()) for one in (before, lever)
        )
        flowed[year] = saved, now - was
        if lever != before:
            model = fork(model, _with(scenario, lever.model_copy(update={"investment": None})))
    model.remarks[FLOWED] = flowed
    return model


def _budget(scenario: Scenario) -> "Budget":
    from sim.policies.budget import Budget

    lever = scenario.levers[LEVER]
    assert isinstance(lever, Budget)
    return lever


def _with(scenario: Scenario, lever: "Budget") -> Scenario:
    return replace(scenario, levers={**scenario.levers, LEVER: lever})


# ---- what a comparison says of it ------------------------------------------------------------------------------------

FLOW_COLUMNS: Final = (
    "scenario",
    "year",  # in which it is saved; it flows back the year after
    "counted",  # net | benefits
    "saved_kr",  # mean of the runs, against the paired base
    "saved_low_kr",  # the run that saves least
    "saved_high_kr",
    "saved_sd_kr",  # what luck pairing leaves
    "unpaired_sd_kr",  # what two worlds of their own luck would differ by
    "added_kr",  # authorised more in the year after because of it, mean
    "runs",
)
_COUNTED: Final = {"net": ("net_municipal_cost", "all"), "benefits": ("municipal_by_account", "benefit")}


class _Run(Protocol):
    """What a comparison keeps of a run."""

    @property
    def keys(self) -> Sequence[Key]: ...
    @property
    def values(self) -> np.ndarray: ...
    @property
    def flowed(self) -> Flowed: ...


def flow_frame(
    names: Sequence[str], others: Sequence[Scenario], runs: Sequence[Sequence[_Run]]
) -> "pd.DataFrame | None":
    """Savings by year and what they add to the next, of the scenarios that have an investment model; None without one.

    runs: one list a scenario, the base first.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for name, scenario, of_one in zip(names, others, runs[1:], strict=True):
        for year in of_one[0].flowed if invests(scenario) else ():
            rule = _budget(scenario).investment
            assert rule is not None
            saved, added = (np.array([run.flowed[year][k] for run in of_one]) / OERE for k in (0, 1))
            key = Key(*_COUNTED[rule.counted], str(year))
            spent = (
                np.array([run.values[run.keys.index(key)] for run in side]) for side in (runs[0], of_one)
            )
            unpaired = math.hypot(*(_sd(side) for side in spent))
            rows.append({
                "scenario": name, "year": year, "counted": rule.counted, "saved_kr": saved.mean(),
                "saved_low_kr": saved.min(), "saved_high_kr": saved.max(), "saved_sd_kr": _sd(saved),
                "unpaired_sd_kr": unpaired, "added_kr": added.mean(), "runs": len(of_one),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=list(FLOW_COLUMNS)) if rows else None


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else float("nan")


def flow_notes(names: Sequence[str], others: Sequence[Scenario]) -> list[str]:
    """What savings that flow back were measured against."""
    return [
        f"{name}: a saving is measured against the same world without the policy, which removes most of the luck, not"
        " all of it. A municipality has no such twin: what its accounts would show is mostly luck."
        for name, scenario in zip(names, others, strict=True)
        if invests(scenario)
    ]
