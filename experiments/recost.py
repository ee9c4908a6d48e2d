"""One life, several refusion rules: what a run would have cost under rules that change nobody's behaviour.

Benefit weeks are counted so finely while the run is lived that each rule's money follows from the counts, to the øre:
by bracket (benefit, step, share) of all rules at once, by rate class and week; wage subsidies by what each rule says
of them. A rule with another clock, or another reading of what a week counts as, moves the clocks themselves and must be
lived (`why_not`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from experiments.investing import invests
from sim.codes import (
    A_BENEFIT,
    A_WAGE_SUBSIDY,
    ACT_WAGE_SUBSIDY,
    MUNICIPALITY,
    N_BENEFITS,
    N_STEPS,
    STATE,
)
from sim.law.refusion import RuleSet
from sim.model import JobcenterModel
from sim.money.amounts import state_part
from sim.records.result import RunResult
from sim.records.weekly import LADDER
from sim.scenario import Scenario
from sim.scenario.law_tables import Law
from sim.state import State
from sim.tables import Tables, build_tables, change_weeks
from sim.week.payments import N_RATES

_REFUSION: Final = (
    "refusion",
    "refusion_switches",
    "refusion_parameters",
    "refusion_where",
    "refusion_file",
)


def under(scenario: Scenario, law: Law) -> Scenario:
    """The scenario with the refusion rules of a law, and its own law in everything else."""
    rules = {name: getattr(law, name) for name in _REFUSION}
    return replace(scenario, law=replace(scenario.law, **rules))


def why_not(scenario: Scenario, other: Scenario) -> str:
    """Why `other` cannot be costed from a life of `scenario`; empty when it can."""
    mine, theirs = scenario.law.rule_set, other.law.rule_set
    if under(scenario, other.law).canonical() != other.canonical():
        return "it changes more than the refusion rules"
    if invests(scenario):
        return "what it saves flows back, so the rules move what is bought"
    if mine.operating_bp != theirs.operating_bp:
        return "it refunds what measures cost otherwise"
    if mine.earlier or theirs.earlier:
        return "its rules turn on a date"
    if mine.clock_rules != theirs.clock_rules or mine.counter != theirs.counter:
        return "its clock counts otherwise"
    if _answers_to_rules(scenario, other):
        return "a lever of it answers to the rules"
    try:
        _subsidy_classes([mine, theirs])
    except ValueError:
        return f"it needs more than {N_STEPS} classes of subsidised weeks"
    return ""


def _answers_to_rules(scenario: Scenario, other: Scenario) -> bool:
    """Whether anything but what is paid differs in the tables of some week, such as an order by municipal saving."""
    first, last = scenario.start_week, scenario.start_week + scenario.weeks
    for week in change_weeks(scenario, first, last) | change_weeks(other, first, last):
        mine, theirs = (vars(build_tables(one, week)) for one in (scenario, other))
        if not all(_same(mine[name], theirs[name]) for name in mine if name != "pay"):
            return True
    return False


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b)


def live_under(
    scenario: Scenario, laws: Sequence[Law], seed: int, state: State, watch: Callable[[int], None]
) -> list[RunResult]:
    """The run, and the same run costed under the refusion rules of each law; recording `outcomes`.

    Raises ValueError when rules need more classes of subsidised weeks than the ledger has steps.
    """
    model = _Counting(scenario, [scenario.law, *laws], seed, state)
    model.run(progress=watch)
    return model.results()


class _Counting(JobcenterModel):
    """A model that counts weeks by the brackets of several rule sets at once. It pays by the first of them."""

    def __init__(self, scenario: Scenario, laws: Sequence[Law], seed: int, state: State):
        self._laws = laws
        self._rules = rules = [law.rule_set for law in laws]
        planes = np.stack([one.tables.bracket for one in rules])
        self._joint, plane = np.unique(planes.reshape(len(rules), -1), axis=1, return_inverse=True)
        self._plane = plane.reshape(planes.shape[1:]).astype(np.uint16)
        self._classes, self._class_plane = _subsidy_classes(rules)
        self._weeks: list[tuple[np.ndarray, np.ndarray, int]] = []
        super().__init__(scenario, seed, state)

    def _prepare(self, keep_spells: bool) -> None:
        super()._prepare(keep_spells)
        self._paid = np.zeros((self._joint.shape[1], N_RATES), np.int64)

    def _tables_of(self, week: int) -> Tables:
        tables = super()._tables_of(week)
        own = self._rules[0].tables.brackets[self._joint[0]]
        step = tables.pay.step.copy()
        step[:, ACT_WAGE_SUBSIDY] = self._class_plane
        tables.pay = tables.pay._replace(bracket=self._plane, brackets=own, step=step)
        return tables

    def _settle(self, week: int) -> None:
        super()._settle(week)
        pay = self.tables.pay
        self._weeks.append((self._paid.copy(), pay.amount_oere, pay.subsidy_oere))

    def results(self) -> list[RunResult]:
        """The run as it was lived, and as each of the other rules would have split it."""
        lived = self.result()
        counts = np.stack([paid for paid, _, _ in self._weeks])  # (weeks, joint brackets, rates)
        amounts = np.stack([amount for _, amount, _ in self._weeks])  # (weeks, benefits, rates)
        subsidy = np.array([oere for _, _, oere in self._weeks], np.int64)
        paid_out = lived.ledger[:, A_WAGE_SUBSIDY, :N_BENEFITS].sum(axis=-1)  # by week, benefit and class
        people = paid_out // np.maximum(subsidy, 1)[:, None, None]
        return [self._under(k, lived, counts, amounts, people, subsidy) for k in range(len(self._rules))]

    def _under(
        self, k: int, lived: RunResult, counts: np.ndarray, amounts: np.ndarray, people: np.ndarray, subsidy: Any
    ) -> RunResult:  # fmt: skip
        rules = self._rules[k]
        rows, ledger = lived.rows.copy(), lived.ledger.copy()
        ledger[:, A_WAGE_SUBSIDY, :N_BENEFITS] = 0
        for benefit, classes in enumerate(self._classes):
            for number, (step, share) in enumerate(classes[k]):
                cell = ledger[:, A_WAGE_SUBSIDY, benefit, step]
                state = people[:, benefit, number] * _state(subsidy, share)
                cell[:, STATE] += state
                cell[:, MUNICIPALITY] += people[:, benefit, number] * subsidy - state
        if k:  # the benefits of the rules it was lived under are booked
            ledger[:, A_BENEFIT, :N_BENEFITS] = 0
            rows[:, LADDER : LADDER + N_STEPS] = 0
            for number, bracket in enumerate(self._joint[k]):
                benefit, step, share = rules.tables.brackets[bracket]
                weeks, amount = counts[:, number], amounts[:, benefit]
                state = (weeks * _state(amount, share)).sum(axis=1)
                cell = ledger[:, A_BENEFIT, benefit, step]
                cell[:, STATE] += state
                cell[:, MUNICIPALITY] += (weeks * amount).sum(axis=1) - state
                rows[:, LADDER + step] += weeks.sum(axis=1)
        notes = {**lived.notes, "law": self._laws[k].refusion}
        return replace(lived, rows=rows, ledger=ledger, step_labels=tuple(rules.steps), notes=notes)


def _state(oere: np.ndarray, share_bp: int) -> np.ndarray:
    """The state's part of amounts, int64 øre."""
    return np.asarray(state_part(oere, share_bp))  # type: ignore[arg-type]  # plain arithmetic, on arrays as well


def _subsidy_classes(rules: Sequence[RuleSet]) -> tuple[list[list[list[tuple[int, int]]]], np.ndarray]:
    """Weeks of wage subsidy that all rules treat alike, numbered per benefit.

    Returns by benefit and rule (step, share in basis points) of each class, and int64 (benefits, weeks): the class.
    Raises ValueError when a benefit has more classes than the ledger has steps.
    """
    out = []
    plane = np.zeros(rules[0].tables.step[:, ACT_WAGE_SUBSIDY].shape, np.int64)
    for benefit in range(N_BENEFITS):
        kinds = np.concatenate(
            [
                np.stack([part[benefit, ACT_WAGE_SUBSIDY] for part in (one.tables.step, one.tables.share_bp)])
                for one in rules
            ]
        )
        classes, plane[benefit] = np.unique(kinds, axis=1, return_inverse=True)
        if classes.shape[1] > N_STEPS:
            raise ValueError(
                f"{classes.shape[1]} classes of subsidised weeks; the ledger keeps {N_STEPS} apart"
            )
        out.append([[(int(s), int(bp)) for s, bp in classes[2 * k : 2 * k + 2].T] for k in range(len(rules))])
    return out, plane
