"""`jobcenter run`: one scenario, one seed: ten goals, money by payer and frame, tables on disk."""

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.oddities import warn
from jobcenter.screen import columns, command_line, heading, json_number, number, progress
from sim.scenario import Scenario, load
from sim.scenario.models import MAX_WEEKS

if TYPE_CHECKING:
    from sim.records.outcomes import Sheet
    from sim.records.result import RunResult
    from sim.records.sanity import Check

HELP = """Simulates one scenario with one seed: the ten goals and the money on one screen, tables on disk with --out.

For slagelse_2024 it also prints the sanity table: model against what was counted.

Example: jobcenter run baseline --seed 1 --out results/baseline
"""
SANITY_SCENARIO = "slagelse_2024"
SANITY_RUNS = 8  # luck alone moves the trend of a thousand people by two percent a year
MOST_YEARS = 6  # years side by side on a screen
WITHIN_A_YEAR = ("companies_cooperating",)  # counts each once a year: years do not add up


class Record(str, Enum):
    """How much is kept; each level has the tables of the levels before it."""

    outcomes = "outcomes"
    weekly = "weekly"
    ledger = "ledger"
    spells = "spells"
    events = "events"


def _periods(result: "RunResult") -> list[str]:
    years = [str(year) for year in result.years]
    return years if len(years) <= MOST_YEARS else [*years[:2], *years[-3:]]


def _year_words(result: "RunResult", year: str) -> str:
    """The year, with its weeks where the horizon holds only a part of it."""
    from sim.calendar import weeks_in_year

    weeks = int((result.year_of_week() == int(year)).sum())
    return year if weeks == weeks_in_year(int(year)) else f"{year} ({weeks} w)"


def _goal_lines(result: "RunResult", sheet: "Sheet") -> list[str]:
    from sim.records.outcome_list import GOALS, OUTCOMES

    years = _periods(result)
    rows = [("The ten goals", *(_year_words(result, year) for year in years), "all weeks")]
    marks: dict[int, str] = {}
    for goal in GOALS:
        marks[len(rows)] = f"    can look good by {goal.looks_good_by}"
        for k, (outcome, group, label) in enumerate(goal.rows):
            unit = OUTCOMES[outcome].unit
            values = [number(sheet[outcome, group, year], unit) for year in years]
            values.append("-" if outcome in WITHIN_A_YEAR else number(sheet[outcome, group, "all"], unit))
            rows.append((f"{f'{goal.number:>2}.' if k == 0 else '   '} {label}", *values))
    lines = []
    for at, line in enumerate(columns(rows)):
        lines.append(line)
        # The caution stands under the goal's last row.
        begun = [start for start in marks if start <= at]
        if begun and (at + 1 in marks or at + 1 == len(rows)):
            lines.append(marks[begun[-1]])
    return lines


def _money_lines(result: "RunResult", sheet: "Sheet", price_level: int) -> list[str]:
    from sim.codes import FRAMES, PAYERS

    years = _periods(result)
    rows = [
        (
            f"Money, mio. kr. ({price_level} prices)",
            *(_year_words(result, year) for year in years),
            "all weeks",
        )
    ]

    def add(label: str, outcome: str, group: str) -> None:
        found = [sheet[outcome, group, year] for year in (*years, "all")]
        if any(found):  # a frame in which this payer pays nothing is no row
            rows.append((label, *(number(value, "kr.") for value in found)))

    for payer in PAYERS:
        for frame in FRAMES:
            add(f"{payer}, {frame} frame", "money", f"{payer}/{frame}")
        add(
            f"{payer}, all frames",
            "net_municipal_cost" if payer == "municipality" else "net_state_cost",
            "all",
        )
    add("gross operating spending", "gross_operating_spending", "all")
    return list(columns(rows))


