"""`jobcenter decide`: which strategy for a yearly budget, how sure, and whether knowing more is worth its price.

Example: jobcenter decide ten_million --out results/ten
"""

import json
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.experiment_file import PLAIN, load_experiment
from jobcenter.money_screen import priced_lines
from jobcenter.screen import columns, command_line, heading, json_number, progress

if TYPE_CHECKING:
    from experiments.batch import Batch
    from experiments.decisions.mix import Mix, Plan
    from experiments.decisions.whole import Whole
    from experiments.store import Store

HELP = """Decides between strategies at one price, "do nothing" among them: probability best, regret, payback, what a
pilot would be worth, what it takes to pay back, where one beats another; with --mix how to split the budget. Runs what
is missing in the store, goes on where it stopped, and writes decision.html beside the runs.

Example: jobcenter decide ten_million --out results/ten
"""
WIDTH = 118


def decide(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="Name or path of an experiment file.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Store and page; default results/EXPERIMENT."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=2, max=1_000_000, help="Pairs of runs instead of the file's.")
    ] = None,
    weeks: Annotated[int | None, typer.Option(min=1, max=2600, help="Horizon of all.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Default: the machine's cores.")
    ] = None,
    mix: Annotated[
        bool,
        typer.Option("--mix", help="Also search the best split of the budget over the levers of class A."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Decides an experiment."""
    import os

    from experiments.batch import Batch
    from experiments.calibrated import watermark
    from experiments.decisions.answer import check
    from experiments.decisions.answer import decide as answer
    from experiments.decisions.mix import plan_mix
    from experiments.decisions.mix_run import run
    from experiments.decisions.page import NAME, render
    from experiments.decisions.whole import whole
    from experiments.equal_budget_table import priced_frame
    from experiments.store import Store
    from experiments.store.atomic import write_whole

    plan = load_experiment(experiment, seeds, weeks)
    check(plan)
    split = plan_mix(plan) if mix else None
    count = workers or os.cpu_count() or 1
    folder = out or Path("results") / plan.name
    store = Store.create_or_open(folder)
    command = command_line("decide", experiment, seeds=seeds, weeks=weeks, workers=workers, mix=mix, out=out)
    told_before = _forecasts(Batch(plan, store), split, store, count)
    print(told_before, file=sys.stderr if as_json else sys.stdout, flush=True)
    with store.writing():
        job = Batch(plan, store)
        with progress("Runs", job.summary.planned) as step:
            step(job.summary.there)
            summary = job.run(plan.file.where, workers, None, lambda done, _: step(done), command=command)
        if summary.interrupted:
            raise KeyboardInterrupt(f"Stopped: what is finished is in {folder}; the same command goes on.")
        found = answer(job)
        priced = priced_frame(job)
        mixed = None
        if split is not None:
            with progress("Runs of the mix", sum(split.runs)) as step:
                mixed = run(split, store, count, step, command)
    bound = [] if priced is None else sorted({text for text in priced["reason"] if text})
    everything = whole(plan, found, bound, mixed)
    mark, base = watermark(*plan.worlds[PLAIN]), plan.worlds[PLAIN][0]
    head = heading(base, base.weeks)
    design = f"{len(found.pairs.draw)} pairs of runs, {found.draws} draws of what is not known."
    page = render(everything, plan.file.question or plan.name, head, design, mark, command)
    write_whole(folder / NAME, page.encode())
    if as_json:
        told = {
            "watermark": mark,
            "question": plan.file.question,
            "budget_kr": plan.file.equal_budget,
            "world_share": base.world.share,
            "weeks": base.weeks,
            "pairs": len(found.pairs.draw),
            "page": str(folder / NAME),
            **_as_json(everything),
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        if mark:
            print(mark)
        print(f"{head}\n{plan.file.question}\n{design}\n")
        print("\n".join(_lines(everything)))
        if priced is not None:  # what each can use of the budget: capacity may bind
            print("\n" + "\n".join(priced_lines(priced, base.prices.level_year)))
        print(f"\nWritten: {folder / NAME}")


def _forecasts(job: "Batch", split: "Plan | None", store: "Store", workers: int) -> str:
    """What is missing and how long it is expected to take."""
    from experiments.decisions.mix_run import forecast

    seconds, _ = job.forecast(workers)
    time = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    there = job.summary.there
    text = (
        f"{job.summary.planned:,} runs, {there:,} in the store; the rest about {time} on {workers} workers."
    )
    return text if split is None else f"{text}\n{forecast(split, store, workers)}"


def _lines(everything: "Whole") -> list[str]:
    from experiments.decisions.whole import headline, sections

    out = [fill(text, WIDTH) for text in headline(everything)]
    for section in sections(everything):
        out += ["", section.title]
        out += [fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ") for text in section.texts]
        for k, rows in enumerate(section.tables):
            out += [""] if k else []
            out += columns(rows)
    return out


def _as_json(everything: "Whole") -> dict[str, Any]:
    from dataclasses import asdict

    found = everything.decision
    told: dict[str, Any] = _plain(
        {
            "draws": found.draws,
            "left_out": found.left_out,
            "best": {
                view: {name: choice._asdict() for name, choice in of.items()}
                for view, of in found.views().items()
            },
            "calculation_error": found.errors,
            "acceptability": found.acceptability(),
            "money": found.money(),
            "information": found.information,
            "trials": [
                {**asdict(one), "may_pay": one.may_pay, "not_worth": one.not_worth}
                for one in everything.pilots
            ],
            "no_trial": everything.no_trial,
            "break_even": [{**asdict(one), "words": one.words} for one in everything.needed],
            "break_even_weeks": [asdict(one) for one in everything.weeks_needed],
            "discovery": [asdict(one) for one in everything.boxes],
            "mix": None if everything.mix is None else _mix_json(everything.mix),
        }
    )
    return told


def _mix_json(mix: "Mix") -> dict[str, Any]:
    from dataclasses import asdict

    names = [one.strategy for one in mix.instruments]
    return {
        "levers": {one.strategy: {"most_kr": one.most_kr} for one in mix.instruments},
        "refused": mix.refused,
        "budget_kr": mix.budget_kr,
        "splits": mix.splits,
        "runs": mix.runs,
        "worst_miss": mix.worst_miss,
        "best_kr": {view: dict(zip(names, kr, strict=True)) for view, kr in mix.best_kr.items()},
        "flat": {
            view: {"low": list(one.low), "high": list(one.high), "share": one.share}
            for view, one in mix.flat.items()
        },
        "last_krone": {view: asdict(one) for view, one in mix.last.items()},
        "front": [
            {"kr": list(kr), **{key: float(values[k]) for key, values in mix.front_values.items()}}
            for k, kr in enumerate(mix.front_kr)
        ],
        "finalists": [asdict(one) for one in mix.finalists],
        "nothing_behind": mix.nothing_behind,
    }


def _plain(value: Any) -> Any:
    """Numbers JSON can hold, inside whatever holds them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return json_number(value) if isinstance(value, float) else value


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("decide", help=HELP)(decide)
