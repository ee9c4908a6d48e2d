"""The first year of the model against the adopted budget, account by account, with the difference taken apart.

A benefit's net cost is persons x amount x the municipality's share; the difference of two products is divided between
the three by their logarithms (mean Divisia index), so that the parts add up to it exactly.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from jobcenter.planner.own_form import STEPS, Answers
from sim.calendar import year_start
from sim.codes import (
    A_BENEFIT,
    A_COMPANY_SERVICE,
    A_EXTERNAL,
    A_IN_HOUSE,
    A_INTEGRATION,
    A_STAFF,
    A_WAGE_SUBSIDY,
    BENEFITS,
    MUNICIPALITY,
    POTS,
    STATE,
)
from sim.errors import UserError
from sim.records.outcomes import OERE, WEEKS_PER_YEAR
from sim.records.result import RunResult
from sim.scenario import Scenario

SCHEMA: Final = 1  # of the file kept beside a municipality
LIMIT: Final = 0.03  # of an account: more is flagged
FAR: Final = 0.60  # of an account: more is no finding, the entry is to be looked at
SEEDS: Final = (1, 2, 3, 4)  # those `jobcenter compare` begins with, so their starts are used again
PARTS: Final = ("persons", "amount", "share")
ACCOUNT_OF_POT: Final = dict(
    zip(
        POTS, (A_STAFF, A_COMPANY_SERVICE, A_IN_HOUSE, A_EXTERNAL, A_WAGE_SUBSIDY, A_INTEGRATION), strict=True
    )
)


@dataclass(frozen=True)
class Line:
    """One account: kroner a year, the municipality's net, at the prices of the budget year."""

    account: str  # a benefit or a pot
    budget_kr: float
    model_kr: float
    parts: tuple[float, ...]  # kroner of the difference by PARTS; empty for a pot
    budget_of: tuple[float, float, float]  # persons, kr. a month, share; zeros for a pot
    model_of: tuple[float, float, float]
    reason: str  # key of the sentence that explains most of it

    @property
    def difference(self) -> float:
        """Kroner."""
        return self.model_kr - self.budget_kr

    @property
    def share(self) -> float:
        """Of the budget; NaN where nothing was budgeted."""
        return self.difference / self.budget_kr if self.budget_kr else math.nan

    @property
    def flagged(self) -> bool:
        """Whether it is more than 3 % apart."""
        return not abs(self.share) <= LIMIT and bool(self.model_kr or self.budget_kr)


@dataclass(frozen=True)
class Reconciliation:
    """All accounts of a municipality's budget year."""

    municipality: str
    year: int
    example: bool
    source: str
    lines: tuple[Line, ...]
    seeds: int
    luck_share: float  # s.d. of one run's sum of benefits, of the sum
    steps_own: dict[str, tuple[float, ...]]  # benefit -> shares by step and of older awards
    steps_model: dict[str, tuple[float, ...]]  # of the benefit paid
    flows: dict[str, tuple[float, float]]  # benefit -> new spells a year, own and model
    targets: dict[str, float]  # benefit -> persons a policy is meant for, where the workbook says so
    ground: str = ""  # hash of the municipality and levels it holds for

    @property
    def flagged(self) -> tuple[Line, ...]:
        """Accounts more than 3 % apart, the largest in kroner first."""
        return tuple(sorted((x for x in self.lines if x.flagged), key=lambda x: -abs(x.difference)))

    def total(self, kind: tuple[str, ...]) -> Line:
        """The sum over benefits or pots."""
        own = [x for x in self.lines if x.account in kind]
        parts = tuple(sum(column) for column in zip(*(x.parts for x in own if x.parts), strict=True))
        zero = (0.0, 0.0, 0.0)
        budget, model = sum(x.budget_kr for x in own), sum(x.model_kr for x in own)
        return Line("sum", budget, model, parts, zero, zero, "")


