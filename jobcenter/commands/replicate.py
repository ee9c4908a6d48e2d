"""`jobcenter replicate`: published experiments replayed in the model, paper against model, misses first."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobcenter.screen import columns, command_line, progress
from sim.errors import UserError

if TYPE_CHECKING:
    from calibration.published import Experiment
    from calibration.verdict import Row

HELP = """Replays published experiments as they were run and sets the model against the paper: the published number, the
model's with its calculation error, a verdict by a stated rule, misses first.

Without NAME all that come along; NAME may be a file of your own. With --out also replicas.csv, replicas.md, forest.svg,
forest.png and manifest.json. --solve works out the effect coefficients from the replays that inform them; --investment
forecasts investment cases. How to read it and how to write a file: docs/replicas.md.

Example: jobcenter replicate caseload_germany --seeds 40
"""


def _print(rows: Sequence["Row"], studies: Sequence["Experiment"], seeds: int) -> None:
    from calibration.replicate import in_order, name_of, number
    from calibration.verdict import AGREES, MISSES, NOT_MODELLED, RULES, sentences

    reasons = {one.name: one.file.likely_reason for one in studies}
    ordered = in_order(rows)
    print(f"Published experiments against the model, {seeds} seeds each, ± calculation error (95 %)\n")
    table: list[tuple[str, ...]] = [
        ("verdict", "study: outcome", "unit", "published", "expected", "model", "role, rule")
    ]
    for row in ordered:
        differs = row.expected == row.expected and row.expected != row.paper
        easy = " (nothing would agree too)" if row.nothing_passes and row.verdict == AGREES else ""
        table.append(
            (
                row.verdict, name_of(row), row.unit, row.paper_words, f"{row.expected:.2f}" if differs else "",
                number(row, row.model, row.error), f"{row.role}, {row.rule}{easy}",
            )
        )  # fmt: skip
    print("\n".join(columns(table, left=3)))
    for name in dict.fromkeys(row.experiment for row in ordered if row.verdict == MISSES):
        print(f"\nMisses: {name}. Likely reason: {reasons.get(name) or 'not known'}.")
    print("")
    for row in ordered:
        if row.note:
            print(f"* {name_of(row)}: {row.note}")
    print("")
    print("\n".join(sentences(rows)))
    print("\nRules:")
    for rule in dict.fromkeys(row.rule for row in ordered if row.verdict != NOT_MODELLED):
        print(f"  {rule}: {RULES[rule]}")


def _solve(seeds: int, share: float | None, write: bool, as_json: bool) -> None:
    from calibration.solve import lines, solve_all, write_effects

    with progress("Replays", 0) as step:
        solved = solve_all(range(1, seeds + 1), share, progress=step)
    path = write_effects(solved) if write else None
    if as_json:
        print(json.dumps([one.plain() for one in solved], indent=2, ensure_ascii=False))
        return
    print("\n".join(lines(solved)))
    if path is not None:
        print(f"Written: {path}")


def _invest(
    draws: int, share: float | None, out: Path | None, page: Path | None, force: bool, as_json: bool
) -> None:
    from calibration.investment import cases, forecast, markdown, write
    from calibration.replicate import INVESTMENTS, update_page

    command = command_line(
        "replicate", investment=True, draws=draws, share=share, out=out, page=page, force=force
    )
    names = [name for name, case in cases().items() if case.rows]
    found = []
    with progress("Draws", draws * len(names)) as step:
        for at, name in enumerate(names):
            found += forecast(name, draws, share, lambda done, at=at: step(at * draws + done))  # type: ignore[misc]
    text = markdown(found, command)
    if out is not None:
        write(found, out, force, command)
        if page is not None:
            update_page(page, INVESTMENTS, (out / "investment.md").read_text(encoding="utf-8"))
    print(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False) if as_json else text)


def _replay(
    names: Sequence[str], seeds: int, share: float | None, workers: int, out: Path | None, page: Path | None,
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    from calibration.one_effect import check
    from calibration.published import read, read_all
    from sim.scenario import load

    studies = [read(name) for name in names] if names else read_all()
    if not names:
        check(studies, load("slagelse_2024"))
    from calibration.replicate import REPLICAS, copy_figure, plain, replicate, update_page, write

    command = command_line("replicate", *names, seeds=seeds, share=share, out=out, page=page, force=force)
    rows: list[Row] = []
    with progress("Studies", len(studies)) as step:
        for done, study in enumerate(studies, 1):
            rows += replicate(study, range(1, seeds + 1), share, workers)
            step(done)
    if out is not None:
        write(rows, studies, out, force, command, seeds)
        if page is not None:
            update_page(page, REPLICAS, (out / "replicas.md").read_text(encoding="utf-8"))
            copy_figure(out, page)
    if as_json:
        print(plain(rows, command))
        return
    _print(rows, studies, seeds)
    if out is not None:
        print(f"\nWritten: {out} (replicas.csv, replicas.md, forest.svg, forest.png, manifest.json)")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""

    @app.command("replicate", help=HELP)
    def replicate(
        names: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[NAME...]", help="Studies that come along, or files of your own; default all."
            ),
        ] = None,
        seeds: Annotated[
            int, typer.Option(min=2, max=100_000, help="Worlds each study is replayed in.")
        ] = 40,
        share: Annotated[
            float | None, typer.Option(min=0.001, max=1.0, help="Part of the municipality simulated.")
        ] = None,
        workers: Annotated[int, typer.Option(min=1, max=64, help="Threads.")] = 1,
        out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables and figure here.")] = None,
        page: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="Put the stored table and figure into this page."),
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in --out.")] = False,
        solve: Annotated[bool, typer.Option("--solve", help="Solve the effect coefficients.")] = False,
        write: Annotated[
            bool, typer.Option("--write", help="With --solve: write them to behaviour/effects.yaml.")
        ] = False,
        investment: Annotated[
            bool,
            typer.Option("--investment", help="Forecast investment cases, beside promised and reported."),
        ] = False,
        draws: Annotated[int, typer.Option(min=2, max=10_000, help="With --investment: draws.")] = 40,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        if write and not solve:
            raise UserError("--write: goes with --solve")
        if (solve or investment) and names:
            raise UserError("NAME: is for replays; leave it out beside --solve and --investment")
        if solve and (investment or out is not None or page is not None):
            raise UserError(
                "--solve: prints what it found and writes with --write; leave out --investment, --out, --page"
            )
        if page is not None and out is None:
            raise UserError("--page: the table is made from stored results; name their folder with --out")
        if out is not None:
            from experiments.folder import check_free

            check_free(out, force)
        if solve:
            _solve(seeds, share, write, as_json)
        elif investment:
            _invest(draws, share, out, page, force, as_json)
        else:
            _replay(names or (), seeds, share, workers, out, page, force, as_json)
