"""`jobcenter new`: a municipality of your own out of a workbook, reconciled with its adopted budget.

Example: jobcenter new municipality my_town --from my_town.xlsx
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from jobcenter.screen import command_line, progress
from sim.errors import UserError

if TYPE_CHECKING:
    from jobcenter.planner.own_form import Answers

HELP: Final = """A municipality of your own: an empty workbook, and from a filled-in one the files to simulate it.

Example: jobcenter new municipality my_town --from my_town.xlsx
"""
TEMPLATE_HELP: Final = """Writes the workbook that asks for what a budget office has.

Persons, amounts and shares by benefit, refusion steps, staff, budgets, prices. --example fills it with the facts'
proposal for 75,000 inhabitants.

Example: jobcenter new template --out my_town.xlsx
"""
MUNICIPALITY_HELP: Final = """Makes a municipality out of a workbook and reconciles it with its adopted budget.

Written into ./scenarios are the municipality, its levels and a baseline scenario; then the model's first year is set
against the budget. Without --from all is scaled from the worked example to --inhabitants.

Nothing is written when anything in the workbook is wrong, and nothing is written over without --force.

Example: jobcenter new municipality my_town --from my_town.xlsx
"""
NAME: Final = re.compile(r"^[a-z][a-z0-9_]{0,40}$")

shelf = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@shelf.callback()
def _new() -> None:
    """Commands that make files of your own."""


@shelf.command("template", help=TEMPLATE_HELP)
def template(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The workbook.")] = Path(
        "municipality.xlsx"
    ),
    lang: Annotated[str, typer.Option("--lang", help="da or en.")] = "da",
    example: Annotated[bool, typer.Option("--example", help="Filled in with the worked example.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Writes the workbook."""
    from experiments.store.atomic import write_whole
    from jobcenter.planner.own_example import worked_example
    from jobcenter.planner.own_template import template as made
    from jobcenter.planner.words import Words

    if out.suffix != ".xlsx":
        raise UserError(f"--out {out}: a workbook ends in .xlsx")
    _free([out], force)
    content = made(Words(lang), worked_example() if example else None)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, content, flush=False)
    if as_json:
        print(json.dumps({"file": str(out), "example": example}))
    else:
        print(f"Written: {out}. Fill in the yellow cells, then: jobcenter new municipality NAME --from {out}")


@shelf.command("municipality", help=MUNICIPALITY_HELP)
def municipality(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the files: small letters, digits, _.")],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="WORKBOOK", help="A filled-in workbook.")
    ] = None,
    inhabitants: Annotated[
        int | None,
        typer.Option("--inhabitants", min=1_000, max=6_000_000, help="Instead of --from: all is scaled."),
    ] = None,
    levels: Annotated[
        str,
        typer.Option(
            "--levels", help="own: moved to the budgeted persons; packaged: Slagelse's as they are."
        ),
    ] = "own",
    lang: Annotated[str, typer.Option("--lang", help="Language of the reconciliation: da or en.")] = "da",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Of the reconciliation; default results/NAME.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Makes a municipality and reconciles it."""
    from jobcenter.planner.own_municipality import places
    from jobcenter.planner.words import Words

    say = Words(lang)
    if not NAME.match(name):
        raise UserError(f"NAME {name}: small letters a-z, digits and _ only, a letter first; such as my_town")
    if levels not in ("own", "packaged"):
        raise UserError(f"--levels {levels}: allowed are own, packaged")
    if (source is None) == (inhabitants is None):
        raise UserError("give one of --from WORKBOOK (your own numbers) and --inhabitants N (all scaled)")
    files = places(name, Path("scenarios"))
    _own_name(name, files["scenario"])
    folder = out or Path("results") / name
    _free([*files.values()], force)
    command = command_line("new", "municipality", name, from_=source, inhabitants=inhabitants,
                           levels=None if levels == "own" else levels)  # fmt: skip
    answers = _answers(source, inhabitants, name)
    with progress("Steps", 10) as step:
        from jobcenter.planner.own_make import make

        made = make(name, answers, files, folder, levels == "own", say, command, step)
    if as_json:
        print(json.dumps(made.told(), indent=2, ensure_ascii=False))
        return
    print("\n".join(made.lines(say)))


def _answers(source: Path | None, inhabitants: int | None, name: str) -> "Answers":
    if source is not None:
        from jobcenter.planner.own_workbook import read_workbook

        return read_workbook(source)
    from jobcenter.planner.own_example import INHABITANTS, worked_example

    assert inhabitants is not None
    if inhabitants == INHABITANTS:
        return worked_example()
    return worked_example(inhabitants, f"{name} (all scaled, {inhabitants:,} inhabitants)")


def _own_name(name: str, scenario: Path) -> None:
    """Refuses a name that would hide a packaged file."""
    from sim.scenario.locate import packaged

    for kind in ("", "municipalities", "behaviour"):
        if (packaged() / kind / f"{name}.yaml").is_file() and not scenario.is_file():
            raise UserError(f"NAME {name}: a packaged file is called so; choose another name")


def _free(files: list[Path], force: bool) -> None:
    there = [str(path) for path in files if path.exists()]
    if there and not force:
        raise UserError(f"{', '.join(there)}: is there already; choose another name or add --force")


def register(app: typer.Typer) -> None:
    """Adds the group to the command line."""
    app.add_typer(shelf, name="new", help=HELP)