def _pot_lines(result: "RunResult", sheet: "Sheet") -> list[str]:
    """Spent of what is authorised, pot by pot; what was spent beyond a pot or carried over has rows of its own."""
    from sim.codes import POTS

    years = _periods(result)
    rows = [
        ("Pots, mio. kr.: spent of authorised", *(_year_words(result, year) for year in years), "all weeks")
    ]
    for pot in (*POTS, "all"):
        cells = (
            " of ".join(
                number(sheet[outcome, pot, year], "kr.") for outcome in ("pot_spent", "pot_authorised")
            )
            for year in (*years, "all")
        )
        rows.append((pot.replace("_", " ") if pot != "all" else "all pots", *cells))
    for label, outcome in (
        ("spent beyond", "pot_overspent"),
        ("carried over into the year", "pot_carried_over"),
    ):
        for pot in POTS:
            if sheet[outcome, pot, "all"]:
                cells = (number(sheet[outcome, pot, year], "kr.") for year in (*years, "all"))
                rows.append((f"{label}: {pot.replace('_', ' ')}", *cells))
    return list(columns(rows))


def _sanity_lines(checks: "list[Check]") -> list[str]:
    from sim.records.sanity import FIRST_WEEK, LAST_WEEK, off

    def text(value: float, unit: str) -> str:
        return number(value, "share" if unit == "share per year" else _own_unit(unit))

    rows = [("Sanity", "target", "allowed", "model", "±", "")]
    rows += [
        (
            check.what,
            text(check.target, check.unit),
            f"{text(check.low, check.unit)} to {text(check.high, check.unit)}",
            text(check.model, check.unit),
            text(check.error, check.unit),
            check.verdict,
        )
        for check in checks
    ]
    missed, unclear = off(checks), [check for check in checks if check.verdict == "unclear"]
    lines = [
        f"Model against what was counted: weeks {FIRST_WEEK} to {LAST_WEEK}, mean of {SANITY_RUNS} runs ±"
        " calculation error",
        *columns(rows),
    ]
    if missed:
        lines.append(f"OFF, {len(missed)} of {len(checks)}: {', '.join(check.what for check in missed)}.")
    else:
        lines.append(f"No line of {len(checks)} is off.")
    if unclear:
        names = ", ".join(check.what for check in unclear)
        lines.append(f"Unclear, beyond the limit by less than luck explains, {len(unclear)}: {names}.")
    return lines


def _own_unit(unit: str) -> str:
    return {"changes": "0-1"}.get(unit, unit)


def _checks(scenario: Scenario, seed: int) -> "list[Check]":
    """The sanity table of the calibration baseline; nothing for other scenarios."""
    from experiments.run import Plan, execute
    from sim.records.sanity import LAST_WEEK, measure, sanity

    if scenario.name != SANITY_SCENARIO:
        return []
    measured_weeks = scenario.for_weeks(min(scenario.weeks, LAST_WEEK))
    plan = Plan((measured_weeks,), tuple(range(seed, seed + SANITY_RUNS)))
    with progress("Sanity, runs", SANITY_RUNS) as step:
        done = execute(
            plan, lambda result: measure(result, scenario.world.share), progress=lambda n, total: step(n)
        )
    if done.interrupted:
        raise KeyboardInterrupt
    return sanity([done.pairs[pair][0] for pair in plan.pairs], scenario.municipality.stocks)


def _write(
    folder: Path, force: bool, scenario: Scenario, result: "RunResult", record: str, command: str
) -> None:
    from experiments.calibrated import watermark
    from experiments.folder import new_folder, write_manifest
    from experiments.provenance import canonical_hash, describe, run_key, unverified_rules, versions
    from sim.records.tables import tables, write_parquet
    from sim.version import code_version

    mark = watermark(scenario)
    remarks = {
        "watermark": mark or "",
        "scenario": scenario.name,
        "seed": str(result.seed),
        "price_level": str(scenario.prices.level_year),
        "code_version": code_version(),
    }
    with new_folder(folder, force) as part:
        for name, frame in tables(result, record).items():
            write_parquet(frame, part / f"{name}.parquet", remarks)
        write_manifest(
            part,
            {
                "made_by": "jobcenter run",
                "watermark": mark,
                "command": command,
                "code_version": code_version(),
                "run_key": run_key(canonical_hash(scenario), {}, result.seed, scenario.weeks, record),
                "scenario": describe(scenario),
                "seed": result.seed,
                "weeks": result.weeks,
                "recording": record,
                "unverified_rules": unverified_rules(scenario),
                "versions": versions(),
            },
        )


