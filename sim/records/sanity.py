"""The sanity table: a few runs of the calibration baseline against what was counted in the municipality.

Measured over weeks 53-208 after the start, under frozen law and constant demand. Stocks are targets of the municipality
file; flows are national or regional facts and never given to the model as start values. Several runs are averaged, as
luck alone moves the trend of a stock of a thousand people by two percent a year.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sim import codes
from sim.records.outcomes import APART, WEEKS_PER_YEAR
from sim.records.result import RunResult
from sim.records.student import t_95

if TYPE_CHECKING:
    from sim.scenario.municipality import Stock

FIRST_WEEK, LAST_WEEK = 53, 208  # counted from 1 at the start
DRIFT_LIMIT: Final = 0.02  # a year
FACTOR: Final = 2.0  # how far off a flow may be
DEFAULT_TOLERANCE: Final = 0.25
CASH_SYSTEM: Final = "cash_benefit_system"


class Check(NamedTuple):
    """One line of the table. `verdict`: ok | off | unclear (beyond the limit, but within its error) | not measured."""

    what: str
    unit: str
    target: float
    low: float
    high: float
    model: float  # mean over runs
    error: float  # half-width of its 95 % calculation error; NaN for one run
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


def measure(result: RunResult, share: float = 1.0) -> dict[str, float]:
    """What one run has for every line, by the line's name. `share`: the part of the municipality simulated
    (world.share); persons and spells are scaled up by it."""
    out = {}
    for name in (*codes.BENEFITS, CASH_SYSTEM):
        persons = _persons(result, name)[window(result)]
        out[f"{name}: persons"] = _mean(persons) / share
        out[f"{name}: drift"] = trend_per_year(persons)
    return out | flows(result, share)


def sanity(measured: Sequence[Mapping[str, float]], stocks: Mapping[str, "Stock"]) -> list[Check]:
    """The table of runs measured with `measure`, against the municipality's stocks and the flows known from outside."""
    lines = [*_stock_lines(stocks), *_drift_lines(), *_flow_lines()]
    return [_judged(line, np.array([run[line.what] for run in measured])) for line in lines]


def _judged(line: Check, values: np.ndarray) -> Check:
    known = values[np.isfinite(values)]
    if not known.size:
        return line._replace(verdict="not measured")
    model = float(known.mean())
    error = (
        t_95(known.size - 1) * float(known.std(ddof=1)) / known.size**0.5 if known.size > 1 else float("nan")
    )
    if line.low <= model <= line.high:
        verdict = "ok"
    else:
        # Only drift is so sensitive to luck that its error decides; one run cannot tell.
        beyond = max(line.low - model, model - line.high)
        surely = not line.what.endswith(": drift") or beyond > error
        verdict = "off" if surely else "unclear"
    return line._replace(model=model, error=error, verdict=verdict)


def _line(what: str, unit: str, target: float, low: float, high: float, source: str) -> Check:
    return Check(what, unit, target, low, high, float("nan"), float("nan"), "", source)


def _stock_lines(stocks: Mapping[str, "Stock"]) -> list[Check]:
    """Mean full-time persons against the targets of the municipality file; what it calls a start is no check."""
    out = []
    for name, stock in stocks.items():
        if stock.use == "target":
            tolerance = DEFAULT_TOLERANCE if stock.tolerance is None else stock.tolerance
            low, high = stock.value * (1 - tolerance), stock.value * (1 + tolerance)
            source = f"{stock.source}: {stock.status}"
            out.append(_line(f"{name}: persons", "full-time persons", stock.value, low, high, source))
    return out


def _drift_lines() -> list[Check]:
    """Trend of every stock in percent of its mean a year; none may exceed two percent."""
    return [
        _line(f"{name}: drift", "share per year", 0.0, -DRIFT_LIMIT, DRIFT_LIMIT, "constant law and demand")
        for name in (CASH_SYSTEM, *codes.BENEFITS)
    ]


def _flow_lines() -> list[Check]:
    """Inflow, exits by door, spell lengths and caseworker changes, each within a factor of two."""
    out = []
    for flow in FLOWS:
        high = min(flow.value * FACTOR, 1.0) if flow.unit == "share" else flow.value * FACTOR
        out.append(_line(flow.name, flow.unit, flow.value, flow.value / FACTOR, high, flow.source))
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
    if name == CASH_SYSTEM:
        return np.asarray(sum(result.column(f"stock.{codes.BENEFITS[b]}") for b in codes.CASH_BENEFITS))
    return result.column(f"stock.{name}")


def _mean(series: np.ndarray) -> float:
    return float(series.mean()) if series.size else float("nan")


def _ratio(a: float, b: float) -> float:
    return a / b if b else float("nan")


def off(checks: list[Check]) -> list[Check]:
    """The lines that miss."""
    return [check for check in checks if check.verdict == "off"]
