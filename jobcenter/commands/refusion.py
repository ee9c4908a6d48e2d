"""`jobcenter refusion`: the state's and the municipality's part of every benefit week in a history.

Works alone: no simulation, no NumPy.
"""

import csv
import json
import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.calendar import iso
from sim.errors import UserError
from sim.law.calculator import Effect, Outcome, Total, calculate, effects, totals
from sim.law.history import History, read_history
from sim.law.refusion import RuleSet, load_rule_set
from sim.law.switches import SWITCHES, SwitchValue
from sim.money.amounts import whole_kr

SCREEN_LINES = 60
ADDED = ["clock_weeks", "step", "state_share", "municipal_share"]
ADDED_MONEY = ["state_oere", "municipal_oere"]


class Gaps(str, Enum):
    """What a week without a row is."""

    self_support = "self_support"
    other = "other"


HELP = """The state's and the municipality's part of every benefit week in HISTORY.csv.

Columns: person, iso_week (2016-W01), status (a benefit's code name, self_support, subsidised_job, education,
on_leave or other); optional: benefit_oere (whole øre), activity, spell_week. Several rows per person and week
are fine.

Example: jobcenter refusion history.csv --rules ladder_2016 --out with_refusion.csv
"""


def _assignments(pairs: list[str], rules: RuleSet) -> tuple[dict[str, SwitchValue], dict[str, float]]:
    """--set NAME=VALUE as switches and parameters."""
    switches: dict[str, SwitchValue] = {}
    parameters: dict[str, float] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign:
            raise UserError(
                f"--set {pair}: write it as NAME=VALUE, for example education_is_self_support=true"
            )
        value: Any = {"true": True, "false": False}.get(text.lower(), text)
        if isinstance(value, str):
            for kind in (int, float):
                try:
                    value = kind(text)
                    break
                except ValueError:
                    continue
        if name in rules.parameters and name not in SWITCHES:
            parameters[name] = value
        else:
            switches[name] = value
    return switches, parameters


def _share(bp: int) -> str:
    return f"{bp / 10000:.4f}".rstrip("0").rstrip(".") if bp else "0"


def _added(outcome: Outcome, row: int, money: bool) -> list[str]:
    """What the calculator adds to a row; empty where the row carries no rated benefit."""
    bp = outcome.share_bp[row]
    if bp < 0:
        return [str(outcome.clock_weeks[row]), "", "", ""] + (["", ""] if money else [])
    added = [
        str(outcome.clock_weeks[row]),
        outcome.rules.steps[outcome.step[row]],
        _share(bp),
        _share(10000 - bp),
    ]
    return added + ([str(outcome.state_oere[row]), str(outcome.municipal_oere[row])] if money else [])


def _write(path: Path, source: Path, history: History, outcome: Outcome, force: bool) -> None:
    """The rows of the file with the calculator's columns, whole or not at all."""
    if path.exists() and path.resolve() == source.resolve():
        raise UserError(f"{path}: --out is the history itself; choose another name")
    if path.exists() and not force:
        raise UserError(f"{path}: exists already; choose another name or add --force")
    money = history.has_amounts
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=history.delimiter, lineterminator="\n")
            writer.writerow(history.header + ADDED + (ADDED_MONEY if money else []))
            writer.writerows(cells + _added(outcome, row, money) for row, cells in enumerate(history.cells))
        temporary.replace(path)
    except OSError as wrong:
        temporary.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written ({wrong.strerror or wrong})") from None


def _stretches(history: History, outcome: Outcome) -> list[list[int]]:
    """Rows gathered into stretches: the same person, status, activity, step and amount week after week."""
    out: list[list[int]] = []
    open_at: dict[tuple[int, ...], int] = {}  # what the stretch is -> where it stands in `out`
    for row in history.order:
        key = (
            history.person[row],
            history.status[row],
            history.activity[row],
            outcome.step[row],
            outcome.share_bp[row],
            history.amount[row] if history.has_amounts else 0,
        )
        at = open_at.get(key)
        if at is not None and history.week[out[at][-1]] == history.week[row] - 1:
            out[at].append(row)
        else:
            open_at[key] = len(out)
            out.append([row])
    return out


def _print_rows(history: History, outcome: Outcome) -> None:
    stretches = _stretches(history, outcome)
    status = history.header.index("status")
    print(
        f"{'person':<12} {'from':<9} {'to':<9} {'weeks':>5}  {'status':<28} {'clock':>9}  {'step':<9}"
        f" {'state':>7} {'municipality':>12}"
    )
    for rows in stretches[:SCREEN_LINES]:
        first, last = rows[0], rows[-1]
        a, b = outcome.clock_weeks[first], outcome.clock_weeks[last]
        bp = outcome.share_bp[first]
        step = outcome.rules.steps[outcome.step[first]] if bp >= 0 else ""
        shares = f"{bp / 100:>6g}% {100 - bp / 100:>11g}%" if bp >= 0 else ""
        line = (
            f"{history.names[history.person[first]]:<12.12} {iso(history.week[first]):<9}"
            f" {iso(history.week[last]):<9} {len(rows):>5}  {history.cells[first][status].strip():<28.28}"
            f" {a if a == b else f'{a}-{b}':>9}  {step:<9} {shares}"
        )
        print(line.rstrip())
    if len(stretches) > SCREEN_LINES:
        print(f"... {len(stretches) - SCREEN_LINES} more stretches; all rows with --out FILE.csv")
    print()


