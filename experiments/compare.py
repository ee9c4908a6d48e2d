"""Compares scenarios with a base: runs them on the same luck and makes a `Comparison` of the paired differences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.bounds import TOLERATED, bound_of
from experiments.calibrated import assumed, is_calibrated
from experiments.comparison import (
    BOUND_COLUMNS,
    CALCULATION_ERROR,
    CUMULATIVE,
    DIFFERENCE_COLUMNS,
    EXIT_COLUMNS,
    EXIT_DOORS,
    MONEY_SERIES,
    NEITHER_LIMIT,
    ONE_SPREAD,
    PAIRING_COLUMNS,
    REFUSION_COLUMNS,
    Comparison,
)
from experiments.idle_hours import idle_notes
from experiments.investing import FLOWED, Flowed, check_base, flow_frame, flow_notes
from experiments.money_table import RANKED, money_frame
from experiments.run import Plan, Where, execute
from experiments.splits import accounting_twin, exit_split, refusion_differs, same_but_for_names
from experiments.spread import Paired, paired
from sim.calendar import iso, year_of
from sim.codes import ACCOUNTS, FIRST_BENEFIT, MUNICIPALITY, STATE, STATUSES
from sim.errors import UserError
from sim.money.ledger import OPERATING
from sim.records.outcome_list import OUTCOMES, estimand
from sim.records.outcomes import OERE, WEEKS_PER_YEAR, Key, outcome_sheet
from sim.records.result import RunResult
from sim.records.weekly import NAMES
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

# Series whose calculation error is kept week by week: what figures draw a band around.
BANDED = (
    *MONEY_SERIES,
    *(CUMULATIVE + name for name in MONEY_SERIES),
    *(name for name in NAMES if name.startswith(("stock.", "queue.", "changes."))),
)


FEW_RUNS: Final = 5  # pairs below which even the calculation error is a rough guess

NEGATIVE_SHARE = (
    "A negative share of saved weeks: fewer people are there too, so more than all of the saved weeks went"
    " elsewhere."
)


@dataclass(frozen=True)
class Summary:
    """What a comparison keeps of one run."""

    keys: tuple[Key, ...]
    values: np.ndarray  # float64 (keys,)
    series: np.ndarray  # float64 (series, weeks): weekly columns, then money and its running sums, kroner
    step_labels: tuple[str, ...]
    flowed: Flowed = field(default_factory=dict)  # where savings flow back


SERIES = (*NAMES, *MONEY_SERIES, *(CUMULATIVE + name for name in MONEY_SERIES))


def summarise(result: RunResult) -> Summary:
    """A run reduced to its outcomes and weekly series."""
    sheet = outcome_sheet(result)
    paid = result.ledger.sum(axis=(2, 3))  # (weeks, accounts, payers)
    operating = paid[:, [ACCOUNTS.index(account) for account in OPERATING]].sum(axis=(1, 2))
    money = np.vstack([paid[..., MUNICIPALITY].sum(axis=1), paid[..., STATE].sum(axis=1), operating])
    # Running sums are made of whole øre, so equal runs stay equal to the last digit.
    series = np.concatenate([result.rows.T.astype(np.float64), money / OERE, money.cumsum(axis=1) / OERE])
    return Summary(sheet.keys, sheet.values, series, result.step_labels, result.notes.get(FLOWED, {}))


def check_comparable(base: Scenario, others: Sequence[Scenario]) -> None:
    """Raises UserError when a scenario cannot be set against the base week by week."""
    for other in others:
        for what, a, b, cure in (
            ("municipality", base.municipality_name, other.municipality_name, f"{other.name}@{base.name}"),
            ("start", iso(base.start_week), iso(other.start_week), f"{other.name}@{base.name}"),
            ("horizon in weeks", base.weeks, other.weeks, "--weeks N, which holds for all"),
            ("world.share", base.world.share, other.world.share, "--set world.share=..."),
            ("price level", base.prices.level_year, other.prices.level_year, "--set prices.level_year=..."),
        ):
            if a != b:
                raise UserError(
                    f"'{other.name}' cannot be compared with '{base.name}': {what} {b} against {a}."
                    f" Both must agree; use {cure}."
                )


def label(names: Sequence[str]) -> list[str]:
    """Names made unique: a scenario given twice becomes 'name (2)'."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out


