"""Replays published experiments and keeps what came out: rows, tables, the forest plot, a manifest."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from calibration.published import Experiment
from calibration.register_study import meet
from calibration.replay import replay
from calibration.verdict import (
    MISSES,
    RULES,
    Row,
    as_json,
    rows_not_modelled,
    rows_of,
    rows_of_register,
    sentences,
)
from sim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

REPLICAS, INVESTMENTS = "replicas", "investment cases"  # parts of a page that are made from stored results
_ORDER: Final = ("misses", "too few runs", "agrees", "not modelled")


def replicate(
    experiment: Experiment,
    seeds: Sequence[int],
    share: float | None = None,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> list[Row]:
    """One study's published numbers against the model."""
    if experiment.file.status == "not_modelled":
        return rows_not_modelled(experiment)
    if experiment.file.design.by == "register":
        return rows_of_register(experiment, meet(experiment, seeds, share, workers, progress))
    return rows_of(replay(experiment, seeds, share, workers=workers, progress=progress))


def frame(rows: Sequence[Row]) -> "pd.DataFrame":
    """replicas.csv: one row per published number."""
    import pandas as pd

    return pd.DataFrame([as_json(row) for row in rows])


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Misses first."""
    return sorted(rows, key=lambda row: (_ORDER.index(row.verdict), row.role != "tests", row.experiment))


def number(row: Row, value: float, error: float) -> str:
    """A model's number as it is printed."""
    if value != value:
        return "-"
    digits = 2 if row.ratio else 1
    sign = "" if row.ratio else "+"
    return f"{value:{sign}.{digits}f} ± {error:.{digits}f}"


def name_of(row: Row) -> str:
    """Study, outcome and coverage in one word."""
    share = "" if row.coverage != row.coverage else f" at {100 * row.coverage:.0f} %"
    return f"{row.experiment}: {row.outcome.replace('_', ' ')}{share}"


def markdown(rows: Sequence[Row], reasons: dict[str, str], command: str, seeds: int) -> str:
    """The page's part that is made from stored results: counts, then the table, misses first."""
    lines = [f"Made by `{command}` from {seeds} seeds.", ""]
    lines += [f"* {sentence}" for sentence in sentences(rows)]
    lines += [
        "",
        "| Verdict | Study: outcome | Published | Expected of what is replayed | Model ± error | Role, rule |",
    ]
    lines += ["|---|---|---|---|---|---|"]
    for row in in_order(rows):
        expected = "" if row.expected != row.expected or row.expected == row.paper else f"{row.expected:.2f}"
        easy = "; nothing would agree too" if row.nothing_passes and row.verdict == "agrees" else ""
        lines.append(
            f"| {row.verdict} | {name_of(row)} ({row.unit}, {row.weeks} weeks; {row.evidence}) | {row.paper_words} |"
            f" {expected} | {number(row, row.model, row.error)} | {row.role}, {row.rule}{easy} |"
        )
    missed = list(dict.fromkeys(row.experiment for row in in_order(rows) if row.verdict == MISSES))
    if missed:
        lines += ["", "Likely reasons of the misses:", ""]
        lines += [f"* **{name}**: {reasons.get(name) or 'not known'}." for name in missed]
    registers = [row for row in rows if row.rule == "beside"]
    if registers:
        lines += ["", "Register studies met with their own estimator:", ""]
        lines += [
            "| Study | Naive in the model | True in the model | Naive when the true effect is nothing | Published |"
        ]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| {row.experiment} | {number(row, row.model, row.error)} | {row.true:.2f} |"
            f" {number(row, row.at_nothing, row.at_nothing_error)} | {row.paper_words} |"
            for row in registers
        ]
    return "\n".join(lines) + "\n"


def write(
    rows: Sequence[Row],
    experiments: Sequence[Experiment],
    folder: Path,
    force: bool,
    command: str,
    seeds: int,
) -> None:
    """Fills `folder` with replicas.csv, replicas.md, the forest plot and a manifest; all of it or nothing."""
    from calibration.forest import draw
    from experiments.folder import new_folder, write_manifest
    from experiments.provenance import versions
    from sim.version import code_version

    reasons = {one.name: one.file.likely_reason for one in experiments}
    with new_folder(folder, force) as part:
        frame(rows).to_csv(part / "replicas.csv", index=False, lineterminator="\n")
        (part / "replicas.md").write_text(markdown(rows, reasons, command, seeds), encoding="utf-8")
        for name, content in draw(rows).items():
            (part / name).write_bytes(content)
        write_manifest(
            part,
            {
                "made_by": "jobcenter replicate",
                "command": command,
                "code_version": code_version(),
                "seeds": seeds,
                "rules": RULES,
                "summary": list(sentences(rows)),
                "experiments": {one.name: one.file.model_dump(mode="json") for one in experiments},
                "versions": versions(),
            },
        )


def update_page(page: Path, part: str, text: str) -> None:
    """Puts `text` between the marks of a part of a page. Raises UserError where the marks are missing."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    old = page.read_text(encoding="utf-8") if page.is_file() else ""
    if old.count(begin) != 1 or old.count(end) != 1 or old.index(begin) > old.index(end):
        raise UserError(
            f"{page}: needs one line '{begin}' and, after it, one line '{end}'; the table goes between them"
        )
    before, rest = old.split(begin)
    page.write_text(f"{before}{begin}\n{text}{end}{rest.split(end)[1]}", encoding="utf-8", newline="\n")


def copy_figure(folder: Path, page: Path) -> None:
    """The stored figure beside a page that keeps its figures in a folder of that name."""
    figures = page.parent / "figures"
    if figures.is_dir() and (folder / "forest.svg").is_file():
        (figures / f"{page.stem}.svg").write_bytes((folder / "forest.svg").read_bytes())


def plain(rows: Sequence[Row], command: str) -> str:
    """All of it as JSON."""
    tree: dict[str, Any] = {
        "command": command,
        "rules": RULES,
        "summary": list(sentences(rows)),
        "rows": [as_json(row) for row in rows],
    }
    return json.dumps(tree, indent=2, ensure_ascii=False)
