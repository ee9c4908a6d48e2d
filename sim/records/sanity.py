"""The sanity table: one run of the calibration baseline against what was counted in the municipality.

Measured over weeks 53-208 after the start, under frozen law and constant demand. Stocks are targets of the municipality
file; flows are national or regional facts and never given to the model as start values.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sim import codes
from sim.records.outcomes import APART, WEEKS_PER_YEAR
from sim.records.result import RunResult

if TYPE_CHECKING:
    from sim.scenario.municipality import Stock

FIRST_WEEK, LAST_WEEK = 53, 208  # counted from 1 at the start
DRIFT_LIMIT: Final = 0.02  # a year
FACTOR: Final = 2.0  # how far off a flow may be
DEFAULT_TOLERANCE: Final = 0.25
FEW: Final = 100.0  # persons below which one run cannot tell drift from luck


class Check(NamedTuple):
    """One line of the table. `verdict`: ok | off | too few | not measured."""

    what: str
    unit: str
    target: float
    low: float
    high: float
    model: float
    verdict: str
    source: str


class FlowTarget(NamedTuple):
    """A flow known from outside, within a factor of two."""

    name: str
    unit: str
    value: float
    source: str


# facts/data.md, "Calibration targets". Nothing here is read by the model.
FLOWS: Final = (
    FlowTarget(
        "dagpenge: completed spell", "weeks", 24.3, "Jobindsats.dk / STAR y01a27, Region Sjaelland: read"
    ),
    FlowTarget(
        "dagpenge: spells begun a year",
        "spells",
        2053.0,
        "956 full-time persons x 52.18 / 24.3 weeks: inferred, steady state",
    ),
    FlowTarget(
        "dagpenge: ended in a job",
        "share",
        0.675,
        "in wage work 3 months after the spell, country, mean of 4 quarters 2025: read",
    ),
    FlowTarget(
        "cash benefit: ended in a job",
        "share",
        0.42,
        "in wage work 3 months after the spell, Slagelse 2025-Q1, provisional: read",
    ),
    FlowTarget(
        "cash benefit: ended in education",
        "share",
        0.053,
        "in education 3 months after the spell, Slagelse 2025-Q1, provisional: read",
    ),
    FlowTarget("activity-ready: find a job in a year", "share", 0.06, "EV105, country: read"),
    FlowTarget("ressourceforloeb: ended in a job", "share", 0.04, "exits of 2018, country: read"),
    FlowTarget(
        "caseworker changes per citizen-year",
        "changes",
        0.5,
        "judged; first assignment and own request not counted",
    ),
)


def window(result: RunResult) -> slice:
    """The weeks the table is measured over; shorter when the run is. Empty when the run ends before week 53."""
    return slice(min(FIRST_WEEK - 1, result.weeks), min(LAST_WEEK, result.weeks))


def sanity(result: RunResult, stocks: Mapping[str, "Stock"], share: float = 1.0) -> list[Check]:
    """The table. `share`: the part of the municipality simulated (world.share); persons are scaled up by it."""
    return [*stock_checks(result, stocks, share), *drift_checks(result, share), *flow_checks(result, share)]


def stock_checks(result: RunResult, stocks: Mapping[str, "Stock"], share: float = 1.0) -> list[Check]:
    """Mean full-time persons against the targets of the municipality file; what it calls a start is no check."""
    out = []
    for name, stock in stocks.items():
        if stock.use != "target":
            continue
        tolerance = DEFAULT_TOLERANCE if stock.tolerance is None else stock.tolerance
        model = _mean(_persons(result, name)[window(result)]) / share
        low, high = stock.value * (1 - tolerance), stock.value * (1 + tolerance)
        out.append(
            Check(
                f"{name}: persons",
                "full-time persons",
                stock.value,
                low,
                high,
                model,
                _verdict(low, high, model),
                f"{stock.source}: {stock.status}",
            )
        )
    return out


def drift_checks(result: RunResult, share: float = 1.0) -> list[Check]:
    """Trend of every stock in percent of its mean a year; none may exceed two percent."""
    out = []
    for name in ("cash_benefit_system", *codes.BENEFITS):
        persons = _persons(result, name)[window(result)]
        drift = trend_per_year(persons)
        few = persons.size > 0 and _mean(persons) < FEW
        verdict = "too few" if few else _verdict(-DRIFT_LIMIT, DRIFT_LIMIT, drift)
        out.append(
            Check(
                f"{name}: drift",
                "share per year",
                0.0,
                -DRIFT_LIMIT,
                DRIFT_LIMIT,
                drift,
                verdict,
                "constant law",
            )
        )
    return out


def flow_checks(result: RunResult, share: float = 1.0) -> list[Check]:
    """Inflow, exits by door, spell lengths and caseworker changes, each within a factor of two."""
    measured = flows(result, share)
    out = []
    for target in FLOWS:
        model, low, high = measured[target.name], target.value / FACTOR, target.value * FACTOR
        high = min(high, 1.0) if target.unit == "share" else high
        out.append(
            Check(
                target.name,
                target.unit,
                target.value,
                low,
                high,
                model,
                _verdict(low, high, model),
                target.source,
            )
        )
    return out


def flows(result: RunResult, share: float = 1.0) -> dict[str, float]:
    """The model's own flows in the window, by the names of `FLOWS`."""
    inside = window(result)
    years = (inside.stop - inside.start) / WEEKS_PER_YEAR

    def total(*names: str) -> float:
        return float(sum(int(result.column(name)[inside].sum()) for name in names))

    def exits(benefits: tuple[str, ...], door: str = "") -> float:
        return total(*(f"exits.{b}.{d}" for b in benefits for d in codes.DOORS if door in ("", d)))

    cash = tuple(codes.BENEFITS[b] for b in codes.CASH_BENEFITS)
    dagpenge, activity, resource = (
        ("dagpenge",),
        ("kontanthjaelp_activityready",),
        ("ressourceforloeb",),
    )
    # Doors do not tell a move inside the cash-benefit system from one to another benefit; both are left out.
    left_cash = exits(cash) - exits(cash, "other_benefit")
    counted = total(*(f"changes.{cause}" for cause in codes.CAUSES if cause not in APART))
    found = _ratio(exits(activity, "job") * WEEKS_PER_YEAR, total("stock.kontanthjaelp_activityready"))
    values = (
        _ratio(total("completed_weeks.dagpenge"), exits(dagpenge)),
        _ratio(total("entries.dagpenge"), years) / share,
        _ratio(exits(dagpenge, "job"), exits(dagpenge)),
        _ratio(exits(cash, "job"), left_cash),
        _ratio(exits(cash, "education"), left_cash),
        1.0 - float(np.exp(-found)),
        _ratio(exits(resource, "job"), exits(resource)),
        _ratio(counted * WEEKS_PER_YEAR, total("casework.cases")),
    )
    return dict(zip((target.name for target in FLOWS), values, strict=True))


def trend_per_year(series: np.ndarray) -> float:
    """Slope of a straight line through weekly values, per year, relative to their mean. NaN without a slope."""
    if series.size < 2 or not series.any():
        return float("nan")
    weeks = np.arange(series.size) - (series.size - 1) / 2
    slope = float((weeks * series).sum() / (weeks**2).sum())
    return slope * WEEKS_PER_YEAR / _mean(series)


def _persons(result: RunResult, name: str) -> np.ndarray:
    if name == "cash_benefit_system":
        return np.asarray(sum(result.column(f"stock.{codes.BENEFITS[b]}") for b in codes.CASH_BENEFITS))
    return result.column(f"stock.{name}")


def _mean(series: np.ndarray) -> float:
    return float(series.mean()) if series.size else float("nan")


def _ratio(a: float, b: float) -> float:
    return a / b if b else float("nan")


def _verdict(low: float, high: float, model: float) -> str:
    if np.isnan(model):
        return "not measured"
    return "ok" if low <= model <= high else "off"


def off(checks: list[Check]) -> list[Check]:
    """The lines that miss."""
    return [check for check in checks if check.verdict == "off"]
