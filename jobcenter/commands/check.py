"""`jobcenter check`: says what is wrong in scenario files, with file and line, before anything runs."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from jobcenter.oddities import oddities, warn
from sim.errors import Problem, UserError
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.locate import known
from sim.scenario.other_files import check_file, is_scenario

HELP = """Says what is wrong in scenario files (or municipality, law, refusion and behaviour files), with file and line.

What is allowed but hardly meant is a warning. Without FILE: every scenario of ./scenarios and the packaged ones. Exit
code 2 when something is wrong.

Example: jobcenter check my_scenario.yaml early_intervention@slagelse_2024 --set weeks=104
"""


def _line(name: str, scenario: Scenario | str) -> str:
    if isinstance(scenario, str):
        return f"ok  {name}  ({scenario})"
    kind = f"{scenario.kind} {scenario.evidence_class}" if scenario.evidence_class else scenario.kind
    files = " <- ".join(reversed(scenario.files_used[: len(scenario.parents) + 1]))
    return f"ok  {name}  ({kind}, {scenario.municipality_name}, {scenario.weeks} weeks; {files})"


def _one(name: str, overrides: list[str]) -> tuple[Scenario | str | None, tuple[Problem, ...]]:
    """What a file is, or what is wrong with it."""
    try:
        path = Path(name)
        if path.is_file() and _is_experiment(path):
            from experiments.experiment_file import load_experiment

            load_experiment(name)
            return "experiment", ()
        if path.is_file() and not is_scenario(path):
            return check_file(path), ()
        return load(name, overrides=overrides), ()
    except UserError as wrong:
        return None, wrong.problems


def _is_experiment(path: Path) -> bool:
    root = yaml_tree.read(path).root
    return isinstance(root, dict) and {"base", "scenarios"} <= root.keys()


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(help=HELP)
    def check(
        files: Annotated[
            list[str] | None,
            typer.Argument(metavar="FILE...", show_default=False, help="Names, paths, or NAME@BASE."),
        ] = None,
        overrides: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value; repeatable."),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        seen: dict[Problem, None] = {}
        rows: list[dict[str, Any]] = []
        for name in files or known():
            found, problems = _one(name, overrides or [])
            seen.update(dict.fromkeys(problems))
            row: dict[str, Any] = {
                "name": name,
                "ok": found is not None,
                "problems": [asdict(p) for p in problems],
            }
            if isinstance(found, Scenario):
                row |= {"kind": found.kind, "evidence_class": found.evidence_class, "files": found.files_used}
                row["warnings"] = oddities(found)
            rows.append(row)
            if found is not None and not as_json:
                print(_line(name, found))
                if isinstance(found, Scenario):
                    warn([found])
        if as_json:
            print(json.dumps({"ok": not seen, "files": rows}, indent=2))
            if seen:
                raise typer.Exit(2)
        if seen:
            raise UserError(list(seen))
