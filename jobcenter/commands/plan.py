"""`jobcenter plan`: freezes an approved forecast before the start, with the limits by which it will be judged.

Example: jobcenter plan freeze results/three --scenario early_intervention --out plan.json
"""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from jobcenter.screen import columns, command_line, progress
from sim.errors import UserError

HELP: Final = """Freezes an approved forecast before the start, with the limits by which it will be judged.

Example: jobcenter plan freeze results/three --scenario early_intervention --out plan.json
"""
FREEZE: Final = """Stores the predicted path of each month with its spread and a hash, and suggests stop limits.

The stored pairs are lived again up to the last followed month, with their draws and seeds: a second or so for each.

Example: jobcenter plan freeze results/three --scenario early_intervention --months 24 --out plan.json
"""

shelf = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@shelf.callback()
def _plan() -> None:
    """Commands on plans."""


@shelf.command("freeze", help=FREEZE)
def freeze(
    store: Annotated[str, typer.Argument(metavar="STORE|EXPERIMENT", help="What `jobcenter batch` wrote.")],
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="The one approved.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="PLAN", help="The plan file.")] = Path("plan.json"),
    months: Annotated[
        int, typer.Option(min=3, max=120, help="Months to follow; more make limits wider.")
    ] = 24,
    prior: Annotated[
        float,
        typer.Option(
            "--prior", min=0.05, max=0.95, help="Chance beforehand that no link breaks, a judgement."
        ),
    ] = 0.75,
    part: Annotated[
        bool, typer.Option("--part", help="Freeze although only a part of the municipality is simulated.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Freezes a plan."""
    from experiments.stored import Stored
    from jobcenter.planner.follow_up_series import EFFECT, FLOWS
    from jobcenter.planner.opened import opened
    from jobcenter.planner.plan import Judge, write_plan
    from jobcenter.planner.plan import freeze as make

    if out.exists():
        raise UserError(
            f"{out}: is there already; an approved plan is not written over. Choose another --out"
        )
    stored = Stored(opened(store))
    command = command_line(
        "plan", "freeze", store, scenario=scenario, months=months, prior=prior, out=out, part=part
    )
    with progress("Pairs", len(stored.pairs[""])) as step:
        plan = make(stored, scenario, months, prior, command, step, part)
    judge = Judge(plan)
    alone = Judge(plan, (EFFECT,)).caught  # the only column a municipality must count
    write_plan(plan, out)
    rows = judge.limits()
    limits = [dict(zip(("month", "series", "stop", "go_on"), row, strict=True)) for row in rows]
    if as_json:
        found = {
            "plan": str(out), "hash": plan.digest, "world_share": plan.world_share, "groups": plan.groups,
            "links": judge.links, "false_alarm": judge.false_alarm, "told_from_nothing": judge.told,
            "caught": judge.caught, "caught_by_persons_alone": alone, "limits": limits,
        }  # fmt: skip
        print(json.dumps(found, indent=2))
        return
    print(
        f"{plan.scenario}: frozen in {out}, {len(plan.months)} months from {plan.months[0]}, hash {plan.digest[:12]}"
    )
    if plan.world_share < 1.0:
        print(
            f"NOT FOR A DECISION: a plan of {plan.world_share:.0%} of {plan.municipality}; every month must be counted"
            " in that part, never in all of it."
        )
    print(f"Followed: people on {', '.join(plan.groups)}.")
    print(f"Links the plan moves enough to be judged: {', '.join(judge.links) or 'none'}.")
    for link in judge.links:
        told = judge.told[link]
        said = f"from {told} on" if told else f"not within {len(plan.months)} months"
        print(f"* {link}: a plan that works can be told from nothing {said} (four of five runs)")
    never = "no month of the plan"
    print(
        f"If nothing comes of it, it is called behind by {judge.caught or never} (four of five runs) where every link"
        f" is counted, and by {alone or never} where people alone are."
    )
    print(
        f"False alarms: 'behind' is said of a plan that works in {judge.false_alarm:.1%}, over all months together."
    )
    print("\nLimits, means of the months so far (when it began at the usual level, and as many came)")
    table = [("month", "series", "stop if worse than", "go on if better than")]
    table += [
        (month, f"{link} a week" if link in FLOWS else link, _limit(stop), _limit(go))
        for month, link, stop, go in rows
    ]
    print("\n".join(columns(table, left=2)))


def _limit(value: float | None) -> str:
    return "not yet" if value is None else f"{value:z,.1f}"


def register(app: typer.Typer) -> None:
    """Adds the group to the command line."""
    app.add_typer(shelf, name="plan", help=HELP)
