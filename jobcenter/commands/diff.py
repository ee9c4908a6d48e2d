"""`jobcenter diff`: the values in which two scenarios differ once everything they extend is laid together."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from sim.scenario import Scenario, load

HELP = """The values in which two scenarios differ, once everything they extend is laid together.

Questions, sources and notes are left out: what is shown can alter a result.

Example: jobcenter diff baseline early_intervention
"""
ABSENT = "-"


def flat(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a tree with its dotted path; empty tables and lists, and what is left unsaid, have none."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list | tuple):
        for number, value in enumerate(tree):
            yield from flat(value, f"{path}.{number}")
    elif tree is not None:
        yield path, tree


def values(scenario: Scenario) -> dict[str, Any]:
    """The values of a scenario by path; a refusion rule set as its steps, not as its tables."""
    tree = scenario.canonical()
    rules = scenario.law.rule_set
    tree["law"]["refusion"] = {
        "name": rules.name,
        "switches": dict(rules.switches),
        "reset_weeks": rules.reset_weeks,
        "state_share": {
            f"{benefit}.{activity}.weeks {step.label}": step.share
            if isinstance(step.share, str)
            else step.share / 1e4
            for benefit, activity, step in rules.rows()
        },
        "parameters": {name: item.value for name, item in rules.parameters.items()},
    }
    return dict(flat(tree))


def differences(a: Scenario, b: Scenario) -> list[tuple[str, Any, Any]]:
    """(path, value in a, value in b) where they differ; `ABSENT` where one has no such value."""
    left, right = values(a), values(b)
    return [
        (path, left.get(path, ABSENT), right.get(path, ABSENT))
        for path in dict.fromkeys((*left, *right))
        if left.get(path, ABSENT) != right.get(path, ABSENT)
    ]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(help=HELP)
    def diff(
        a: Annotated[str, typer.Argument(metavar="A", help="A scenario: name, path, or NAME@BASE.")],
        b: Annotated[str, typer.Argument(metavar="B", help="The one it is compared with.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        one, other = load(a), load(b)
        rows = differences(one, other)
        if as_json:
            listed = [{"path": path, "a": left, "b": right} for path, left, right in rows]
            print(json.dumps({"a": one.name, "b": other.name, "differences": listed}, indent=2))
            return
        if not rows:
            print(f"{one.name} and {other.name} hold the same values.")
            return
        table = [
            ("", one.name, other.name),
            *((path, _text(left), _text(right)) for path, left, right in rows),
        ]
        widths = [max(len(row[column]) for row in table) for column in (0, 1)]
        for path, left, right in table:
            print(f"{path:<{widths[0]}}  {left:>{widths[1]}}  {right}")
