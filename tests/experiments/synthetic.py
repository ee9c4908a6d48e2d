"""A made-up comparison with the shape of a real one: for tests of tables, figures and the page, never of the model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.comparison import (
    BOUND_COLUMNS,
    CALCULATION_ERROR,
    CUMULATIVE,
    DIFFERENCE_COLUMNS,
    EXIT_COLUMNS,
    EXIT_DOORS,
    PAIRING_COLUMNS,
    REFUSION_COLUMNS,
    REFUSION_LINES,
    Comparison,
)
from sim import calendar, codes
from sim.money.ledger import NO_BENEFIT, OPERATING
from sim.records.outcome_list import estimand
from sim.records.outcomes import outcome_sheet
from sim.records.result import RunResult
from sim.records.weekly import COHORT_NAMES, N_COLUMNS, NAMES

START = calendar.week_of("2027-W01")
LEVELS = {
    "dagpenge": 960,
    "kontanthjaelp_jobready": 520,
    "kontanthjaelp_activityready": 980,
    "uddannelseshjaelp": 420,
    "sygedagpenge": 1060,
    "jobafklaring": 310,
    "ressourceforloeb": 160,
    "revalidering": 40,
    "ledighedsydelse": 210,
    "fleksjob": 1200,
    "foertidspension": 3800,
    "sho": 25,
    "job": 34000,
    "education": 4200,
    "outside": 2900,
    "on_leave": 600,
    "subsidised_job": 90,
}
CHANGES = {
    "resignation": 0.16,
    "absence": 0.11,
    "group_shift": 0.17,
    "reorganisation": 0.05,
    "own_request": 0.03,
}
LADDER_2016 = (
    "weeks 1-4: 80 %",
    "weeks 5-26: 40 %",
    "weeks 27-52: 30 %",
    "weeks 53+: 20 %",
    "outside the ladder",
)
STEP_SHARES = {5: (0.07, 0.2, 0.13, 0.5, 0.1), 2: (0.9, 0.1), 3: (0.35, 0.55, 0.1)}


@dataclass(frozen=True)
class Recipe:
    """What a made-up scenario does at the end of its first year and a half."""

    fewer: float = 0.0  # share of dagpenge, job-ready and sickness stocks that goes away
    changes: float = 1.0  # factor on caseworker changes
    cost_kr: float = 0.0  # extra operating spending a year
    wait: float = 3.0
    steps: tuple[str, ...] = LADDER_2016
    kind: str = "strategy"
    evidence: str | None = "A"
    municipal_share: float = 0.7


RECIPES = {
    "baseline": Recipe(kind="baseline", evidence=None),
    "early_intervention": Recipe(0.045, 1.0, 4.6e6, 1.8),
    "one_caseworker": Recipe(0.012, 0.62, 3.1e6, 3.1),
    "early_and_one_caseworker": Recipe(0.053, 0.63, 7.7e6, 1.9),
    "extra_caseworkers": Recipe(0.02, 0.93, 6.1e6, 2.2, evidence="B"),
    "refusion_flat": Recipe(
        kind="context", evidence=None, steps=("all weeks: 50 %", "outside the ladder"), municipal_share=0.5
    ),
    "refusion_before_2016": Recipe(
        kind="context",
        evidence=None,
        steps=("active: 50 %", "passive: 30 %", "outside the ladder"),
        municipal_share=0.63,
    ),
    "recession": Recipe(-0.25, 1.1, 0.0, 3.9, kind="context", evidence=None),
}


def run(name: str, seed: int, weeks: int, recipe: Recipe) -> RunResult:
    """A made-up run: smooth paths, luck of the seed that all scenarios share, a little of their own."""
    shared = np.random.default_rng([seed, 1])
    own = np.random.default_rng([seed, 2, sorted(RECIPES).index(name) if name in RECIPES else 99])
    rows = np.zeros((weeks, N_COLUMNS), np.int64)
    t = np.arange(weeks)
    bite = 1.0 - np.exp(-t / 40.0)

    def put(column: str, values: np.ndarray | float) -> None:
        rows[:, NAMES.index(column)] = np.rint(np.broadcast_to(values, (weeks,))).astype(np.int64)

    moved = np.zeros(weeks)
    for status, level in LEVELS.items():
        walk = np.cumsum(shared.normal(0, 0.05 * np.sqrt(level), weeks))
        values = level + walk + 0.01 * level * np.sin(t / 52 * 2 * np.pi)
        if status in ("dagpenge", "kontanthjaelp_jobready", "sygedagpenge") and recipe.fewer:
            gone = recipe.fewer * level * bite + np.cumsum(own.normal(0, 0.3, weeks))
            moved += gone
            values = values - gone
        if status in ("job", "education", "outside"):
            values = values + {"job": 0.68, "education": 0.1, "outside": 0.22}[status] * moved
        put(f"stock.{status}", values)
        for health, share in zip(codes.HEALTH, (0.8, 0.15, 0.05), strict=True):
            put(f"stock_health.{status}.{health}", values * share)
    support = np.sum([rows[:, NAMES.index(f"stock.{b}")] for b in codes.BENEFITS], axis=0)
    shares = STEP_SHARES[len(recipe.steps)]
    for k, share in enumerate(shares):
        put(f"ladder.step{k}", support * share)
    put("casework.cases", 3400)
    for cause, rate in CHANGES.items():
        put(f"changes.{cause}", shared.poisson(3400 * rate / 52 * (1 + (recipe.changes - 1) * bite)))
    put("changes.first_assignment", 70)
    put("meetings.first_held", shared.poisson(60, weeks))
    wait = 3.0 + (recipe.wait - 3.0) * (1 - np.exp(-t / 15))
    put("meetings.first_wait_weeks", rows[:, NAMES.index("meetings.first_held")] * wait)
    put("meetings.held", 420)
    put("queue.persons", np.maximum(wait * 60 + own.normal(0, 6, weeks), 0))
    put("flows.below_plan_weeks", 30)
    for column, value in (
        ("passive.weeks", 900),
        ("passive.weeks_asked", 2600),
        ("passive.weeks_exempt", 500),
    ):
        put(column, value)
    for column, value in (("long_term.stock", 1700 - moved * 0.5), ("long_term.inflow", 14)):
        put(column, value)
    for column, value in (
        ("company_measure.weeks", 420),
        ("elapsed.weeks", 200000),
        ("elapsed.persons", 4600),
    ):
        put(column, value)
    put("companies.first_contact_this_year", np.where(t % 52 < 30, 12, 3))
    put("companies.second_contact_this_year", np.where(t % 52 < 30, 4, 1))
    put("market.hires_benefit", 55 + moved * 0.05)
    put("market.hires_resident_in_work", 160 - moved * 0.02)
    put("market.hires_non_resident", 60 - moved * 0.015)
    cohort = np.zeros((weeks, len(COHORT_NAMES)), np.int64)
    for k, value in enumerate((95, 38, 44, 31, 95 * 33, 22, 9)):
        cohort[:, k] = value
    cohort[:, 1] += np.rint(2 * bite * (recipe.fewer > 0)).astype(np.int64)
    ledger = np.zeros((weeks, codes.N_ACCOUNTS, codes.N_BENEFITS + 1, codes.N_STEPS, 2), np.int64)
    for b, benefit in enumerate(codes.BENEFITS):
        paid = rows[:, NAMES.index(f"stock.{benefit}")] * 280_000  # øre a week
        municipal = np.rint(paid * recipe.municipal_share).astype(np.int64)
        ledger[:, codes.A_BENEFIT, b, len(shares) - 2, codes.MUNICIPALITY] = municipal
        ledger[:, codes.A_BENEFIT, b, len(shares) - 2, codes.STATE] = paid - municipal
    staff = 92e6 / 52 + recipe.cost_kr / 52
    ledger[:, codes.A_STAFF, NO_BENEFIT, 0, codes.MUNICIPALITY] = round(staff * 100)
    ledger[:, codes.A_EXTERNAL, NO_BENEFIT, 0, codes.MUNICIPALITY] = 25_000_000
    years = tuple(range(calendar.year_of(START), calendar.year_of(START + weeks - 1) + 1))
    pots = np.zeros((len(years), codes.N_POTS, 4), np.int64)
    pots[:, 0] = (9_300_000_000, 9_250_000_000, 9_250_000_000, 0)
    return RunResult(name, seed, START, weeks, rows, ledger, pots, years, cohort, recipe.steps)


def comparison(
    names: Sequence[str] = tuple(RECIPES)[1:],
    weeks: int = 209,
    seeds: int = 3,
    base: str = "baseline",
    calibrated: bool = False,
) -> Comparison:
    """A comparison of made-up runs; `names` are keys of RECIPES."""
    runs = {
        name: [run(name, seed, weeks, RECIPES[name]) for seed in range(1, seeds + 1)]
        for name in dict.fromkeys((base, *names))
    }
    values = {name: np.array([outcome_sheet(r).values for r in found]) for name, found in runs.items()}
    sheet = outcome_sheet(runs[base][0])
    units = [row.unit for row in sheet.rows()]
    differences, pairing = [], []
    for name in names:
        gap = values[name] - values[base]
        for k, key in enumerate(sheet.keys):
            half = 4.3 * gap[:, k].std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
            mean = gap[:, k].mean()
            differences.append(
                (name, key.outcome, key.group, key.year, units[k], estimand(key.outcome, key.group))
                + (RECIPES[name].evidence or "", values[base][:, k].mean(), mean, mean - half, mean + half)
                + (CALCULATION_ERROR, seeds)
            )
            spread = values[name][:, k].var() + values[base][:, k].var()
            removed = 1 - gap[:, k].var() / spread if spread > 0 else np.nan
            pairing.append((name, key.outcome, key.group, key.year, removed, gap[:, k].var()))
    weekly = {name: weekly_means(found) for name, found in runs.items()}
    error = {
        name: {
            "cumulative_net_municipal_kr": np.linspace(0, 3e6, weeks),
        }
        for name in names
    }
    strategies = [name for name in names if RECIPES[name].kind == "strategy"]
    rules = [name for name in names if name.startswith("refusion")]
    year = 52.18 / weeks
    return Comparison(
        base=base,
        scenarios=tuple(names),
        kinds={name: RECIPES[name].kind for name in runs},
        evidence_class={name: RECIPES[name].evidence for name in runs},
        questions={name: f"What does {name.replace('_', ' ')} do to people & money?" for name in runs},
        seeds=tuple(range(1, seeds + 1)),
        start=START,
        weeks=weeks,
        years=runs[base][0].years,
        differences=pd.DataFrame(differences, columns=list(DIFFERENCE_COLUMNS)),
        pairing=pd.DataFrame(pairing, columns=list(PAIRING_COLUMNS)),
        weekly=weekly,
        step_labels={name: RECIPES[name].steps for name in runs},
        bounds=pd.DataFrame(
            [(name, "early_intervention", "A", 900.0, 6.2e6, 4.4e6, True, "EV012") for name in strategies],
            columns=list(BOUND_COLUMNS),
        ),
        exit_split=pd.DataFrame(
            [
                (name, door, 4000.0 * share, share)
                for name in strategies
                for door, share in zip(EXIT_DOORS, (0.58, 0.07, 0.04, 0.31), strict=True)
            ],
            columns=list(EXIT_COLUMNS),
        ),
        refusion_lines=pd.DataFrame(
            [
                (name, line, *money, 0.0)
                for name in rules
                for line, money in zip(
                    REFUSION_LINES,
                    (
                        (yearly(runs, name, base, 0) * year, yearly(runs, name, base, 1) * year),
                        (0.0, 0.0),
                        (yearly(runs, name, base, 0) * year, yearly(runs, name, base, 1) * year),
                    ),
                    strict=True,
                )
            ],
            columns=list(REFUSION_COLUMNS),
        ),
        notes=["extra_caseworkers: acts below the contact plan of 3 persons <a note>"],
        calibrated=calibrated,
        rules_not_verified=17,
        command=f"jobcenter compare {base} {' '.join(names)} --seeds {seeds}",
        version="0123456789abcdef",
        price_level=2026,
        municipality="Slagelse",
        weekly_error=error,
    )


def yearly(runs: dict[str, list[RunResult]], name: str, base: str, payer: int) -> float:
    """Mean difference of what a payer pays over the horizon, kroner."""
    paid = [
        (a.ledger[..., payer].sum() - b.ledger[..., payer].sum()) / 100
        for a, b in zip(runs[name], runs[base], strict=True)
    ]
    return float(np.mean(paid))


def weekly_means(found: list[RunResult]) -> dict[str, np.ndarray]:
    """Series of one scenario, mean over its runs."""
    series = {name: np.mean([r.column(name) for r in found], axis=0) for name in NAMES}
    money = {
        "net_municipal_kr": [r.spending("municipality") / 100 for r in found],
        "net_state_kr": [r.spending("state") / 100 for r in found],
        "operating_kr": [r.spending(accounts=OPERATING) / 100 for r in found],
    }
    for name, values in money.items():
        series[name] = np.mean(values, axis=0)
        series[f"{CUMULATIVE}{name}"] = np.cumsum(series[name])
    return series
