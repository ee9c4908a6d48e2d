"""`jobcenter batch`: many runs into one store, resumed where they stopped, with all four spreads of every effect.

Example: jobcenter batch three_strategies --out results/three
"""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from experiments.experiment_file import PLAIN, WHERE, load_experiment
from jobcenter.money_screen import priced_lines
from jobcenter.oddities import warn, warn_of_base
from jobcenter.screen import columns, command_line, heading, progress
from sim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.batch import Batch
    from experiments.four_spreads import Spreads

HELP = """Runs an experiment file: pairs of runs with all that is not known drawn anew for every pair.

What is in the store is not run again: call it twice, after Ctrl-C or after a crash, and it goes on where it stopped. A
run that fails is written down and the others go on; the exit code is then 1.

With --equal-budget every strategy's dose is chosen so that all are authorised the same; "do nothing" is always a row.

Example: jobcenter batch three_strategies --out results/three
"""

FAILED: Final = 1
# outcome in the store, words, divisor, whether it is a sum over the horizon that is shown a year
SHOWN: Final = (
    ("full_time_persons/support/all", "on support, persons", 1.0, False),
    ("gross_operating_spending/all/all", "gross operating spending, mio. kr. a year", 1e6, True),
    ("net_municipal_cost/all/all", "municipality net, mio. kr. a year", 1e6, True),
)


