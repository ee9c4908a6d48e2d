"""`jobcenter trial`: what the evaluator of a trial would see, what it does to everybody, and its power."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.screen import columns, command_line, heading, json_number, number, progress, signed, unit_words
from sim.calendar import iso
from sim.errors import UserError
from sim.scenario import load
from sim.scenario.models import MAX_WEEKS

if TYPE_CHECKING:
    from experiments.evaluator import Needed, Rate
    from experiments.trial import Study
    from experiments.trial_summary import Effect

HELP = """Replays the trial a scenario declares: treated minus control as an evaluator would see it with its standard
error, the total over all residents, the effect on the untreated, and the power at several sizes.

With --out also the power curve (trial_power.svg, .png), trial_power_curve.csv, trial_effects.csv, trial_power.csv,
trial_estimates.csv and manifest.json. How to declare a trial:
docs/trials.md.

Example: jobcenter trial my_trial.yaml --sizes 50,100,200 --seeds 100 --out results/trial
"""
Rows = dict[tuple[str, str, str], "Effect"]
TOTAL_LABELS = {
    "weeks_on_support": "weeks on support",
    "weeks_in_job": "weeks in ordinary work",
    "net_municipal_cost": "municipality net, mio. kr.",
    "net_state_cost": "state net, mio. kr.",
}


def _sizes(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() and int(word) >= 2 for word in words):
        raise UserError(f"--sizes {text}: write whole numbers of persons from 2, such as --sizes 50,100,200")
    return tuple(dict.fromkeys(int(word) for word in words))


def _with_unit(row: "Effect") -> str:
    from experiments.trial import label

    return f"  {label(row.outcome)}" + (", % points" if row.unit == "share" else "")


def _view_lines(rows: Rows) -> Iterator[str]:
    table: list[tuple[str, ...]] = [
        ("What the evaluator sees", "control group", "treated - control", "standard error of one trial")
    ]
    for (estimand, _, _), row in rows.items():
        if estimand == "trial_view":
            error = signed(row.standard_error, math.nan, row.unit).removeprefix("+")
            table.append(
                (
                    _with_unit(row),
                    number(row.control_mean, row.unit),
                    signed(row.value, row.error, row.unit),
                    error,
                )
            )
    yield from columns(table)


def _spill_lines(rows: Rows) -> Iterator[str]:
    table: list[tuple[str, ...]] = [
        ("With the lever minus without it, per person", "treated", "control (spill-over)")
    ]
    for (estimand, group, outcome), row in rows.items():
        if (estimand, group) == ("treated", "treated"):
            other = rows["untreated", "control", outcome]
            cells = (signed(one.value, one.error, row.unit) for one in (row, other))
            table.append((_with_unit(row), *cells))
    yield from columns(table)


def _total_lines(rows: Rows, until: str) -> Iterator[str]:
    parts = (("treated", "all treated"), ("untreated", "all others"), ("untreated", "all controls"))
    head = ("total: all residents", "the treated", "untreated: all others", "of whom controls")
    table: list[tuple[str, ...]] = [(f"All together until {until}", *head)]
    for outcome, words in TOTAL_LABELS.items():
        total = rows["total", "all residents", outcome]
        found = [rows.get((estimand, group, outcome)) for estimand, group in parts]
        cells = (signed(one.value, one.error, unit_words(one.unit)) if one else "" for one in found)
        table.append((f"  {words}", signed(total.value, total.error, total.unit), *cells))
    yield from columns(table)


def _rate(found: "Rate") -> str:
    return f"{100 * found.share:.0f} % ({100 * found.low:.0f} to {100 * found.high:.0f})"


def _needed(found: "Needed") -> str:
    if math.isnan(found.persons):
        return "cannot be stated"
    high = "more" if math.isinf(found.high) else f"{found.high:,.0f}"
    return f"{found.persons:,.0f} ({found.low:,.0f} to {high})"


def _power_lines(study: "Study") -> Iterator[str]:
    from experiments.trial import label
    from experiments.trial_summary import powers

    rows = powers(study)
    yield "Power: trials whose evaluator's two-sided 5 % test rejects, with Monte-Carlo error (95 %)"
    table: list[tuple[str, ...]] = [
        ("  size", "outcome", "with the lever", "a trial of nothing", "persons needed for 80 %")
    ]
    table += [
        (
            f"  {row.size:,}",
            label(row.outcome),
            _rate(row.power),
            _rate(row.false_alarms),
            _needed(row.needed),
        )
        for row in rows
    ]
    yield from columns(table, left=2)
    for reason in dict.fromkeys(row.needed.why_not for row in rows if row.needed.why_not):
        yield f"  Cannot be stated: {reason}."


def _enrolled(study: "Study", size: int) -> str:
    """'200 persons: 100 treated, 100 control'; where places stay empty, how many were enrolled of those asked for."""
    arms = [pair.trial for pair in study.of(size)]
    treated, control = (sum(n) / len(arms) for n in ([a.treated for a in arms], [a.control for a in arms]))
    asked = "" if round(treated + control) == size else f" of {size:,} asked for, mean of {len(arms)} trials"
    return f"{treated + control:,.0f} persons{asked}: {treated:,.0f} treated, {control:,.0f} control"


def _print(study: "Study") -> None:
    from experiments.calibrated import watermark
    from experiments.provenance import rules_not_verified
    from experiments.trial_summary import effects, notes

    scenario, trial = study.scenario, study.trial
    if line := watermark(scenario):
        print(line)
    print(heading(scenario, scenario.weeks))
    print(
        f"Trial of {trial.lever}: {', '.join(trial.groups)}, enrolled {iso(trial.start)} to"
        f" {iso(trial.start + trial.enrol_weeks - 1)}, lot per {'caseworker' if trial.by == 'team' else 'person'}."
        f" {len({pair.seed for pair in study.pairs})} trials of each size simulated, mean ± calculation error (95 %)."
        f" Rules not verified: {rules_not_verified(scenario)}."
    )
    every = effects(study)
    for size in study.sizes:
        rows = {(row.estimand, row.group, row.outcome): row for row in every if row.size == size}
        print(f"\n== {_enrolled(study, size)} ==")
        print("\n".join(_view_lines(rows)))
        print("\n".join(_spill_lines(rows)))
        print("\n".join(_total_lines(rows, iso(scenario.start_week + scenario.weeks - 1))))
    print("\n" + "\n".join(_power_lines(study)) + "\n")
    for note in notes(study):
        print(f"* {note}")


def _as_json(study: "Study", command: str) -> dict[str, Any]:
    from dataclasses import asdict

    from experiments.calibrated import watermark
    from experiments.provenance import describe
    from experiments.trial_summary import effects, flat_power, notes, powers

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {key: json_number(value) if isinstance(value, float) else value for key, value in row.items()}

    return {
        "watermark": watermark(study.scenario),
        "command": command,
        "scenario": describe(study.scenario),
        "trial": study.trial.model_dump(mode="json"),
        "seeds": sorted({pair.seed for pair in study.pairs}),
        "weeks": study.scenario.weeks,
        "interval_kind": "calculation error",
        "effects": [plain(asdict(row)) for row in effects(study)],
        "power": [plain(flat_power(row)) for row in powers(study)],
        "notes": notes(study),
    }


def trial(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario that declares a trial.")],
    sizes: Annotated[
        str | None, typer.Option(metavar="N,N,...", help="Persons enrolled; default: the trial's own size.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100_000, help="Trials simulated of each size.")] = 20,
    weeks: Annotated[
        int | None, typer.Option(min=1, max=MAX_WEEKS, help="Horizon; default: until the last follow-up.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables and manifest here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in --out.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replays the trial a scenario declares."""
    from experiments.folder import check_free

    chosen = _sizes(sizes)
    resolved = load(scenario, overrides=overrides or [])
    if out is not None:
        check_free(out, force)

    from experiments.trial import prepared, study

    ready = prepared(resolved, weeks)
    command = command_line("trial", scenario, sizes=sizes, seeds=seeds, weeks=weeks, out=out, set=overrides)
    with progress("Trials", seeds) as step:
        found = study(ready, range(1, seeds + 1), chosen, progress=step)
    if found.interrupted and not found.pairs:
        raise KeyboardInterrupt("Stopped before the first trial was finished.")
    if out is not None:
        from experiments.trial_summary import write_trial

        write_trial(found, out, force, command)
    if as_json:
        print(json.dumps(_as_json(found, command), indent=2, ensure_ascii=False))
    else:
        _print(found)
        if out is not None:
            print(f"\nWritten: {out} (trial_power.svg, trial_power.png, trial_*.csv)")
    if found.interrupted:
        finished = len({pair.seed for pair in found.pairs})
        raise KeyboardInterrupt(f"Stopped after {finished} of {seeds} trials.")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("trial", help=HELP)(trial)