def compare(
    base: Scenario,
    others: Sequence[Scenario],
    seeds: Sequence[int],
    where: Where = "threads",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    command: str = "",
    ranked: Sequence[str] = RANKED,
    branch_at: int | None = None,
) -> tuple[Comparison, bool]:
    """Runs a comparison. Returns it, and whether Ctrl-C cut it short (then only finished pairs are in it).

    `ranked`: evidence classes that may stand in one ranking with "do nothing". `branch_at`: a week up to which the base
    is lived once per seed and shared by all; scenarios that differ before it are refused.

    Raises UserError when the scenarios cannot be compared, KeyboardInterrupt when not one pair was finished.
    """
    check_comparable(base, others)
    check_base(base)
    twins = {
        k: accounting_twin(base, other)
        for k, other in enumerate(others)
        if refusion_differs(base, other) and not same_but_for_names(accounting_twin(base, other), other)
    }
    scenarios = (base, *others, *twins.values())
    if branch_at is not None:
        _check_branch(scenarios, branch_at)
    plan = Plan(scenarios, tuple(seeds), branch_at=branch_at)
    done = execute(plan, summarise, where, workers, progress)
    finished = tuple(seed for seed in seeds if (0, seed) in done.pairs)
    if not finished:
        raise KeyboardInterrupt("Stopped before the first pair of runs was finished; nothing written.")
    runs = [[done.pairs[0, seed][at] for seed in finished] for at in range(len(scenarios))]
    comparison = build(
        base,
        others,
        finished,
        runs[: 1 + len(others)],
        {k: runs[1 + len(others) + at] for at, k in enumerate(twins)},
        command,
        ranked,
    )
    if done.interrupted:
        comparison.notes.insert(0, f"Stopped early: {len(finished)} of {len(seeds)} pairs of runs finished.")
    return comparison, done.interrupted


def _check_branch(scenarios: Sequence[Scenario], week: int) -> None:
    from sim.snapshot import require_same_past

    base = scenarios[0]
    if not base.start_week < week < base.start_week + base.weeks:
        raise UserError(
            f"--branch-at {iso(week)} lies outside the horizon; allowed: {iso(base.start_week + 1)} to"
            f" {iso(base.start_week + base.weeks - 1)}"
        )
    for other in scenarios[1:]:
        require_same_past(base, other, week)


def build(
    base: Scenario,
    others: Sequence[Scenario],
    seeds: tuple[int, ...],
    runs: Sequence[Sequence[Summary]],
    twins: Mapping[int, Sequence[Summary]] | None = None,
    command: str = "",
    ranked: Sequence[str] = RANKED,
) -> Comparison:
    """A `Comparison` of finished runs. `runs`: one list per scenario, the base first, in the order of the seeds;
    `twins`: for the k-th other scenario, runs of the base under its refusion rule where they differ from its own."""
    import pandas as pd

    from experiments.provenance import rules_not_verified
    from sim.version import code_version

    names = label([base.name, *(other.name for other in others)])
    keys = runs[0][0].keys
    tables = [np.vstack([summary.values for summary in of_one]) for of_one in runs]
    mean_base = dict(zip(keys, _mean(tables[0]), strict=True))
    weekly, errors = _weekly(names, runs)
    differences, pairing, bounds, splits, refusion = [], [], [], [], []
    notes = [ONE_SPREAD]
    if len(seeds) < 2:
        notes.append("One run of each: no calculation error can be stated. Use --seeds 2 or more.")
    elif len(seeds) < FEW_RUNS:
        notes.insert(
            0,
            f"Only {len(seeds)} runs of each: every ±, payback, chance and regret below is a rough guess. Use"
            " --seeds 10 or more.",
        )
    weeks = runs[0][0].series.shape[1]
    for at, other in enumerate(others, 1):
        name, stats = names[at], paired(tables[0], tables[at])
        where = {key: k for k, key in enumerate(keys)}
        differences.append(_difference_rows(name, other, keys, stats))
        pairing.append(_pairing_rows(name, keys, stats))
        bounds += _bound_row(name, other, mean_base, weeks, stats, where, notes)
        splits += _split_rows(name, runs[0], runs[at], notes)
        if refusion_differs(base, other):
            twin = (twins or {}).get(at - 1, runs[at])
            refusion += _refusion_rows(name, runs[0], twin, runs[at], weeks, notes)
    notes += flow_notes(names[1:], others)
    notes += idle_notes(names[1:], others, mean_base)
    notes += [breach_note(name, series["flows.below_plan_weeks"]) for name, series in weekly.items()]
    first = base.start_week
    return Comparison(
        base=names[0],
        scenarios=tuple(names[1:]),
        kinds={name: scenario.kind for name, scenario in zip(names, (base, *others), strict=True)},
        evidence_class={
            name: scenario.evidence_class for name, scenario in zip(names, (base, *others), strict=True)
        },
        questions={name: scenario.question for name, scenario in zip(names, (base, *others), strict=True)},
        seeds=seeds,
        start=first,
        weeks=weeks,
        years=tuple(range(year_of(first), year_of(first + weeks - 1) + 1)),
        differences=pd.concat(differences, ignore_index=True) if differences else _empty(DIFFERENCE_COLUMNS),
        pairing=pd.concat(pairing, ignore_index=True) if pairing else _empty(PAIRING_COLUMNS),
        weekly=weekly,
        step_labels={name: of_one[0].step_labels for name, of_one in zip(names, runs, strict=True)},
        bounds=pd.DataFrame(bounds, columns=list(BOUND_COLUMNS)),
        exit_split=pd.DataFrame(splits, columns=list(EXIT_COLUMNS)),
        refusion_lines=pd.DataFrame(refusion, columns=list(REFUSION_COLUMNS)),
        notes=[note for note in notes if note],
        calibrated=is_calibrated(base, *others),
        assumptions=assumed(base, *others),
        rules_not_verified=rules_not_verified(base),
        command=command,
        version=code_version(),
        price_level=base.prices.level_year,
        municipality=base.municipality.name,
        world_share=base.world.share,
        weekly_error=errors,
        money=money_frame(base, names[1:], others, runs, weeks, ranked=ranked),
        discount_rate=base.prices.discount_rate,
        flows_back=flow_frame(names[1:], others, runs),
    )