def split(before: Sequence[float], after: Sequence[float]) -> tuple[float, ...]:
    """The difference of two products by factor; all of it to the first where one of them is zero.

    Example: split((100, 10), (110, 10)) is (100, 0).
    """
    a, b = math.prod(before), math.prod(after)
    if a == b and tuple(before) == tuple(after):
        return (0.0,) * len(before)
    if min(*before, *after) <= 0:
        return (b - a, *(0.0,) * (len(before) - 1))
    mean = a if math.isclose(a, b, rel_tol=1e-12) else (b - a) / math.log(b / a)
    return tuple(mean * math.log(y / x) for x, y in zip(before, after, strict=True))


@dataclass(frozen=True)
class _Year:
    """What one run says of the budget year, kroner at the scenario's price level."""

    persons: np.ndarray  # (benefits,)
    gross: np.ndarray
    municipal: np.ndarray
    by_step: np.ndarray  # (benefits, steps): gross
    entries: np.ndarray
    pots: np.ndarray  # (pots,)


def _year(result: RunResult) -> _Year:
    scale = WEEKS_PER_YEAR / result.weeks
    benefits = (
        result.ledger[:, A_BENEFIT, : len(BENEFITS)].sum(axis=0) / OERE * scale
    )  # (benefits, steps, payers)
    pots = [
        result.ledger[:, account, :, :, MUNICIPALITY].sum() / OERE * scale
        for account in ACCOUNT_OF_POT.values()
    ]
    return _Year(
        persons=np.array([result.column(f"stock.{b}").mean() for b in BENEFITS]),
        gross=benefits[..., [MUNICIPALITY, STATE]].sum(axis=(1, 2)),
        municipal=benefits[..., MUNICIPALITY].sum(axis=1),
        by_step=benefits.sum(axis=2),
        entries=np.array([result.column(f"entries.{b}").sum() * scale for b in BENEFITS]),
        pots=np.array(pots),
    )


def reconcile(
    scenario: Scenario, answers: Answers, held: Sequence[str] = (), seeds: Sequence[int] = SEEDS,
    progress: Callable[[int, int], None] | None = None,
) -> Reconciliation:  # fmt: skip
    """Lives the budget year a few times, whole, and sets it against the adopted budget.

    held: benefits with a level at the end of its range. Raises KeyboardInterrupt when stopped.
    """
    from experiments.calibrated import ground_hash
    from experiments.run import Plan, execute

    year = int(answers.number("people", "budget_year"))
    lived = scenario.for_weeks(year_start(year + 1) - year_start(year))
    done = execute(Plan((lived,), tuple(seeds)), lambda r: (_year(r), r.step_labels), progress=progress)
    if done.interrupted:
        raise KeyboardInterrupt("Stopped: nothing was written.")
    in_order = [
        done.pairs[pair][0] for pair in sorted(done.pairs)
    ]  # not as they were done: sums would differ by a bit
    runs, labels = [run for run, _ in in_order], in_order[0][1]
    prices = (1.0 + scenario.prices.rate_index_per_year) ** (year - scenario.prices.level_year)
    mean = {
        name: np.mean([getattr(run, name) for run in runs], axis=0) for name in _Year.__dataclass_fields__
    }
    lines = [_benefit(answers, b, k, mean, prices, b in held) for k, b in enumerate(BENEFITS)]
    lines += [_pot(answers, pot, mean["pots"][k] * prices, scenario) for k, pot in enumerate(POTS)]
    own_steps = {
        b: (*(answers.number("steps", b, s) for s in STEPS), answers.number("steps", b, "older"))
        for b in BENEFITS
    }
    flows = {
        b: (answers.number("targets", b, "entries_year"), float(mean["entries"][k]))
        for k, b in enumerate(BENEFITS)
        if answers.has("targets", b, "entries_year")
    }
    targets = {
        b: answers.number("targets", b, "target_persons")
        for b in BENEFITS
        if answers.has("targets", b, "target_persons")
    }
    sums = np.array([run.municipal.sum() for run in runs])
    return Reconciliation(
        municipality=answers.name, year=year, example=answers.example, source=answers.source, lines=tuple(lines),
        seeds=len(runs), luck_share=float(sums.std(ddof=1) / sums.mean()) if len(runs) > 1 else math.nan,
        steps_own=own_steps, steps_model={b: _steps(mean["by_step"][k], labels) for k, b in enumerate(BENEFITS)},
        flows=flows, targets=targets, ground=ground_hash(scenario),
    )  # fmt: skip