def _as_json(
    scenario: Scenario, result: "RunResult", sheet: "Sheet", checks: "list[Check]", command: str
) -> dict[str, Any]:
    from experiments.calibrated import watermark
    from experiments.provenance import describe
    from sim.records.outcome_list import GOALS

    goals = [
        {
            "goal": goal.number,
            "name": goal.name,
            "can_look_good_by": goal.looks_good_by,
            "rows": [
                {
                    "label": label,
                    "outcome": outcome,
                    "group": group,
                    "value": json_number(sheet[outcome, group, "all"]),
                }
                for outcome, group, label in goal.rows
            ],
        }
        for goal in GOALS
    ]
    return {
        "watermark": watermark(scenario),
        "command": command,
        "scenario": describe(scenario),
        "seed": result.seed,
        "weeks": result.weeks,
        "goals": goals,
        "outcomes": [{**row._asdict(), "value": json_number(row.value)} for row in sheet.rows()],
        "sanity": [
            {
                key: json_number(value) if isinstance(value, float) else value
                for key, value in check._asdict().items()
            }
            for check in checks
        ],
    }


def _print(scenario: Scenario, result: "RunResult", sheet: "Sheet", checks: "list[Check]") -> None:
    from experiments.calibrated import watermark
    from experiments.compare import breach_note
    from experiments.provenance import rules_not_verified

    if line := watermark(scenario):
        print(line)
    print(heading(scenario, result.weeks))
    print(f"{scenario.question} Seed {result.seed}. Rules not verified: {rules_not_verified(scenario)}.\n")
    if note := breach_note(scenario.name, result.column("flows.below_plan_weeks")):
        print(note + "\n")
    print("\n".join(_goal_lines(result, sheet)), end="\n\n")
    print("\n".join(_money_lines(result, sheet, scenario.prices.level_year)), end="\n\n")
    print("\n".join(_pot_lines(result, sheet)))
    if checks:
        print("\n" + "\n".join(_sanity_lines(checks)))


def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name, a path, or NAME@BASE.")],
    weeks: Annotated[
        int | None, typer.Option(min=1, max=MAX_WEEKS, help="Horizon; default: the scenario's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Number of the world's luck.")] = 1,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables and manifest here.")] = None,
    record: Annotated[Record, typer.Option(help="How much is written.")] = Record.spells,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in --out.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Simulates one scenario."""
    from experiments.folder import check_free

    resolved = load(scenario, overrides=overrides or [])
    resolved = resolved if weeks is None else resolved.for_weeks(weeks)
    if out is not None:
        check_free(out, force)
    warn([resolved])

    from experiments.run import run_one
    from sim.records.outcomes import outcome_sheet

    kept = record.value if out is not None else "outcomes"
    with progress(f"{resolved.name}, weeks", resolved.weeks) as step:
        result = run_one(resolved, None, seed, kept, step)
    sheet = outcome_sheet(result)
    checks = _checks(resolved, seed)
    command = command_line(
        "run", scenario, weeks=weeks, seed=seed, out=out, record=record.value, set=overrides
    )
    if out is not None:
        _write(out, force, resolved, result, record.value, command)
    if as_json:
        print(json.dumps(_as_json(resolved, result, sheet, checks, command), indent=2, ensure_ascii=False))
        return
    _print(resolved, result, sheet, checks)
    if out is not None:
        print(f"\nWritten: {out}")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("run", help=HELP)(run)