def _print_totals(history: History, outcome: Outcome, table: list[Total]) -> None:
    money = history.has_amounts
    head = f"{'benefit':<28} {'step':<10} {'person-weeks':>12}"
    print(head + (f" {'benefit, kr.':>16} {'state, kr.':>16} {'municipality, kr.':>18}" if money else ""))
    for item in table:
        line = f"{item.benefit:<28} {item.step or 'not rated':<10} {item.rows:>12,}"
        if money:
            line += f" {whole_kr(item.amount_oere):>16}"
            if item.step:
                line += f" {whole_kr(item.state_oere):>16} {whole_kr(item.municipal_oere):>18}"
        print(line)
    rated = [item for item in table if item.step]
    line = f"{'total':<28} {'':<10} {sum(item.rows for item in rated):>12,}"
    if money:
        sums = [sum(getattr(i, k) for i in rated) for k in ("amount_oere", "state_oere", "municipal_oere")]
        line += f" {whole_kr(sums[0]):>16} {whole_kr(sums[1]):>16} {whole_kr(sums[2]):>18}"
    print(line)
    if len(rated) < len(table):
        print("Not rated: weeks before the rule set applies; counted on the clock, not in the total.")
    if history.filled_weeks:
        print(f"Weeks without a row, filled as asked: {history.filled_weeks:,}.")


def _number(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _print_effects(found: list[Effect], municipal: int) -> None:
    print(
        f"\nRules inferred, not read: how the municipality's total of {whole_kr(municipal)} kr. moves otherwise"
    )
    print(f"{'rule':<40} {'used':>10} {'instead':>10} {'change, kr.':>16} {'%':>8}")
    moved = [item for item in found if item.municipal_oere]
    for item in sorted(moved, key=lambda item: -abs(item.municipal_oere)):
        percent = f"{100 * item.municipal_oere / municipal:+.2f}" if municipal else ""
        print(
            f"{item.name:<40} {_number(item.used):>10} {_number(item.instead):>10}"
            f" {whole_kr(item.municipal_oere):>16} {percent:>8}"
        )
        print(f"    {item.meaning}")
    still = [f"{item.name} ({_number(item.instead)})" for item in found if not item.municipal_oere]
    if still:
        print(f"0 kr. in this history: {', '.join(still)}")


def _json(
    history: History, outcome: Outcome, table: list[Total], found: list[Effect] | None
) -> dict[str, Any]:
    rules = outcome.rules
    out: dict[str, Any] = {
        "history": history.path,
        "rules": {"name": rules.name, "file": rules.path, "meaning": rules.file.meaning},
        "switches": dict(rules.switches),
        "parameters": {item.name: item.value for item in rules.parameters.values()},
        "persons": len(history.names),
        "rows": len(history.cells),
        "filled_weeks": history.filled_weeks,
        "totals": [vars(item) for item in table],
    }
    if history.has_amounts:
        out["state_oere"] = sum(outcome.state_oere)
        out["municipal_oere"] = sum(outcome.municipal_oere)
    if found is not None:
        out["effects"] = [vars(item) for item in found]
    return out


def refusion(
    history: Annotated[Path, typer.Argument(metavar="HISTORY.csv", help="Who was on what in which week.")],
    rules: Annotated[str, typer.Option(help="Rule set by name or file.")] = "ladder_2016",
    gaps: Annotated[
        Gaps | None, typer.Option(help="What weeks without a row are; without it a gap is an error.")
    ] = None,
    switches: Annotated[
        bool, typer.Option("--switches", help="Also print how many kr. each inferred rule moves.")
    ] = False,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Read an inferred rule the other way; may be repeated."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the rows with refusion here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite --out if it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the totals as JSON.")] = False,
) -> None:
    """Calculates refusion for a history of benefit weeks."""
    chosen = load_rule_set(rules)
    if assign:
        new_switches, new_parameters = _assignments(assign, chosen)
        chosen = chosen.variant(new_switches, new_parameters, "--set")
    if out is not None and out.exists() and not force:
        raise UserError(f"{out}: exists already; choose another name or add --force")
    how = gaps.value if gaps else None
    lived = read_history(history, how)
    if switches and not lived.has_amounts:
        raise UserError(f"{history}: --switches compares kroner; the file needs a column benefit_oere")
    outcome = calculate(lived, chosen, how)
    table = totals(lived, outcome)
    if out is not None:
        _write(out, history, lived, outcome, force)
    found = effects(lived, chosen, how, _progress) if switches else None
    if as_json:
        print(json.dumps(_json(lived, outcome, table, found), ensure_ascii=False, indent=2))
        return
    print(f"Rule set {chosen.name} ({chosen.path}): {chosen.file.meaning}")
    print(f"{len(lived.names):,} persons, {len(lived.cells):,} rows\n")
    if out is None:
        _print_rows(lived, outcome)
    _print_totals(lived, outcome, table)
    if found is not None:
        _print_effects(found, sum(outcome.municipal_oere))
    if out is not None:
        print(f"\nWritten: {out}")


def _progress(name: str) -> None:
    """On a terminal, shows which switch is being tried."""
    if sys.stderr.isatty():
        print(f"  trying {name} ...", file=sys.stderr)


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("refusion", help=HELP)(refusion)
