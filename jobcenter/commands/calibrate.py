"""`jobcenter calibrate`: fits the levels to what was counted, with what the data leave open.

Example: jobcenter calibrate slagelse_2024 --quick --out results/calibration
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from jobcenter.screen import command_line, heading, json_number, progress
from sim.errors import UserError

if TYPE_CHECKING:
    from calibration.distance import Verdict
    from calibration.fit import Fit
    from calibration.target_file import Targets

HELP = """Fits the levels of a municipality to a target file and says what the targets do not tell.

Screening, search, emulator and posterior, once for each structural variant; effects of policies are never fitted here.
All runs are kept in a store inside --out: after Ctrl-C the same command goes on where it stopped.

--judge only sets the municipality as it stands against its targets; with --keep the verdict is stored and decides on
the watermark. A full fit with --keep stores its posterior, which 'draws: posterior' of an experiment reads. --recover
calibrates made-up worlds whose levels are known.

Example: jobcenter calibrate slagelse_2024 --quick --out results/calibration
"""
JUDGE_RUNS: Final = 24


def calibrate(
    targets: Annotated[
        str, typer.Argument(metavar="TARGETS", help="Name or path of a target file, such as slagelse_2024.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Default: results/calibrate_TARGETS.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tenth of the municipality, few runs: minutes, not a night.")
    ] = False,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="Structural variant; repeatable. Default: all, with --quick only 'both'."),
    ] = None,
    judge: Annotated[bool, typer.Option("--judge", help="Fit nothing; the files as they stand.")] = False,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Store the verdict of --judge, or the posterior for 'draws: posterior'."),
    ] = False,
    recover: Annotated[bool, typer.Option("--recover", help="Calibrate worlds with known levels.")] = False,
    runs: Annotated[int, typer.Option(min=2, max=200, help="Runs of --judge.")] = JUDGE_RUNS,
    effect_draws: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="With --judge: also under so many draws of the effects, of all not known, and of the levels.",
        ),
    ] = 0,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value of the scenario; repeatable."),
    ] = None,
    where: Annotated[str, typer.Option(help="inline or threads.")] = "threads",
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Default: the machine's cores.")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Calibrates."""
    if where not in ("inline", "threads"):
        raise UserError(f"--where {where}: allowed are inline, threads")
    if keep and not judge and (quick or recover or overrides or (variant and "both" not in variant)):
        raise UserError(
            "--keep stores the verdict of --judge or the posterior of a full fit of variant both, on the files as they"
            " stand: leave out --quick, --recover, --set and other variants alone"
        )
    if effect_draws and not judge:
        raise UserError("--effect-draws sets draws against the targets; add --judge")
    if judge and dry:
        raise UserError(f"--dry-run says what a fit would take; --judge makes {runs} runs, and 4 more a draw")
    if judge and recover:
        raise UserError("--judge and --recover are two things; choose one")
    changes = tuple(overrides or ())
    folder = out or Path("results") / f"calibrate_{Path(targets).stem}"
    say = (lambda text: None) if as_json else (lambda text: print(text, flush=True))
    if judge:
        _judge(targets, changes, folder, runs, keep, effect_draws, where, workers, as_json)
    elif recover:
        _recover(targets, changes, folder, where, workers, dry, as_json, say)
    else:
        command = command_line(
            "calibrate",
            targets,
            out=out,
            quick=quick,
            variant=variant,
            set=overrides,
            workers=workers,
            keep=keep,
        )
        _fit(targets, changes, folder, quick, variant or [], where, workers, dry, as_json, say, command, keep)