def _empty(columns: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(columns=list(columns))


def _mean(table: np.ndarray) -> np.ndarray:
    known = np.isfinite(table)
    runs = known.sum(axis=0)
    total = np.where(known, table, 0.0).sum(axis=0)
    return np.asarray(np.where(runs > 0, total / np.maximum(runs, 1), np.nan))


def _weekly(
    names: list[str], runs: Sequence[Sequence[Summary]]
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, np.ndarray]]]:
    """Mean weekly series of every scenario, and the calculation error of the banded ones against the base."""
    means, errors = {}, {}
    banded = [SERIES.index(name) for name in BANDED]
    base = np.stack([summary.series[banded] for summary in runs[0]])
    for name, of_one in zip(names, runs, strict=True):
        mean = np.mean([summary.series for summary in of_one], axis=0)
        means[name] = dict(zip(SERIES, mean, strict=True))
        if of_one is not runs[0]:
            other = np.stack([summary.series[banded] for summary in of_one])
            n, series, weeks = base.shape
            half = paired(base.reshape(n, -1), other.reshape(n, -1)).half_width.reshape(series, weeks)
            errors[name] = dict(zip(BANDED, half, strict=True))
    return means, errors


def breach_note(name: str, below_plan: np.ndarray) -> str:
    """Marks a scenario whose plan meets people less often than the statutory contact plan; empty when none is."""
    weeks = float(below_plan.sum())
    if weeks < 0.5:
        return ""
    return (
        f"{name}: may breach law. In {weeks:,.0f} person-weeks its plan meets people less often than the"
        " statutory contact plan."
    )


def _difference_rows(name: str, scenario: Scenario, keys: Sequence[Key], stats: Paired) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "scenario": name,
            "outcome": [key.outcome for key in keys],
            "group": [key.group for key in keys],
            "year": [key.year for key in keys],
            "unit": [OUTCOMES[key.outcome].unit for key in keys],
            "estimand": [estimand(key.outcome, key.group) for key in keys],
            "evidence_class": scenario.evidence_class or "",
            "baseline": stats.baseline,
            "difference": stats.difference,
            "low": stats.difference - stats.half_width,
            "high": stats.difference + stats.half_width,
            "interval_kind": CALCULATION_ERROR,
            "runs": stats.runs,
        },
        columns=list(DIFFERENCE_COLUMNS),
    )


def _pairing_rows(name: str, keys: Sequence[Key], stats: Paired) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "scenario": name,
            "outcome": [key.outcome for key in keys],
            "group": [key.group for key in keys],
            "year": [key.year for key in keys],
            "variance_removed": stats.variance_removed,
            "var_difference": stats.var_difference,
        },
        columns=list(PAIRING_COLUMNS),
    )


