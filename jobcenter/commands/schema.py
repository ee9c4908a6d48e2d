"""`jobcenter schema`: JSON Schema of the files a user writes, so that an editor completes and underlines."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from sim.errors import UserError
from sim.scenario.schema import SCHEMAS

Kind = Enum("Kind", {name: name for name in SCHEMAS}, type=str)  # type: ignore[misc]

HELP = """JSON Schema of the files a user writes, so that an editor completes keys and underlines mistakes.

In VS Code with its YAML extension, begin a scenario with: # yaml-language-server: $schema=scenario.schema.json

Example: jobcenter schema scenario --out scenario.schema.json
"""


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(help=HELP)
    def schema(
        kind: Annotated[Kind, typer.Argument(help="Which kind of file.")] = Kind.scenario,  # type: ignore[attr-defined]
        out: Annotated[
            Path | None, typer.Option("--out", help="Write to this file, not to the screen.")
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Nothing changes: a schema is JSON.")] = False,
    ) -> None:
        text = json.dumps(SCHEMAS[kind.value](), indent=2, ensure_ascii=False)
        if out is None:
            print(text)
            return
        if out.exists() and not force:
            raise UserError(f"{out}: exists already; choose another name or add --force")
        try:
            out.write_text(f"{text}\n", encoding="utf-8")
        except OSError as wrong:
            raise UserError(f"{out}: cannot be written ({wrong.strerror or wrong})") from None
        print(f"wrote {out}")
