"""Writes a comparison to a folder: differences, pairing, weekly means, manifest, report. Schemas: docs/results.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparison import Comparison
from experiments.folder import new_folder, write_manifest
from experiments.provenance import describe, unverified_rules, versions
from sim.calendar import iso
from sim.records.tables import write_parquet
from sim.records.weekly import COLUMNS
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def write_comparison(
    comparison: Comparison, scenarios: Sequence[Scenario], folder: Path, force: bool
) -> list[str]:
    """Fills `folder` with everything a comparison has; all of it or nothing. Returns the names of the files.

    `scenarios`: the base and the others, as they were run. Raises UserError when the folder is not empty.
    """
    from experiments.report import write_report

    with new_folder(folder, force) as part:
        for name in ("differences", "pairing", "bounds", "exit_split", "refusion_lines"):
            _write_csv(getattr(comparison, name), part / f"{name}.csv")
        for name in ("money", "equal_budget", "flows_back"):
            if (frame := getattr(comparison, name)) is not None:
                _write_csv(frame, part / f"{name}.csv")
        remarks = {
            "watermark": comparison.watermark or "",
            "price_level": str(comparison.price_level),
            "code_version": comparison.version,
        }
        write_parquet(weekly_means(comparison), part / "weekly_means.parquet", remarks)
        write_report(comparison, part / "report.html")
        write_manifest(part, manifest(comparison, scenarios))
        return sorted(file.name for file in part.iterdir())


def _write_csv(frame: "pd.DataFrame", path: Path) -> None:
    """Text with full precision; what is not known is an empty cell."""
    frame.to_csv(path, index=False, lineterminator="\n")


def weekly_means(comparison: Comparison) -> "pd.DataFrame":
    """scenario, week, iso_week, name, unit, mean, error: every weekly series of every scenario, mean over seeds.

    `error`: half-width of the 95 % calculation error of the paired difference from the base, where it is kept.
    """
    import pandas as pd

    units = {column.name: column.unit for column in COLUMNS}
    weeks = np.arange(comparison.start, comparison.start + comparison.weeks)
    labels = [iso(int(week)) for week in weeks]
    parts = []
    for scenario, series in comparison.weekly.items():
        errors = comparison.weekly_error.get(scenario, {})
        names, n = list(series), comparison.weeks
        empty = np.full(n, np.nan)
        parts.append(
            pd.DataFrame(
                {
                    "scenario": scenario,
                    "week": np.tile(weeks, len(names)).astype(np.int32),
                    "iso_week": np.tile(labels, len(names)),
                    "name": np.repeat(names, n),
                    "unit": np.repeat([units.get(name, "kr.") for name in names], n),
                    "mean": np.concatenate([series[name] for name in names]),
                    "error": np.concatenate([errors.get(name, empty) for name in names]),
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype(dict.fromkeys(("scenario", "iso_week", "name", "unit"), "category"))


def manifest(comparison: Comparison, scenarios: Iterable[Scenario]) -> dict[str, Any]:
    """What makes the comparison repeatable, and what it rests on."""
    scenarios = list(scenarios)
    return {
        "made_by": "jobcenter compare",
        "watermark": comparison.watermark,
        "command": comparison.command,
        "code_version": comparison.version,
        "scenarios": [describe(scenario) for scenario in scenarios],
        "seeds": list(comparison.seeds),
        "weeks": comparison.weeks,
        "interval_kind": "calculation error",
        "discount_rate": comparison.discount_rate,
        "notes": comparison.notes,
        "rules_not_verified": comparison.rules_not_verified,
        "unverified_rules": unverified_rules(scenarios[0]),
        "versions": versions(),
    }
