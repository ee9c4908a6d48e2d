"""`jobcenter decide`: which strategy for a yearly budget, how sure, and whether knowing more is worth its price.

Example: jobcenter decide ten_million --out results/ten
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.experiment_file import PLAIN, load_experiment
from jobcenter.money_screen import priced_lines
from jobcenter.screen import columns, command_line, heading, progress

if TYPE_CHECKING:
    from experiments.decisions.answer import Decision

HELP = """Decides between strategies at one price, "do nothing" among them: probability best, regret, payback, value of
information. Runs what is missing in the store and goes on where it stopped.

Example: jobcenter decide ten_million --out results/ten
"""


def decide(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="Name or path of an experiment file.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="STORE", help="The store; default results/EXPERIMENT.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=2, max=1_000_000, help="Pairs of runs instead of the file's.")
    ] = None,
    weeks: Annotated[int | None, typer.Option(min=1, max=2600, help="Horizon of all.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Default: the machine's cores.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Decides an experiment."""
    from experiments.batch import Batch
    from experiments.calibrated import watermark
    from experiments.decisions.answer import check
    from experiments.decisions.answer import decide as answer
    from experiments.equal_budget_table import priced_frame
    from experiments.store import Store

    plan = load_experiment(experiment, seeds, weeks)
    check(plan)
    folder = out or Path("results") / plan.name
    store = Store.create_or_open(folder)
    with store.writing():
        job = Batch(plan, store)
        command = command_line("decide", experiment, seeds=seeds, weeks=weeks, workers=workers, out=out)
        with progress("Runs", job.summary.planned) as step:
            step(job.summary.there)
            summary = job.run(plan.file.where, workers, None, lambda done, _: step(done), command=command)
        if summary.interrupted:
            raise KeyboardInterrupt(f"Stopped: what is finished is in {folder}; the same command goes on.")
        found = answer(job)
        priced = priced_frame(job)
    mark = watermark(*plan.worlds[PLAIN])
    if as_json:
        told = {
            "watermark": mark,
            "question": plan.file.question,
            "budget_kr": plan.file.equal_budget,
            "draws": len(found.municipal),
            "failed_runs": summary.failed,
            "left_out": found.left_out,
            "best": {
                view: {name: choice._asdict() for name, choice in of.items()}
                for view, of in found.views().items()
            },
            "acceptability": found.acceptability(),
            "money": found.money(),
            "information": found.information(),
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        base = plan.worlds[PLAIN][0]
        if mark:
            print(mark)
        print(f"{heading(base, base.weeks)}\n{plan.file.question}\n")
        bound = [] if priced is None else sorted({text for text in priced["reason"] if text})
        print("\n".join(_lines(found, bound)))
        if priced is not None:  # what each can use of the budget: capacity may bind
            print("\n" + "\n".join(priced_lines(priced, base.prices.level_year)))
    if summary.failed:
        raise typer.Exit(1)


def _lines(found: "Decision", bound: list[str]) -> list[str]:
    views, told = found.views(), found.information()
    town = views["municipality"]
    first = min(town, key=lambda name: town[name].expected_regret_kr)
    lines = [
        f"For the municipality '{first}' has the least expected regret: {town[first].expected_regret_kr / 1e6:,.1f}"
        f" mio. kr. over the horizon;",
        f"it is best in {100 * town[first].probability_best:.0f} % of {len(found.municipal)} draws of what is not known"
        " (luck taken out; what each strategy authorises and can use of the budget stands at the end).",
        f"Knowing everything would be worth {told['perfect']['evidence range'] / 1e6:,.1f} mio. kr.: a pilot that"
        " costs more is not worth it.",
        *(f"Not ranked: {name} (class {kind})." for name, kind in found.left_out.items()),
        *(f"Not at one price: {text}." for text in bound),
        "",
    ]
    rows = [["best, % of draws / expected regret", *views]]
    for name in town:
        cells = []
        for view, of in views.items():
            lost = of[name].expected_regret_kr
            regret = f"{lost:,.0f} weeks" if view == "people" else f"{lost / 1e6:,.1f} mio."
            cells.append(f"{100 * of[name].probability_best:.0f} % / {regret}")
        rows.append([name, *cells])
    lines += [*columns(rows), ""]
    curve = found.acceptability()
    rows = [["best, % of draws, if a self-supporting week is worth kr.", *(f"{kr:,}" for kr in curve)]]
    rows += [[name, *(f"{100 * of[name]:.0f}" for of in curve.values())] for name in town]
    lines += [*columns(rows), ""]
    rows = [
        [
            "over the horizon, mean",
            "municipal mio. kr.",
            "public mio. kr.",
            "weeks in work",
            "kr. a week",
            "never paid back",
        ]
    ]
    for name, paid in found.money().items():
        per = "cannot be stated" if paid["kr_per_week"] is None else f"{paid['kr_per_week']:,.0f}"
        rows.append(
            [
                name,
                f"{paid['municipal_kr'] / 1e6:+,.1f}",
                f"{paid['public_kr'] / 1e6:+,.1f}",
                f"{paid['weeks']:+,.0f}",
                per,
                f"{100 * paid['not_within_horizon']:.0f} %",
            ]
        )
    lines += [
        *columns(rows),
        "",
        "Value of information, mio. kr. over the horizon (assumes the model form is right):",
    ]
    rows = [["", "mio. kr."]]
    rows += [[f"everything known, prior {name}", f"{kr / 1e6:,.2f}"] for name, kr in told["perfect"].items()]
    for name, by_error in told["trial"].items():
        rows += [
            [f"trial of {name}, its error {ratio:g} x what is not known", f"{kr / 1e6:,.2f}"]
            for ratio, kr in by_error.items()
        ]
    for name, part in told["parameters"].items():
        chance = "" if part["kr"] > part["by_chance"] else " (no more than chance finds)"
        rows.append([f"parameter {name}{chance}", f"{part['kr'] / 1e6:,.2f}"])
    return [*lines, *columns(rows)]


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("decide", help=HELP)(decide)