def _bound_row(
    name: str,
    scenario: Scenario,
    base: Mapping[Key, float],
    weeks: int,
    stats: Paired,
    where: Mapping[Key, int],
    notes: list[str],
) -> list[tuple[Any, ...]]:
    """The ceiling of a scenario beside what it gained: the fall in the municipality's benefit bill, before its cost."""
    bound = bound_of(scenario, base, weeks)
    if bound is None:
        return []
    at, years = where[Key("municipal_by_account", "benefit", "all")], weeks / WEEKS_PER_YEAR
    gain = -float(stats.difference[at]) / years
    error = float(np.nan_to_num(stats.half_width[at])) / years
    within = gain - error <= TOLERATED * bound.kr_year
    if not within and scenario.evidence_class == "A":
        notes.append(
            f"WARNING: {name} gains {gain / 1e6:.1f} mio. kr. a year, more than twice its arithmetic ceiling of"
            f" {bound.kr_year / 1e6:.1f} mio.: wrong until explained."
        )
    return [
        (
            name,
            bound.lever,
            scenario.evidence_class or "",
            bound.persons_reached,
            bound.kr_year,
            gain,
            bool(within),
            bound.evidence,
        )
    ]


def _split_rows(
    name: str, base: Sequence[Summary], other: Sequence[Summary], notes: list[str]
) -> list[tuple[Any, ...]]:
    """Where saved benefit weeks went. Shares are stated only where weeks were saved beyond the calculation error."""
    change = paired(_person_weeks(base), _person_weeks(other))
    split = exit_split(
        dict(zip(STATUSES, change.difference, strict=False)),
        dict(zip(STATUSES, change.half_width, strict=False)),
    )
    saved, error = -float(change.difference[-1]), float(change.half_width[-1])
    known = saved > 0 and saved > error
    neither = split.share("neither")
    if known and neither > NEITHER_LIMIT:
        notes.append(
            f"WARNING: of the benefit weeks {name} saves, {neither:.0%} went to neither job, education nor another"
            " benefit. A saving is not a job."
        )
    if known and any(split.weeks[door] < 0 for door in EXIT_DOORS) and NEGATIVE_SHARE not in notes:
        notes.append(NEGATIVE_SHARE)
    if not known and saved != 0:
        notes.append(
            f"{name}: no benefit weeks saved beyond the calculation error, so it is not said where they went."
        )
    return [
        (name, door, split.weeks[door], split.share(door) if known else float("nan")) for door in EXIT_DOORS
    ]


def _person_weeks(runs: Sequence[Summary]) -> np.ndarray:
    """Person-weeks by status and, last, on any benefit, float64 (runs, statuses + 1)."""
    rows = [NAMES.index(f"stock.{status}") for status in STATUSES]
    by_status = np.array([summary.series[rows].sum(axis=1) for summary in runs])
    return np.column_stack([by_status, by_status[:, FIRST_BENEFIT:].sum(axis=1)])


def _refusion_rows(
    name: str,
    base: Sequence[Summary],
    twin: Sequence[Summary],
    other: Sequence[Summary],
    weeks: int,
    notes: list[str],
) -> list[tuple[Any, ...]]:
    """A refusion rule in three lines: the same people under another payer, what people do otherwise, and the sum."""
    years = weeks / WEEKS_PER_YEAR
    keys = base[0].keys
    rows = [
        keys.index(Key("net_municipal_cost", "all", "all")),
        keys.index(Key("net_state_cost", "all", "all")),
        keys.index(Key("full_time_persons", "support", "all")),
    ]
    before, same, after = (
        np.mean([summary.values[rows] for summary in runs], axis=0) for runs in (base, twin, other)
    )
    stocks = [k for k, series in enumerate(SERIES) if series.startswith("stock.")]
    if any(not np.array_equal(a.series[stocks], b.series[stocks]) for a, b in zip(base, twin, strict=True)):
        notes.append(
            f"WARNING: {name}: another payer alone moved people, which no rule of the model allows; the line"
            " 'accounting' is wrong until explained."
        )
    per_year = np.array([1.0 / years, 1.0 / years, 1.0])
    lines = {
        "accounting": (same - before) * per_year,
        "behaviour": (after - same) * per_year,
        "total": (after - before) * per_year,
    }
    if not np.any(lines["behaviour"]):
        notes.append(f"{name}: behaviour is 0 because no priority rule is declared (class B).")
    return [(name, line, *map(float, values)) for line, values in lines.items()]
