"""The command line: lists the commands of `jobcenter/commands` and imports one only when it is asked for.

`jobcenter --help` must come at once, so the list is read from the first sentence of each command's file, which stays
unimported. A user's mistake, or a place that cannot be read or written, ends with a message and code 2; Ctrl-C with one
line and code 130; a fault of the program with its traceback.
"""

import ast
import importlib
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from sim.errors import UserError

FOLDER: Final = Path(__file__).parent / "commands"
# In the order a newcomer needs them; a command not named here follows alphabetically.
ORDER: Final = (
    "check", "run", "compare", "batch", "store", "trial", "explain", "refusion", "diff", "schema",
)  # fmt: skip
USER_ERROR: Final = 2
INTERRUPTED: Final = 130  # what shells call a process ended by Ctrl-C

HELP: Final = """Simulates a Danish jobcentre: what a policy does to people, to caseworkers' time and to the money of
municipality and state.

Example: jobcenter compare baseline early_intervention --seeds 20
"""


def command_names() -> list[str]:
    """Names of the commands there are a file for, most useful first."""
    found = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py") if not path.stem.startswith("_")}
    return [name for name in ORDER if name in found] + sorted(found.difference(ORDER))


def _file_of(name: str) -> Path:
    """The file a command is read from: `follow-up` is follow_up.py."""
    return FOLDER / f"{name.replace('-', '_')}.py"


def one_line(name: str) -> str:
    """What a command does, from the first sentence of its file ("`jobcenter NAME`: what it does.")."""
    text = ast.get_docstring(ast.parse(_file_of(name).read_text(encoding="utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split())
    what = first.removeprefix(f"`jobcenter {name}`:").strip()
    return what[:1].upper() + what[1:]


def load(name: str) -> Any:
    """The command itself; from here its imports are paid."""
    shelf = typer.Typer(add_completion=False, rich_markup_mode=None)
    importlib.import_module(f"jobcenter.commands.{_file_of(name).stem}").register(shelf)
    return get_group(shelf).commands[name]


class LazyCommands(TyperGroup):
    """A group that knows its commands by name and loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return command_names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that can be listed, not run."""
        return TyperCommand(cmd_name, short_help=one_line(cmd_name)) if cmd_name in command_names() else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run, or an error that names the nearest one."""
        self.commands = {name: TyperCommand(name) for name in command_names()}  # suggestions read the names
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and listed else None, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as wrong:
            placed = all(problem.file for problem in wrong.problems)
            print(wrong if placed else f"Error: {wrong}", file=sys.stderr)
            raise typer.Exit(USER_ERROR) from None
        except OSError as wrong:
            if wrong.filename is None:  # a closed pipe: `jobcenter ... | head`
                raise
            print(
                f"Error: {wrong.filename}: {wrong.strerror}; name a file that is there, or a place one may write in",
                file=sys.stderr,
            )
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt as stop:
            print(
                f"\n{stop}" if str(stop) else "\nStopped; files finished before are complete.",
                file=sys.stderr,
            )
            raise typer.Exit(INTERRUPTED) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"jobcenter-sim {version('jobcenter-sim')}")
        except PackageNotFoundError:
            print("jobcenter-sim, run from its sources without being installed")
        raise typer.Exit


app = typer.Typer(
    cls=LazyCommands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


@app.callback(help=HELP)
def _options(
    shown: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options that stand before the command."""


def main() -> None:
    """What the console script and `python -m jobcenter` call."""
    app(prog_name="jobcenter")
