"""`jobcenter cases`: the cases at a scenario's start, sorted by barriers and by months without work."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.screen import columns, command_line, heading, json_number, progress
from sim.errors import UserError
from sim.scenario import Scenario, load

if TYPE_CHECKING:
    from experiments.cases import Cases

HELP = """The cases on the first day of a scenario, sorted by barriers to work and by months without work: how many
there are of each kind, and how many of them are in ordinary work a year later if nothing is begun.

Example: jobcenter cases slagelse_2015 --benefits kontanthjaelp_jobready,kontanthjaelp_activityready
"""


def _lines(found: "Cases") -> Iterator[str]:
    from experiments.cases import BARRIERS, MONTHS_FROM, months_label

    said = {"none": "no barrier", "one": "one barrier"}
    head = ("Months without work", *(said.get(name, f"{name} barriers") for name in BARRIERS))
    table: list[tuple[str, ...]] = [(*head, "all")]
    for band in range(len(MONTHS_FROM)):
        cells = zip(found.persons[band], found.in_work_share[band], strict=True)
        row = tuple(
            f"{persons:,.0f}" + ("" if math.isnan(share) else f" ({100 * share:.0f} %)")
            for persons, share in cells
        )
        table.append((f"  {months_label(band)}", *row, f"{found.persons[band].sum():,.0f}"))
    table.append(("  all", *(f"{n:,.0f}" for n in found.persons.sum(axis=0)), f"{found.persons.sum():,.0f}"))
    yield from columns(table)


def _as_json(scenario: Scenario, benefits: tuple[str, ...], found: "Cases", command: str) -> dict[str, Any]:
    from experiments.calibrated import watermark
    from experiments.cases import cases_frame
    from experiments.provenance import describe

    rows = cases_frame(found).to_dict("records")
    return {
        "watermark": watermark(scenario),
        "command": command,
        "scenario": describe(scenario),
        "benefits": list(benefits),
        "runs": found.runs,
        "cases": [
            {key: json_number(value) if isinstance(value, float) else value for key, value in row.items()}
            for row in rows
        ],
    }


def cases(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name, a path, or NAME@BASE.")],
    benefits: Annotated[
        str | None, typer.Option(metavar="NAME,NAME,...", help="Benefits; default: cash benefit of adults.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Worlds whose mean is shown.")] = 5,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write the table here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sorts the cases of a scenario's first week."""
    resolved = load(scenario, overrides=overrides or [])
    if out is not None and out.exists() and not force:
        raise UserError(f"{out}: there is a file already; --force replaces it")

    from experiments.cases import ADULTS, cases_frame, check_benefits, sort_cases
    from experiments.store.atomic import write_whole

    chosen = check_benefits([word.strip() for word in benefits.split(",")] if benefits else ADULTS)
    with progress("Cases", seeds) as step:
        found = sort_cases(resolved, chosen, range(1, seeds + 1), step)
    if out is not None:
        write_whole(out, cases_frame(found).to_csv(index=False, lineterminator="\n").encode())
    from experiments.calibrated import watermark

    if as_json:
        command = command_line("cases", scenario, benefits=benefits, seeds=seeds, out=out, set=overrides)
        print(json.dumps(_as_json(resolved, chosen, found, command), indent=2, ensure_ascii=False))
        return
    if line := watermark(resolved):
        print(line)
    print(heading(resolved, resolved.weeks))
    print(
        f"Cases in the first week on {', '.join(chosen)}, mean of {found.runs} worlds; in brackets how many of 100 are"
        " in ordinary work a year later if nothing is begun.\n"
    )
    print("\n".join(_lines(found)))
    print(
        "\nBarriers: lasting health barrier (severe counts twice), no schooling beyond the basic, social problems."
        " Groups under 30 persons, all worlds together, have no share."
    )
    if out is not None:
        print(f"\nWritten: {out}")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("cases", help=HELP)(cases)
