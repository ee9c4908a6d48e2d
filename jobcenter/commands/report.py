"""`jobcenter report`: a committee paper from a stored batch, in Danish or English: HTML, PDF and spreadsheet.

Example: jobcenter report results/three --lang da
"""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from jobcenter.screen import command_line

HELP: Final = """A committee paper from a stored batch: page one in the municipality's form, figures, groups, appendix.

Of an EXPERIMENT what is missing is run first, into results/EXPERIMENT; a STORE is read as it is.

Written are paper_LANG.html, .pdf and .xlsx and the figures as SVG and PNG. With --soem also a long table for the
national workbook of social investments (SØM).

Example: jobcenter report results/three --lang da
"""


def report(
    name: Annotated[
        str,
        typer.Argument(
            metavar="STORE|EXPERIMENT",
            help="A store's folder as it is; of an experiment what is missing is run first.",
        ),
    ],
    lang: Annotated[str, typer.Option("--lang", help="da or en.")] = "da",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Default results/paper_EXPERIMENT.")
    ] = None,
    question: Annotated[
        str, typer.Option("--question", help="The question in the committee's own words.")
    ] = "",
    soem: Annotated[
        Path | None, typer.Option("--soem", metavar="FILE", help="Also a long table for SØM: .csv or .xlsx.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Writes the paper."""
    from experiments.stored import Stored
    from jobcenter.planner.blocks import Bullets, Table, Text
    from jobcenter.planner.opened import opened
    from jobcenter.planner.paper import paper
    from jobcenter.planner.soem import check_place, write_soem
    from jobcenter.planner.words import Words
    from jobcenter.planner.writers import write_paper

    say = Words(lang)
    if soem is not None:
        check_place(soem)
    stored = Stored(opened(name))
    command = command_line("report", name, lang=lang, out=out, question=question or None, soem=soem)
    folder = out or Path("results") / f"paper_{stored.experiment.name}"
    made = paper(stored, say, question, command)
    files = write_paper(made, folder, f"paper_{lang}")
    if soem is not None:
        files.append(write_soem(stored, soem))
    if as_json:
        print(
            json.dumps(
                {"title": made.title, "files": [str(path) for path in files]}, indent=2, ensure_ascii=False
            )
        )
        return
    print(made.title)
    for block in made.blocks:
        if isinstance(block, Text) and block.kind == "warning":
            print(block.text)
        if isinstance(block, Bullets):
            print("\n".join(f"* {item}" for item in block.items))
        if isinstance(block, Table):
            break  # page one goes on in the files
    print("\n".join(f"Written: {path}" for path in files))


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("report", help=HELP)(report)