def _fit(
    name: str,
    changes: tuple[str, ...],
    folder: Path,
    quick: bool,
    wanted: list[str],
    where: str,
    workers: int | None,
    dry: bool,
    as_json: bool,
    say: Any,
    command: str,
    keep: bool,
) -> None:
    import os

    from calibration.fit import FULL, PLAIN, QUICK, calibrate, forecast, prepared, read_variants
    from calibration.fit_report import report_lines, write_all
    from calibration.posterior_file import check_free, store_posterior
    from experiments.store import Store
    from sim.scenario.locate import find
    from sim.scenario.yaml_tree import nearest

    effort, known = QUICK if quick else FULL, read_variants()
    for one in wanted:
        if one not in known:
            raise UserError(f"--variant {one}: unknown{nearest(one, known)}")
    chosen = wanted or ([PLAIN] if quick else list(known))
    ready = {one: prepared(name, effort, known[one], changes) for one in chosen}
    count = workers or os.cpu_count() or 1
    needed = [forecast(one, effort) for one in ready.values()]
    total = sum(runs for runs, _ in needed)
    seconds = sum(each for _, each in needed) / count
    first = next(iter(ready.values()))
    say(heading(first.scenario, first.scenario.weeks))
    say(
        f"{len(first.modelled)} targets measured, {len(first.not_modelled)} not modelled; variants {', '.join(chosen)}."
        f" At most {total:,} runs, about {_time(seconds)} on {count} workers (less where {folder / 'store'} has them)."
    )
    if keep and first.scenario.world.share < 1:
        raise UserError("--keep stores the posterior of a whole municipality: leave out world.share")
    if dry:
        return
    if keep:
        check_free()
    store = Store.create_or_open(folder / "store")
    fits = []
    try:
        with store.writing(), progress("Runs", total) as step:
            done = _Count(step)
            for one in chosen:
                say(f"== {one}")
                fits.append(calibrate(ready[one], known[one], effort, store, say, done.more, where, workers))
            store.note_batch({"command": command, "experiment": f"calibrate {name}", "runs": done.count})
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped: finished runs are in {folder / 'store'}; the same command goes on from there."
        ) from None
    made = write_all(fits, folder, find("default", "behaviour"))
    if keep:
        made.append(store_posterior(next(fit for fit in fits if fit.variant.name == PLAIN)))
    if as_json:
        print(json.dumps(_as_json(fits, folder, command), indent=2, ensure_ascii=False))
        return
    say("\n" + "\n".join(report_lines(fits)))
    say(f"\nWritten: {folder} ({len(made)} files)" + (f" and {made[-1]}" if keep else ""))


def _judge(
    name: str,
    changes: tuple[str, ...],
    folder: Path,
    runs: int,
    keep: bool,
    n_draws: int,
    where: str,
    workers: int | None,
    as_json: bool,
) -> None:
    from calibration.fit_report import count_lines, verdict_lines
    from calibration.over_draws import SEEDS, draw_lines, kinds_of, under_draws
    from calibration.simulate import Simulator
    from calibration.target_file import load_targets
    from calibration.verdict_file import as_it_stands, as_stored, store_verdict
    from experiments.store import Store

    ready = load_targets(name, changes)
    if keep and (changes or ready.scenario.world.share < 1):
        raise UserError("--keep stores the verdict on the files as they stand, whole: leave out --set")
    store = Store.create_or_open(folder / "store")
    kinds = kinds_of(ready.scenario) if n_draws else ()
    with store.writing(), progress("Runs", runs + n_draws * SEEDS * len(kinds)) as step:
        simulator = Simulator(ready, ready.scenario, store, where, workers, _Count(step).more)
        verdicts = as_it_stands(simulator, runs)
        drawn = {kind: under_draws(simulator, kind, n_draws, runs) for kind in kinds}
    over_draws = [line for kind, each in drawn.items() for line in draw_lines(kind, each, verdicts)]
    stored = as_stored(ready, verdicts, runs)
    kept = store_verdict(stored) if keep else None
    if as_json:
        more = {
            f"under_draws_of_{kind}": [_targets_json(each, ready) for each in draws]
            for kind, draws in drawn.items()
        }
        print(
            json.dumps(
                {**stored, "stored": str(kept) if kept else None, **more}, indent=2, ensure_ascii=False
            )
        )
        return
    print(heading(ready.scenario, ready.scenario.weeks))
    print(f"As the files stand, mean of {runs} runs ± calculation error:")
    print("\n".join(verdict_lines(verdicts, ready)))
    print("\n".join([*count_lines(verdicts, ready), *over_draws]))
    print(
        "The fit targets pass: no watermark on scenarios with this municipality and these values."
        if stored["passes"]
        else "The fit targets do not pass (nine in ten within tolerance, none off by more than twice it):"
        " the watermark stays."
    )
    if kept:
        print(f"Stored: {kept}")