def _benefit(
    answers: Answers, benefit: str, k: int, mean: dict[str, np.ndarray], prices: float, held: bool
) -> Line:
    own = tuple(
        answers.number("benefits", benefit, f"budget_{part}") for part in ("persons", "month_kr", "share")
    )
    persons, gross, municipal = (float(mean[name][k]) for name in ("persons", "gross", "municipal"))
    model = (
        persons,
        gross * prices / persons / 12 if persons else 0.0,
        municipal / gross if gross else 0.0,
    )
    parts = split((own[0] * 12, *own[1:]), (model[0] * 12, *model[1:]))
    budget, found = own[0] * 12 * own[1] * own[2], municipal * prices
    largest = PARTS[int(np.argmax(np.abs(parts)))]
    up = parts[PARTS.index(largest)] > 0
    reason = f"{largest}_{'up' if up else 'down'}"
    if largest == "persons" and held:
        reason = "persons_held"
    if _far(budget, found):
        reason = "far"
    return Line(benefit, budget, found, parts, own, model, reason)  # type: ignore[arg-type]


def _pot(answers: Answers, pot: str, found: float, scenario: Scenario) -> Line:
    budget = answers.number("measures", pot, "budget_tkr") * 1e3
    stops = scenario.municipality.budgets[pot].when_empty == "stop"
    near = abs(found - budget) <= LIMIT * budget
    if _far(budget, found):
        reason = "far"
    elif found >= budget > 0 and near and stops:
        reason = "pot_used"
    elif near:
        reason = "pot_near"
    elif pot in ("authority_staff", "company_service"):
        reason = "posts_less" if found < budget else "posts_more"
    else:
        reason = "pot_left" if found < budget else "pot_over"
    zero = (0.0, 0.0, 0.0)
    return Line(pot, budget, found, (), zero, zero, reason)


def _far(budget: float, found: float) -> bool:
    return budget > 0 and abs(found - budget) > FAR * budget


def _steps(by_step: np.ndarray, labels: Sequence[str]) -> tuple[float, ...]:
    """Shares of the four steps and of everything else; labels of the ladder come first week first."""
    total = by_step.sum()
    if total <= 0:
        return (0.0,) * (len(STEPS) + 1)
    ladder = [k for k, label in enumerate(labels) if label.replace("-", "").replace("+", "").isdigit()][
        : len(STEPS)
    ]
    shares = [float(by_step[k] / total) for k in ladder]
    return (*shares, max(0.0, 1.0 - sum(shares)))


# ---- kept beside the municipality ----------------------------------------------------------------------------------


def as_json(found: Reconciliation) -> str:
    """The reconciliation as it is kept."""
    return json.dumps({"schema": SCHEMA, **asdict(found)}, indent=1, ensure_ascii=False)


def beside(scenario: Scenario) -> Reconciliation | None:
    """The reconciliation that lies beside a scenario's municipality file and still holds for it; None where there is
    none. Raises UserError for one written in another form."""
    from experiments.calibrated import ground_hash

    for file in scenario.files_used:
        path = Path(file).with_suffix(".reconciliation.json")
        if path.parent.name == "municipalities" and path.is_file():
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if told.pop("schema", None) != SCHEMA:
                raise UserError(f"{path}: written by another version; make it again with jobcenter new municipality, or"
                                " delete it")  # fmt: skip
            if told["ground"] != ground_hash(scenario):
                return None  # the municipality or its levels have changed since
            told["lines"] = tuple(_line(row) for row in told["lines"])
            return Reconciliation(**told)
    return None


def _line(row: dict[str, Any]) -> Line:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
    return Line(**values)
