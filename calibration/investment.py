"""Investment cases: what the model would have printed beforehand, beside what was promised and what was reported.

A case is a forecast over draws of what is not known about behaviour, each draw with its own luck and with levels put
back to where they were fitted (experiments/anchor.py). There is no verdict and it counts as no validation: what
municipalities reported is their own accounts before and after, not an effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field

from calibration.evidence_rows import investment_rows
from sim.codes import FIRST_BENEFIT, STATUSES
from sim.records.result import RunResult
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.scalars import Frozen
from sim.scenario.validate import Checker

FOLDER: Final = Path(__file__).parent / "investment_cases"
QUANTILES: Final = (0.1, 0.5, 0.9)
MIO_OERE: Final = 1e8
WEEKS_A_YEAR: Final = 52.1775
_NOT_COUNTED: Final = ("fleksjob", "foertidspension")
# What a forecast says, with its unit.
FORECAST: Final = {
    "spending on staff": "mio. kr.",
    "municipality net (spending minus savings)": "mio. kr.",
    "municipality net, last year": "mio. kr. a year",
    "full-time persons on support, last year": "persons",
    "persons in ordinary work, last year": "persons",
}


class CaseFile(Frozen):
    """One case, or the list of those the model cannot forecast."""

    schema_number: Literal[1, "1"] = Field(1, alias="schema")
    title: str
    municipality: str = ""
    rows: tuple[str, ...] = Field((), description="years of the municipality's rows in investment_cases.csv")
    base: str = "slagelse_2024"
    set: tuple[str, ...] = ()
    levers: dict[str, Any] = {}
    weeks: int = Field(209, ge=53, le=520)
    meaning: str = ""
    rows_not_modelled: dict[str, str] = {}


@dataclass(frozen=True)
class Forecast:
    """The distribution of one number: 10, 50 and 90 % points over draws and luck."""

    case: str
    what: str
    unit: str
    low: float
    middle: float
    high: float
    draws: int


def cases() -> dict[str, CaseFile]:
    """Every case that comes along, by name. Raises UserError with file and line."""
    out = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        checker = Checker(yaml_tree.read(path))
        file = checker.build(CaseFile)
        checker.done()
        assert file is not None  # `done` raised otherwise
        out[path.stem] = file
    return out


def label(row: dict[str, str]) -> str:
    """A row of investment_cases.csv in a few words."""
    return f"{row['municipality']} {row['year']}"


def told(case: CaseFile) -> list[dict[str, str]]:
    """The rows of the facts a case is set beside."""
    return [
        row
        for row in investment_rows()
        if row["municipality"] == case.municipality and row["year"] in case.rows
    ]


def not_modelled() -> dict[str, str]:
    """Rows of the facts without a forecast, with the reason. Every row is either here or behind a case."""
    return {name: reason for case in cases().values() for name, reason in case.rows_not_modelled.items()}


def worlds(case: CaseFile, share: float | None = None) -> tuple[Scenario, Scenario]:
    """The office as it was and with the investment."""
    import json

    changes = [*case.set, f"weeks={case.weeks}", *([f"world.share={share}"] if share is not None else [])]
    with_levers = [*changes, f"levers={json.dumps(case.levers)}"]
    return load(case.base, overrides=tuple(changes)), load(case.base, overrides=tuple(with_levers))


def forecast(
    name: str, draws: int, share: float | None = None, progress: Callable[[int], None] | None = None
) -> list[Forecast]:
    """The distribution the model prints for one case."""
    from experiments.anchor import anchored
    from experiments.draws import draw, ranges
    from experiments.run import run_one

    base, invested = worlds(cases()[name], share)
    known = ranges(base)
    found: dict[str, list[float]] = {what: [] for what in FORECAST}
    for number in range(draws):
        values = anchored(base, draw(known, number))
        before, after = (run_one(scenario, values, number + 1) for scenario in (base, invested))
        for what, value in _differences(before, after).items():
            found[what].append(value / base.world.share)
        if progress is not None:
            progress(number + 1)
    out = []
    for what, differences in found.items():
        low, middle, high = np.quantile(np.array(differences), QUANTILES).tolist()
        out.append(Forecast(name, what, FORECAST[what], low, middle, high, draws))
    return out


def _differences(before: RunResult, after: RunResult) -> dict[str, float]:
    last = slice(-52, None)

    def spent(run: RunResult, accounts: tuple[str, ...] | None = None) -> np.ndarray:
        return run.spending("municipality", accounts) / MIO_OERE

    def persons(run: RunResult, statuses: Sequence[str]) -> float:
        return float(sum(run.column(f"stock.{status}")[last].mean() for status in statuses))

    support = [name for name in STATUSES[FIRST_BENEFIT:] if name not in _NOT_COUNTED]
    net = spent(after) - spent(before)
    staff = spent(after, ("staff",)) - spent(before, ("staff",))
    values = (
        float(staff.sum()),
        float(net.sum()),
        float(net[last].sum()) * WEEKS_A_YEAR / 52.0,
        persons(after, support) - persons(before, support),
        persons(after, ("job",)) - persons(before, ("job",)),
    )
    return dict(zip(FORECAST, values, strict=True))


def markdown(found: Sequence[Forecast], command: str) -> str:
    """The table of the page: forecast, promised, reported; then what cannot be forecast and why."""
    lines = [f"Made by `{command}`. No verdict: what was reported is nobody's estimate of an effect.", ""]
    known = cases()
    for name in dict.fromkeys(one.case for one in found):
        case, mine = known[name], [one for one in found if one.case == name]
        lines += [
            f"**{case.title}**: {case.meaning}. {mine[0].draws} draws, {case.weeks} weeks, 2026 prices.",
            "",
        ]
        lines += [
            "| Forecast, with the investment minus without | 10 % | median | 90 % | Unit |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {one.what} | {one.low:+.1f} | {one.middle:+.1f} | {one.high:+.1f} | {one.unit} |"
            for one in mine
        ]
        lines += ["", "| Row | Invested, mio. kr. | Promised | Reported |", "|---|---|---|---|"]
        lines += [
            f"| {label(row)} | {row['investment_mio_dkk'] or '-'} | {row['promised_effect'] or '-'} |"
            f" {row['measured_effect'] or '-'} |"
            for row in told(case)
        ]
        lines.append("")
    lines += ["Not forecast:", ""]
    lines += [f"* {name}: {reason}." for name, reason in not_modelled().items()]
    return "\n".join(lines) + "\n"


def write(found: Sequence[Forecast], folder: Path, force: bool, command: str) -> None:
    """Fills `folder` with investment.csv, investment.md and a manifest; all of it or nothing."""
    import pandas as pd

    from experiments.folder import new_folder, write_manifest
    from experiments.provenance import versions
    from sim.version import code_version

    with new_folder(folder, force) as part:
        frame = pd.DataFrame([asdict(one) for one in found])
        frame.to_csv(part / "investment.csv", index=False, lineterminator="\n")
        (part / "investment.md").write_text(markdown(found, command), encoding="utf-8")
        write_manifest(
            part,
            {
                "made_by": "jobcenter replicate --investment",
                "command": command,
                "code_version": code_version(),
                "interval_kind": "10 to 90 % over draws and luck",
                "versions": versions(),
            },
        )
