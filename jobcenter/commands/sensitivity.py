"""`jobcenter sensitivity`: which assumption drives the effect of each scenario, with luck taken out.

Example: jobcenter sensitivity sensitivity_three_levers --method auto
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from jobcenter.screen import command_line, heading, progress
from sim.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from experiments.draws import Range
    from experiments.experiment_file import Experiment
    from experiments.sensitivity.factors import Factor
    from experiments.sensitivity.posterior import Drawn
    from experiments.sensitivity.running import Runs
    from experiments.sensitivity.study import Plan, Study
    from experiments.store import Store

HELP = """Says which assumption drives what a policy does: sensitivity analysis over an experiment or scenario files.

Name an experiment file, or scenarios, the first being the base. What varies is every number with a range: effects and
mechanisms (levels are put back after each), prices and staff, structural variants, and what the experiment adds under
`factors:`; fitted levels with --groups levels. Neighbouring points are lived under the same few seeds, base and others
side by side, and what is luck is estimated from the seeds and taken out. A variant that changes the refusion rules only
is a context: every run is costed under it too, and each context has indices of its own.

auto screens all factors (Morris) and then shares the variance out among the survivors (Sobol'). All runs are kept in a
store inside --out: after Ctrl-C the same command goes on where it stopped.

--emulator fits an emulator to far fewer runs and says what it misses; --draws takes correlated draws, such as a
posterior's, with pawn, delta or shapley (morris, sobol and rbd_fast need independent factors).

By default a quarter of the municipality is lived over three years; --full lives all of it over its whole horizon.

Example: jobcenter sensitivity sensitivity_three_levers --method auto --out results/sensitivity
"""
AUTO: Final = "auto"
QUICK_SHARE: Final = 0.25
QUICK_WEEKS: Final = 156
DEFAULT_N: Final = {"sobol": 128}
EMULATOR_POINTS: Final = 256
TRAJECTORIES: Final = 10
SURVIVORS: Final = 12
MARK: Final = "analysis.json"  # in --out: whose files lie there
DEFAULT_SEEDS: Final = {"morris": 3}


def sensitivity(
    names: Annotated[
        list[str], typer.Argument(metavar="EXPERIMENT|SCENARIO...", help="An experiment, or base and others.")
    ],
    method: Annotated[
        str, typer.Option(help="auto, morris, sobol, pawn, delta, rbd_fast or shapley.")
    ] = AUTO,
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=2, max=1_000_000, help="Base points of sobol (128), points of the others (256)."
        ),
    ] = None,
    trajectories: Annotated[int, typer.Option(min=2, max=10_000, help="Of morris.")] = TRAJECTORIES,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Runs of each point: 3 for morris, else 2.")
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTCOME/GROUP/YEAR", help="Repeatable. Default: people on support, municipal net."
        ),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(help="Groups of factors: effects,mechanism,levels,prices,scenario,structure."),
    ] = None,
    factor: Annotated[list[str] | None, typer.Option(help="Only these factors; repeatable.")] = None,
    which_scenario: Annotated[
        bool, typer.Option("--scenario-as-factor", help="Which scenario is one more factor.")
    ] = False,
    extra_seeds: Annotated[
        int, typer.Option(min=0, help="More runs for the factors whose indices are least certain.")
    ] = 0,
    emulator: Annotated[
        bool, typer.Option("--emulator", help="Sobol' indices of an emulator of --n (256) points.")
    ] = False,
    draws: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Parquet or CSV, a row a draw: these points, correlated as they are."
        ),
    ] = None,
    survivors: Annotated[int, typer.Option(min=2, max=100, help="Factors that auto hands on.")] = SURVIVORS,
    full: Annotated[bool, typer.Option("--full", help="The whole municipality and horizon.")] = False,
    share: Annotated[float | None, typer.Option(min=0.001, max=1.0, help="Part of it to simulate.")] = None,
    weeks: Annotated[int | None, typer.Option(min=1, max=2600, help="Horizon.")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY.PATH=VALUE", help="Override a value of all scenarios; repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Default: results/sensitivity_NAME.")
    ] = None,
    where: Annotated[
        str, typer.Option(help="inline, threads, dask (processes), or auto: processes from two minutes on.")
    ] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Default: the machine's cores.")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and stop.")] = False,
    print_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Analyses."""
    import os

    from experiments.experiment_file import WHERE
    from experiments.sensitivity.analysis import METHODS
    from experiments.sensitivity.factors import DEFAULT_GROUPS, factors_of
    from experiments.sensitivity.posterior import check_method, check_structure, factors_of_draws
    from experiments.sensitivity.study import (
        OUTCOMES_SHOWN,
        Plan,
        anchored_ranges,
        check_outcomes,
        check_plan,
    )
    from experiments.sensitivity.study import survivors as kept_of
    from experiments.store import Store
    from jobcenter.sensitivity_screen import as_json, show

    if method not in (AUTO, *METHODS):
        raise UserError(f"--method {method}: allowed are {', '.join((AUTO, *METHODS))}")
    if where not in ("auto", *WHERE):
        raise UserError(f"--where {where}: allowed are {', '.join(('auto', *WHERE))}")
    if draws is not None:
        check_method(method, {"--groups": groups, "--scenario-as-factor": which_scenario})
    experiment = _experiment(names, full, share, weeks, overrides or [])
    chosen = groups.split(",") if groups else list(DEFAULT_GROUPS)
    drawn = None
    if draws is not None:
        check_structure(experiment)
        drawn = factors_of_draws(experiment, draws, n, factor or ())
        factors = drawn.factors
    else:
        factors = factors_of(experiment, [one.strip() for one in chosen], factor or (), which_scenario)
    outcomes = tuple(outcome or OUTCOMES_SHOWN)

    def plan_of(kind: str) -> Plan:
        emulated = emulator and kind != "morris"
        points = trajectories if kind == "morris" else n or DEFAULT_N.get(kind, 256)
        if drawn is not None:
            points = len(drawn.u)
        elif emulated:
            points = n or EMULATOR_POINTS
        extra = 0 if emulated else extra_seeds
        return Plan(
            kind, points, seeds or DEFAULT_SEEDS.get(kind, 2), outcomes, extra, emulated, drawn is not None
        )

    plans = [plan_of("morris"), plan_of("sobol")] if method == AUTO else [plan_of(method)]
    _check_options(method, n, trajectories, survivors, emulator, extra_seeds)
    if emulator and method not in (AUTO, "sobol"):
        raise UserError(f"--emulator gives the indices of sobol; with --method {method} it has no meaning")
    for plan in plans:
        check_plan(plan, experiment)
    folder = out or Path("results") / f"sensitivity_{experiment.name}"
    mark = {"of": names, "method": f"{method} of an emulator" if emulator else method}
    _check_folder(folder, mark)
    count = workers or os.cpu_count() or 1
    say = (lambda text: None) if print_json else (lambda text: print(text, flush=True))
    base = experiment.worlds[""][0]
    say(_watermark(experiment) + heading(base, base.weeks))
    check_outcomes(experiment, outcomes)
    work = Work(experiment, anchored_ranges(factors), drawn, where, count)
    kept_runs = folder / "store"
    there = Store.open(kept_runs) if (kept_runs / "store.json").exists() else None
    say(_forecast(work, plans, factors, there, min(survivors, len(factors)), kept_runs))
    if dry:
        return
    store = Store.create_or_open(kept_runs)
    (folder / MARK).write_text(json.dumps(mark, ensure_ascii=False) + "\n", encoding="utf-8")
    command = command_line(
        "sensitivity",
        *names,
        method=method,
        n=n,
        trajectories=None if trajectories == TRAJECTORIES else trajectories,
        seeds=seeds,
        outcome=outcome,
        groups=groups,
        factor=factor,
        scenario_as_factor=which_scenario,
        extra_seeds=extra_seeds or None,
        emulator=emulator,
        draws=draws,
        survivors=None if survivors == SURVIVORS else survivors,
        full=full,
        share=share,
        weeks=weeks,
        set=overrides,
        out=out,
    )
    found = work.made(plans[0], factors, store, command)
    if len(plans) > 1:
        kept = kept_of(found, survivors)
        screened = found
        found = work.made(plans[1], kept, store, command)
        found.screened = screened
    made = _write(found, folder, heading(base, base.weeks), command)
    if print_json:
        told = {"watermark": _watermark(experiment).strip(), "command": command, "folder": str(folder)}
        print(json.dumps({**told, **as_json(found)}, indent=2, ensure_ascii=False))
        return
    show(found)
    say(f"\nWritten: {folder} ({', '.join(made)})")


def _check_folder(folder: Path, mark: Mapping[str, object]) -> None:
    """Raises UserError for a folder whose files this analysis would overwrite."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {folder}: is a file; it must be a folder")
    there = folder / MARK
    if there.is_file():
        held = json.loads(there.read_text(encoding="utf-8"))
        if held != mark:
            raise UserError(
                f"--out {folder}: holds the analysis of {' '.join(held['of'])} by {held['method']}; choose another"
            )
    elif folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"--out {folder}: is not empty and holds no analysis; choose another folder")


def _check_options(
    method: str, n: int | None, trajectories: int, survivors: int, emulator: bool, extra_seeds: int
) -> None:
    """Raises UserError for an option that would change nothing."""
    if method == "morris" and n is not None:
        raise UserError(f"--n {n}: morris has trajectories instead of points; take --trajectories")
    if method not in (AUTO, "morris") and trajectories != TRAJECTORIES:
        raise UserError(f"--trajectories {trajectories}: only morris and auto have them; take --n")
    if method != AUTO and survivors != SURVIVORS:
        raise UserError(f"--survivors {survivors}: only auto hands factors on")
    if emulator and extra_seeds:
        raise UserError(
            f"--extra-seeds {extra_seeds}: an emulator has no points of single factors; take more --seeds"
        )


def _experiment(
    names: list[str], full: bool, share: float | None, weeks: int | None, changes: list[str]
) -> "Experiment":
    """An experiment of that name, or one made of the scenarios named, in the world that is asked for."""
    from experiments.experiment_file import find_experiment, load_experiment
    from experiments.sensitivity.study import for_weeks, of_scenarios

    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise UserError(f"{twice}: is named twice; name the base and then each other scenario once")
    part = share if share is not None else None if full else QUICK_SHARE
    more = [*changes, *([f"world.share={part:g}"] if part is not None else [])]
    try:
        path = find_experiment(names[0]) if len(names) == 1 else None
    except UserError:
        path = None
    if path is not None and "base:" in path.read_text(encoding="utf-8"):
        found = load_experiment(names[0], changes=tuple(more))
    else:
        found = of_scenarios(names, more)
    horizon = found.worlds[""][0].weeks
    return for_weeks(found, weeks or (horizon if full else min(horizon, QUICK_WEEKS)))


@dataclass(frozen=True)
class Work:
    """What the stages of an analysis have in common."""

    experiment: "Experiment"
    ranges: "dict[str, Range]"  # of everything levels are put back after, in all stages alike
    drawn: "Drawn | None"  # points that are given, not designed
    where: str
    workers: int

    def runs(self, plan: "Plan", factors: "list[Factor]", store: "Store | None") -> "tuple[np.ndarray, Runs]":
        """The points of a stage and their runs."""
        from experiments.sensitivity.study import lived

        if self.drawn is not None:
            return self.drawn.u, self.drawn.runs(self.experiment, plan.seeds, store)
        return lived(self.experiment, plan, factors, store, self.ranges)

    def made(self, plan: "Plan", factors: "list[Factor]", store: "Store", command: str) -> "Study":
        """A stage, with its extra seeds where it has any."""
        from experiments.sensitivity.study import least_certain, lived, points_of, study

        u, runs = self.runs(plan, factors, store)
        self._make(plan.method, runs, store, command)
        found = study(self.experiment, plan, factors, u, runs)
        if not plan.extra:
            return found
        chosen = least_certain(found)
        extra = dict.fromkeys(points_of(plan, u, len(factors), chosen), plan.extra)
        _, runs = lived(self.experiment, plan, factors, store, self.ranges, extra)
        self._make(f"{plan.method}, more seeds", runs, store, command)
        more = study(self.experiment, plan, factors, u, runs)
        named = ", ".join(factors[k].name for k in chosen)
        more.remarks.append(f"{plan.extra} seeds more for the factors that were least certain: {named}.")
        return more

    def _make(self, name: str, runs: "Runs", store: "Store", command: str) -> None:
        with store.writing():
            there = len(runs.runs) - len(runs.missing)
            try:
                fit = runs.levels_to_fit() if runs.missing else 0
                if fit:
                    with progress("How levels answer", fit) as step:
                        runs.fit_levels(self.workers, step)
                with progress(f"Runs of {name}", len(runs.runs)) as step:
                    step(there)
                    runs.make(self.where, self.workers, step, command)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(
                    f"Stopped: finished runs are in {store.folder}; the same command goes on from there."
                ) from None


def _watermark(experiment: "Experiment") -> str:
    from experiments.calibrated import watermark

    line = watermark(*experiment.worlds[""])
    return f"{line}\n" if line else ""


def _forecast(
    work: Work,
    plans: "list[Plan]",
    factors: "list[Factor]",
    store: "Store | None",
    survivors: int,
    folder: Path,
) -> str:
    """What it takes: what is in the store is not counted, and its runs say how long one takes."""
    _, runs = work.runs(plans[0], factors, store)
    scenarios = len(runs.scenarios_of(runs.points[0]))
    what = [
        f"{plans[0].method} ({len(runs.runs):,} runs, {len(runs.runs) - len(runs.missing):,} of them in {folder})"
    ]
    left = len(runs.missing)
    if len(plans) > 1:
        later = plans[1].runs(survivors, scenarios)
        what.append(f"{plans[1].method} of the survivors ({later:,} runs)")
        left += later
    fit = runs.levels_to_fit()
    if fit:
        what.insert(0, f"how levels answer ({fit} runs)")
    each = runs.seconds_per_run()
    seconds = (left + fit) * each / work.workers
    minutes = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    basis = "as runs in the store took" if runs.timed() is not None else "a first guess"
    more = " Extra seeds come on top." if plans[0].extra else ""
    contexts = f", costed under {', '.join(runs.contexts)} too" if runs.contexts else ""
    return (
        f"{len(factors)} factors, {scenarios} scenarios side by side{contexts}: {', then '.join(what)}. About"
        f" {minutes} on {work.workers} free workers, {each:.2g} s a run ({basis}), and what compiling takes.{more}"
    )


def _write(found: "Study", folder: Path, head: str, command: str) -> list[str]:
    """Tables and page; the screening of auto beside them."""
    from experiments.sensitivity.page import render, tornado_files
    from experiments.sensitivity.study import tables

    made = []
    for name, content in tornado_files(found).items():
        path = folder / "figures" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    if (folder / "figures").is_dir():
        made.append("figures")
    for prefix, one in (("screening_", found.screened), ("", found)):
        if one is None:
            continue
        for name, frame in tables(one).items():
            path = folder / f"{prefix}{name}.csv"
            frame.to_csv(path, index=False, lineterminator="\n")
            made.append(path.name)
        plan = one.plan
        points = "trajectories" if plan.method == "morris" else "base points"
        kind = f"{plan.method} of an emulator" if plan.emulated else plan.method
        design = f"{kind}, {plan.n} {points}, {plan.seeds} seeds"
        page = folder / f"{prefix}report.html"
        text = render(
            one,
            head,
            " ".join([f"{design}, {len(one.factors)} factors.", *one.remarks]),
            _watermark(one.experiment).strip(),
            command,
        )
        page.write_text(text, encoding="utf-8", newline="\n")
        made.append(page.name)
    return made


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("sensitivity", help=HELP)(sensitivity)
