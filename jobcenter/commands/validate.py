"""`jobcenter validate`: the model against figures no level was fitted to, or against anybody's own.

Example: jobcenter validate hedensted_2024 --seeds 6
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.screen import columns, command_line, progress
from sim.errors import UserError

if TYPE_CHECKING:
    from calibration.target_file import Targets
    from calibration.validate import Outcome

HELP = """Runs the checks: other municipalities, earlier downturns, patterns that were not fitted.

Prints what was counted, what is allowed (three times the tolerance of the same fit target), model, naive guess and
verdict. A check is hit when the model is within what is allowed and nearer than the naive guess. --against takes your
own figures (columns geography, period, group, measure, value, tolerance) for any municipality file; the measures are
listed in docs/validation.md.

Example: jobcenter validate --against my_figures.csv --out results/mine
"""


def _lines(sets: "list[Targets]", outcome: "Outcome") -> "list[str]":
    from calibration.validate_report import reason, shown

    out: list[str] = []
    for targets in sets:
        found = [one for one in outcome.scored if one.group == targets.name]
        if not found:
            continue
        law = targets.scenario.law
        as_of = f"of {law.as_of}" if law.as_of else "by date"
        as_of += f" ({', '.join(law.moving)} by date)" if law.moving else ""
        out += [
            "",
            f"== {targets.name}: {targets.scenario.municipality.name}, law {as_of}, refusion {law.refusion} ==",
        ]
        out += [targets.note.strip()] if targets.note else []
        table: list[tuple[str, ...]] = [
            ("check", "counted", "allowed", "model", "naive", "verdict", "counted under")
        ]
        for one in found:
            row, unit = one.target.row, one.target.row.unit
            table.append(
                (
                    one.target.name,
                    shown(row.value, unit),
                    f"± {shown(one.target.allowed, unit)}",
                    f"{shown(one.model, unit)} ± {shown(one.error, unit)}",
                    "none" if row.naive is None else shown(row.naive, unit),
                    one.verdict,
                    f"{row.geography}, {row.date}, law {row.law}",
                )
            )
        table += [
            (
                target.name,
                shown(target.value, target.row.unit),
                "",
                "-",
                "",
                "not modelled",
                target.row.not_modelled,
            )
            for group, target in outcome.not_modelled
            if group == targets.name
        ]
        out += columns(table)
    missed = [one for one in outcome.scored if one.missed]
    if missed and not any(one.group not in _packaged() for one in missed):
        by_reason: dict[str, list[str]] = {}
        for one in missed:
            by_reason.setdefault(reason(one), []).append(f"{one.group}/{one.target.name}")
        out += ["", "Misses by their likely reason"]
        out += [f"* {text}\n    {', '.join(names)}" for text, names in by_reason.items()]
    return out


def _packaged() -> list[str]:
    from calibration.validate import known_checks

    return known_checks()


def _as_json(sets: "list[Targets]", outcome: "Outcome", command: str) -> dict[str, Any]:
    from calibration.validate_report import summary, tidy
    from experiments.calibrated import watermark
    from experiments.provenance import describe

    return {
        "watermark": watermark(*(targets.scenario for targets in sets)),
        "command": command,
        "summary": summary(outcome),
        "interval_kind": "calculation error",
        "scenarios": {targets.name: describe(targets.scenario) for targets in sets},
        "notes": {targets.name: targets.note.strip() for targets in sets if targets.note},
        "checks": tidy(outcome.scored),
        "not_modelled": [
            {"set": group, "check": target.name, "reason": target.row.not_modelled}
            for group, target in outcome.not_modelled
        ],
    }


def validate(
    checks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="Check files by name or path; default: all that come along."
        ),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Your own figures instead of check files.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, max=200, help="Runs behind each model figure.")] = 6,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Default: the machine's cores.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write checks.csv and figures here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in --out.")] = False,
    store: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Result store; default: one in the cache. Runs in it are kept."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Renew the tables and figures of this page.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY.PATH=VALUE", help="Override a value of every scenario; repeatable."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Runs checks and prints their verdicts."""
    from experiments.folder import check_free

    if against is not None and checks:
        raise UserError("either check files or --against, not both")
    if out is not None:
        check_free(out, force)
    changes = tuple(overrides or ())

    from calibration.against import read_figures
    from calibration.validate import load_checks
    from calibration.validate import validate as run_checks
    from calibration.validate_report import refresh_page, summary, write_folder
    from experiments.calibrated import watermark
    from experiments.store import Store
    from sim.compiled import cache_home

    sets = read_figures(against, changes) if against is not None else load_checks(checks or (), changes)
    command = command_line(
        "validate",
        *(checks or ()),
        against=against,
        seeds=seeds,
        workers=workers,
        out=out,
        page=page,
        set=overrides,
    )
    kept = Store.create_or_open(store or cache_home() / "checks")
    with kept.writing(), progress("Runs", seeds * len(sets)) as step:
        done = 0

        def more(number: int) -> None:
            nonlocal done
            done += number
            step(done)

        outcome = run_checks(sets, seeds, kept, workers=workers, progress=more)
    if out is not None:
        write_folder(out, outcome, force, {"command": command, "summary": summary(outcome)})
    if page is not None:
        refresh_page(page, outcome, command)
    if as_json:
        print(json.dumps(_as_json(sets, outcome, command), indent=2, ensure_ascii=False))
        return
    if line := watermark(*(targets.scenario for targets in sets)):
        print(line)
    print("\n".join(_lines(sets, outcome)))
    print(f"\n{summary(outcome)}")
    made = f"{outcome.made} made now, {outcome.stored} from the store"
    print(f"{seeds} runs a file, mean ± calculation error (95 %); {made}.")
    if out is not None:
        print(f"Written: {out} (checks.csv, figures)")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("validate", help=HELP)(validate)