def _recover(
    name: str,
    changes: tuple[str, ...],
    folder: Path,
    where: str,
    workers: int | None,
    dry: bool,
    as_json: bool,
    say: Any,
) -> None:
    from dataclasses import replace

    from calibration.recovery import FULL, LEVELS, SHARE, WEEKS, coverage, recover, recovery_lines
    from calibration.target_file import load_targets
    from experiments.store import Store

    ready = load_targets(name, (f"world.share={SHARE:g}", *changes))
    ready = replace(
        ready,
        scenario=ready.scenario.for_weeks(min(WEEKS, ready.scenario.weeks)),
        window=slice(ready.window.start, min(WEEKS, ready.window.stop)),
    )
    own = sum(FULL.points[1:])
    total = FULL.luck + FULL.points[0] + FULL.repetitions * (1 + own)
    say(heading(ready.scenario, ready.scenario.weeks))
    say(f"{FULL.repetitions} made-up worlds, {total:,} small runs.")
    if dry:
        return
    store = Store.create_or_open(folder / "store_recovery")
    with store.writing(), progress("Runs", total) as step:
        frame = recover(ready, store, FULL, LEVELS, say, _Count(step).more, where, workers)
    frame.to_csv(folder / "recovery.csv", index=False, lineterminator="\n")
    if as_json:
        found = {f"coverage_{share}": coverage(frame, share) for share in (50, 90)}
        print(json.dumps({**found, "intervals": json.loads(frame.to_json(orient="records"))}, indent=2))
        return
    say("\n" + "\n".join(recovery_lines(frame, ready)))
    say(f"\nWritten: {folder / 'recovery.csv'}")


class _Count:
    """Adds up finished runs for the bar."""

    def __init__(self, step: Any):
        self.step, self.count = step, 0

    def more(self, finished: int) -> None:
        self.count += finished
        self.step(self.count)


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _as_json(fits: "list[Fit]", folder: Path, command: str) -> dict[str, Any]:
    from calibration.fit import compared
    from calibration.fit_report import predictive_share

    return {
        "command": command,
        "folder": str(folder),
        "effort": fits[0].effort.name,
        "world_share": fits[0].scenario.world.share,
        "compared": compared(fits),
        "variants": [
            {
                "variant": fit.variant.name,
                "distance_before": json_number(fit.start_distance),
                "distance": json_number(fit.best_distance),
                "targets": _targets_json(fit.verdicts, fit.targets),
                "levels": {
                    level.name: {
                        "file": level.range.value,
                        "best": fit.best.values[level.name],
                        "width_to_prior": json_number(float(width)),
                    }
                    for level, width in zip(fit.levels, fit.width, strict=True)
                },
                "held_by_draws": predictive_share(fit),
                "unreachable": fit.unreachable,
                "failed_runs": fit.failed,
            }
            for fit in fits
        ],
    }


def _targets_json(verdicts: "list[Verdict]", targets: "Targets") -> list[dict[str, Any]]:
    measured = [
        {
            "target": verdict.target.name,
            "role": verdict.target.row.role,
            "counted": verdict.target.value,
            "allowed": verdict.target.allowed,
            "model": json_number(verdict.model),
            "error": json_number(verdict.error),
            "verdict": verdict.verdict,
        }
        for verdict in verdicts
    ]
    return measured + [
        {
            "target": target.name,
            "role": target.row.role,
            "verdict": "not modelled",
            "why": target.row.not_modelled,
        }
        for target in targets.not_modelled
    ]


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("calibrate", help=HELP)(calibrate)