def batch(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="Name or path of an experiment file.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="STORE", help="The store; default results/EXPERIMENT.")
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--pairs",
            "--seeds",
            min=2,
            max=1_000_000,
            help="Pairs of runs instead of the file's; 12 is a first look, `plan freeze` needs 28.",
        ),
    ] = None,
    weeks: Annotated[int | None, typer.Option(min=1, max=2600, help="Horizon of all.")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY.PATH=VALUE", help="Override a value in all scenarios; repeatable."
        ),
    ] = None,
    equal_budget: Annotated[
        str | None,
        typer.Option(
            "--equal-budget",
            metavar="B",
            help="Authorise every strategy the same extra operating spending a budget year, as '5 mio. kr.'.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="LEVER=SHARE,...", help="How strategies with several levers share B."),
    ] = None,
    where: Annotated[
        str | None, typer.Option(help=f"{', '.join(WHERE)}; default: what the file says.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Default: the machine's cores.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A dask scheduler, tcp://host:port; several machines."),
    ] = None,
    limit: Annotated[float, typer.Option(min=1.0, help="Seconds after which a run is given up.")] = 600.0,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Runs an experiment."""
    import os

    from experiments.batch import Batch
    from experiments.equal_budget import read_budget, read_split
    from experiments.equal_budget_table import priced_frame
    from experiments.store import Store

    amount = read_budget(equal_budget) if equal_budget is not None else None
    shares = read_split(split) if split is not None else None
    plan = load_experiment(experiment, seeds, weeks, amount, shares, tuple(overrides or ()))
    warn(plan.worlds[PLAIN])
    warn_of_base(plan.worlds[PLAIN][0])
    place = "dask" if scheduler else where or plan.file.where
    if place not in WHERE:
        raise UserError(f"--where {place}: allowed are {', '.join(WHERE)}")
    folder = out or Path("results") / plan.name
    count = workers or os.cpu_count() or 1
    if dry:
        there = (folder / "store.json").exists()
        job = Batch(plan, Store.open(folder)) if there else Batch(plan, None, set())  # type: ignore[arg-type]
        _announce(job, folder, place, count)
        return
    store = Store.create_or_open(folder)
    with store.writing():
        job = Batch(plan, store)
        if not as_json:
            _announce(job, folder, place, count)
        command = command_line(
            "batch",
            experiment,
            seeds=seeds,
            weeks=weeks,
            set=overrides,
            equal_budget=equal_budget,
            split=split,
            where=where,
            workers=workers,
            scheduler=scheduler,
            out=out,
        )
        with progress("Runs", job.summary.planned) as step:
            step(job.summary.there)
            summary = job.run(place, count, scheduler, lambda done, total: step(done), limit, command=command)
        effects = {variant: _effects(job, variant) for variant in plan.worlds}
        priced = priced_frame(job)
    if as_json:
        print(json.dumps(_as_json(job, effects, priced, str(folder)), indent=2, ensure_ascii=False))
    else:
        _print(job, effects, priced, folder)
    if summary.interrupted:
        raise KeyboardInterrupt(
            f"Stopped: {summary.there + summary.finished} of {summary.planned} runs are in {folder};"
            " the same command goes on from there."
        )
    if summary.failed:
        raise typer.Exit(FAILED)


def _announce(job: "Batch", folder: Path, place: str, workers: int) -> None:
    from experiments.calibrated import watermark

    plan, summary = job.experiment, job.summary
    base = plan.worlds[PLAIN][0]
    if line := watermark(*plan.worlds[PLAIN]):
        print(line)
    print(heading(base, base.weeks))
    drawn = {
        "none": "nothing drawn (central values)",
        "ranges": "behaviour drawn from its ranges for every pair",
        "posterior": "levels drawn from their posterior, all other behaviour from its ranges, for every pair",
    }
    print(f"{plan.name}: {plan.file.question}" if plan.file.question else plan.name)
    print(
        f"{summary.planned:,} runs ({plan.pairs} pairs x {len(plan.names)} scenarios x {len(plan.worlds)} worlds),"
        f" {drawn.get(plan.file.draws, 'draws from ' + plan.file.draws)}; {summary.there:,} already in {folder}."
    )
    if plan.file.stop is not None:
        print("At most so many: the stop rule ends it when the calculation error is small enough.")
    seconds, megabytes = job.forecast(workers)
    print(
        f"Expected: {_time(seconds)} on {workers} workers ({place}), {megabytes:,.1f} MB; some minutes more when the"
        " model has first to be compiled for this machine, or others use it.",
        flush=True,
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _effects(job: "Batch", variant: str) -> dict[str, dict[str, "Spreads"]]:
    """outcome -> scenario -> spreads, in the unit shown."""
    out = {}
    for outcome, _, divisor, yearly in SHOWN:
        found = job.effects(outcome, variant)
        years = job.experiment.worlds[variant][0].weeks / (365.2425 / 7)
        scale = 1.0 / divisor / (years if yearly else 1.0)
        out[outcome] = {name: _scaled(effect, scale) for name, effect in found.items()}
    return out


def _scaled(effect: "Spreads", factor: float) -> "Spreads":
    from dataclasses import replace

    def both(interval: tuple[float, float] | None) -> tuple[float, float] | None:
        return None if interval is None else (interval[0] * factor, interval[1] * factor)

    return replace(
        effect,
        mean=effect.mean * factor,
        calculation_error=effect.calculation_error * factor,
        knowledge_80=both(effect.knowledge_80),
        knowledge_95=both(effect.knowledge_95),
        luck=effect.luck * factor,
    )


def _print(
    job: "Batch",
    effects: dict[str, dict[str, dict[str, "Spreads"]]],
    priced: "pd.DataFrame | None",
    folder: Path,
) -> None:
    from textwrap import fill

    from experiments.four_spreads import dominating

    summary = job.summary
    print(
        f"\n{summary.finished:,} runs finished now, {summary.there:,} were there,"
        f" {summary.failed:,} failed ({summary.seconds_of_runs:,.0f} s of computing)."
    )
    if summary.stopped_early:
        print(f"Stopped by the rule {summary.stopped_early}.")
    for outcome, words, _, _ in SHOWN:
        found = effects[PLAIN][outcome]
        if not found:
            continue
        rows = [
            [
                words,
                "mean",
                "± calculation",
                "knowledge 80 %",
                "knowledge 95 %",
                "± luck, the base's own",
                "pairs",
            ]
        ]
        for name, effect in found.items():
            rows.append([f"  {name}", *_cells(effect)])
            for variant in job.experiment.worlds:
                other = effects[variant][outcome].get(name)
                if variant != PLAIN and other is not None:
                    rows.append([f"    if {variant}", *_cells(other)])
        print()
        print("\n".join(columns(rows)))
        for said in dict.fromkeys(f"  {name}: {dominating(effect)}" for name, effect in found.items()):
            print(fill(said, 116, subsequent_indent="    "))
    print(
        "\nKnowledge is the headline: the effect over draws of all that is not known, luck taken out. Calculation"
        "\nerror says only how well the mean of these runs is known. Lines with 'if' are other structures, listed,"
        "\nnever averaged. Luck is what the mean over the horizon varies by in one world with everything known."
        if any(effects[PLAIN].values())
        else "\nNo pair is finished yet: the same command goes on where this one stopped."
    )
    if priced is not None:
        print("\n" + "\n".join(priced_lines(priced, job.experiment.worlds[PLAIN][0].prices.level_year)))
    failures = job.store.failures()
    if failures:
        print(f"\nFailed runs, {len(failures)} (jobcenter store status {folder} shows them):")
        for lost in failures[:5]:
            print(f"  {lost.scenario}, seed {lost.seed}, draw {lost.draw}: {lost.error.splitlines()[0]}")
    print(f"\nStore: {folder}")


def _cells(effect: "Spreads") -> list[str]:
    from experiments.four_spreads import ENOUGH_FOR_95

    return [
        f"{effect.mean:+,.2f}",
        "-" if math.isnan(effect.calculation_error) else f"{effect.calculation_error:,.2f}",
        _interval(effect.knowledge_80, "not told from luck" if effect.draws else "nothing drawn"),
        _interval(effect.knowledge_95, f"needs {ENOUGH_FOR_95} draws" if effect.knowledge_80 else ""),
        "-" if math.isnan(effect.luck) else f"{effect.luck:,.2f}",
        f"{effect.pairs}",
    ]


def _interval(interval: tuple[float, float] | None, otherwise: str) -> str:
    return otherwise if interval is None else f"{interval[0]:+,.2f} to {interval[1]:+,.2f}"


def _as_json(
    job: "Batch",
    effects: dict[str, dict[str, dict[str, "Spreads"]]],
    priced: "pd.DataFrame | None",
    folder: str,
) -> dict[str, Any]:
    from dataclasses import asdict

    from experiments.calibrated import watermark
    from experiments.four_spreads import dominating

    def clean(value: Any) -> Any:
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {
        "watermark": watermark(*job.experiment.worlds[PLAIN]),
        "experiment": job.experiment.name,
        "store": folder,
        "summary": asdict(job.summary),
        "failures": [asdict(lost) for lost in job.store.failures()],
        "equal_budget": []
        if priced is None
        else [{str(key): clean(value) for key, value in row.items()} for row in priced.to_dict("records")],
        "effects": [
            {
                "variant": variant,
                "outcome": outcome,
                "unit": words,
                "scenario": name,
                **{key: clean(value) for key, value in asdict(effect).items()},
                "says": dominating(effect),
            }
            for variant, by_outcome in effects.items()
            for outcome, words, _, _ in SHOWN
            for name, effect in by_outcome[outcome].items()
        ],
    }


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("batch", help=HELP)(batch)
