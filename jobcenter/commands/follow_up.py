"""`jobcenter follow-up`: monthly actuals laid on a frozen plan: as planned, cannot tell yet, or behind, and which link.

Example: jobcenter follow-up plan.json actuals.csv
"""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from jobcenter.screen import command_line

HELP: Final = """Monthly actuals laid on a frozen plan: as planned, cannot tell yet, or behind; which link broke.

Columns of the actuals: month (2027-01), full_time_persons, and as far as known new_spells, posts_filled (of the plan's
own), staff_fte, meetings_held, starts, caseload, spending_kr; a control group adds treated_persons, treated_on_support,
control_persons, control_on_support. What is counted over a month is given as counted, and judged a week. Written is a
page for the quarter as HTML and PDF.

Example: jobcenter follow-up plan.json actuals.csv
"""


def follow_up(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="What `jobcenter plan freeze` wrote.")],
    actuals: Annotated[Path, typer.Argument(metavar="ACTUALS", help="A CSV file, one row a month.")],
    lang: Annotated[str, typer.Option("--lang", help="da or en.")] = "da",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the page.")] = Path(
        "results/follow_up"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judges the months so far."""
    from jobcenter.planner.actuals import read_actuals
    from jobcenter.planner.follow_up import follow_up as judge_months
    from jobcenter.planner.follow_up import judging
    from jobcenter.planner.follow_up_paper import quarterly
    from jobcenter.planner.plan import Judge, read_plan
    from jobcenter.planner.words import Words
    from jobcenter.planner.writers import write_paper

    say = Words(lang)
    frozen = read_plan(plan)
    seen = read_actuals(actuals, frozen)
    judge = judging(Judge(frozen), seen)
    found = judge_months(judge, seen)
    command = command_line("follow-up", str(plan), str(actuals), lang=lang, out=out)
    made = quarterly(judge, seen, found, say, command)
    # Two plans followed in one month keep two pages: another option, or the same one frozen of another town.
    option = re.sub(r"[^\w-]+", "_", frozen.scenario)
    last = frozen.months[found.months - 1]
    files = write_paper(made, out, f"follow_up_{option}_{frozen.digest[:8]}_{last}_{lang}")
    if as_json:
        said = {**asdict(found), "told_from_nothing": judge.told, "false_alarm": judge.false_alarm,
                "files": [str(path) for path in files]}  # fmt: skip
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    print(made.title)
    for block in made.blocks[1:]:
        for text in getattr(block, "items", None) or (getattr(block, "text", ""),):
            if text:
                print(f"* {text}")
    print("\n".join(f"Written: {path}" for path in files))


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("follow-up", help=HELP)(follow_up)
