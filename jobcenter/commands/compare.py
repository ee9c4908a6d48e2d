"""`jobcenter compare`: scenarios against a base on the same luck, with calculation error, table, files and report."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from jobcenter.money_screen import equal_budget_lines, flow_lines, money_lines
from jobcenter.oddities import warn, warn_of_base
from jobcenter.screen import (
    columns,
    command_line,
    heading,
    json_number,
    number,
    progress,
    signed,
    unit_words,
)
from sim.errors import UserError
from sim.scenario import Scenario, load
from sim.scenario.models import MAX_WEEKS

if TYPE_CHECKING:
    import pandas as pd

    from experiments.comparison import Comparison
    from experiments.equal_budget import Priced

HELP = """Compares scenarios with BASE: the same luck with and without the policy, differences with calculation error.

With --out also differences.csv, money.csv, pairing.csv, weekly_means.parquet, manifest.json and report.html.

With --equal-budget every strategy's dose is chosen so that all are authorised the same; "do nothing" is always a row.

Example: jobcenter compare baseline early_intervention one_caseworker --seeds 20 --out results/first
"""
WIDTH: Final = 118  # characters of a screen a table may take

# The rows of the screen's table: (part, label, outcome, group, a year's amount?).
ROWS: Final = (
    ("People", "on support", "full_time_persons", "support", False),
    ("People", "cash-benefit system", "full_time_persons", "cash_benefit_system", False),
    ("People", "dagpenge", "full_time_persons", "dagpenge", False),
    ("People", "sygedagpenge", "full_time_persons", "sygedagpenge", False),
    ("People", "in ordinary work", "full_time_persons", "job", False),
    ("People", "in work 52 weeks after entry", "in_job_52_share", "all", False),
    ("People", "weeks on support in 104", "weeks_on_support_104", "all", False),
    ("People", "hires of residents in work, a year", "hires", "resident_in_work", True),
    ("People", "hires of non-residents, a year", "hires", "non_resident", True),
    ("Caseworkers' time", "meetings held, a year", "meetings", "held", True),
    ("Caseworkers' time", "wait for the first meeting", "wait_weeks_first_meeting", "all", False),
    ("Caseworkers' time", "meetings left over each week", "queue_persons", "all", False),
    ("Caseworkers' time", "contact plan kept", "plan_compliance", "all", False),
    ("Caseworkers' time", "caseworker changes", "changes_per_citizen_year", "counted", False),
    ("Caseworkers' time", "caseworkers present", "staff_fte", "present", False),
    ("Caseworkers' time", "their hours for cases used", "hours_used_share", "all", False),
    ("Money, a year", "authorised in the pots", "pot_authorised", "all", True),
    ("Money, a year", "gross operating spending", "gross_operating_spending", "all", True),
    ("Money, a year", "spent beyond a pot", "pot_overspent", "all", True),
    ("Money, a year", "municipality's benefits", "municipal_by_account", "benefit", True),
    ("Money, a year", "municipality net, service frame", "money", "municipality/service", True),
    ("Money, a year", "municipality net, transfers frame", "money", "municipality/transfers", True),
    ("Money, a year", "municipality net, all frames", "net_municipal_cost", "all", True),
    ("Money, a year", "state net", "net_state_cost", "all", True),
)
PAIRED: Final = (
    ("on support", "full_time_persons", "support"),
    ("municipality net", "net_municipal_cost", "all"),
    ("caseworker changes", "changes_per_citizen_year", "counted"),
)
CLASS_WORDS: Final = {
    "A": "Class A: effect with evidence",
    "B": "Class B: direction or judgement only",
    "C": "Class C: process or accounting only",
    "none": "No lever: another baseline",
    "context": "Contexts: not a choice of the municipality",
}


def _difference_lines(comparison: "Comparison", names: Sequence[str]) -> Iterator[str]:
    """One table of differences, scenarios side by side as far as the screen is wide."""
    from sim.records.outcome_list import OUTCOMES
    from sim.records.outcomes import WEEKS_PER_YEAR

    years = comparison.weeks / WEEKS_PER_YEAR
    part = ""
    table: list[tuple[str, ...]] = []
    marks: dict[int, str] = {}
    for heading_, label, outcome, group, yearly in ROWS:
        unit, scale = OUTCOMES[outcome].unit, (1.0 / years if yearly else 1.0)
        found: list[Any] = [comparison.difference(name, outcome, group) for name in names]
        if heading_ != part:
            part = heading_
            marks[len(table)] = part
        cells = (signed(row.difference * scale, (row.high - row.difference) * scale, unit) for row in found)
        table.append(
            (f"  {label}, {unit_words(unit)}", number(float(found[0].baseline) * scale, unit), *cells)
        )
    lines = list(columns([("", comparison.base, *names), *table]))
    yield lines[0]
    for at, line in enumerate(lines[1:]):
        if at in marks:
            yield marks[at]
        yield line


def _side_by_side(names: Sequence[str]) -> Iterator[list[str]]:
    """Names in groups that fit on the screen: the label and the base take about 60 characters."""
    group: list[str] = []
    used = 60
    for name in names:
        width = max(len(name), 17) + 2
        if group and used + width > WIDTH:
            yield group
            group, used = [], 60
        group.append(name)
        used += width
    if group:
        yield group


def _bound_lines(comparison: "Comparison") -> Iterator[str]:
    rows: list[tuple[str, ...]] = [
        ("Ceiling", "persons reached a year", "at most, mio. kr. a year", "simulated", "")
    ]
    for row in _records(comparison.bounds):
        verdict = "within twice the ceiling" if row["within"] else "ABOVE TWICE THE CEILING"
        rows.append(
            (
                row["scenario"],
                number(row["persons_reached"], "persons"),
                number(row["bound_kr_year"], "kr."),
                signed(row["simulated_kr_year"], math.nan, "kr."),
                verdict,
            )
        )
    if len(rows) > 1:
        yield "Arithmetic ceiling of the saving on benefits, before what the policy costs"
        yield from columns(rows)


def _split_lines(comparison: "Comparison") -> Iterator[str]:
    from experiments.comparison import EXIT_DOORS

    shares = {(row["scenario"], row["door"]): row["share"] for row in _records(comparison.exit_split)}
    rows: list[tuple[str, ...]] = [("Saved benefit weeks went to", *EXIT_DOORS)]
    for name in comparison.scenarios:
        mine = [shares[name, door] for door in EXIT_DOORS]
        if not any(math.isnan(share) for share in mine):
            rows.append((name, *(number(share, "share") for share in mine)))
    if len(rows) > 1:
        yield from columns(rows)


def _refusion_lines(comparison: "Comparison") -> Iterator[str]:
    rows = [
        (
            "Another refusion rule, a year",
            "line",
            "municipality, mio. kr.",
            "state, mio. kr.",
            "persons on support",
        )
    ]
    for row in _records(comparison.refusion_lines):
        rows.append(
            (
                row["scenario"],
                row["line"],
                signed(row["municipal_kr_year"], math.nan, "kr."),
                signed(row["state_kr_year"], math.nan, "kr."),
                signed(row["people"], math.nan, "persons"),
            )
        )
    if len(rows) > 1:
        yield from columns(rows, left=2)


def _pairing_lines(comparison: "Comparison") -> Iterator[str]:
    frame = comparison.pairing
    periods = [*map(str, comparison.years), "all"]
    rows: list[tuple[str, ...]] = [("Variance removed by pairing", "outcome", *periods)]
    for name in comparison.scenarios:
        for label, outcome, group in PAIRED:
            mine = frame[(frame.scenario == name) & (frame.outcome == outcome) & (frame.group == group)]
            by_year = dict(zip(mine.year, mine.variance_removed, strict=True))
            if any(not math.isnan(by_year[year]) for year in periods):
                rows.append((name, label, *(_percent(by_year[year]) for year in periods)))
    if len(rows) > 1:
        yield from columns(rows, left=2)


def _records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _week(text: str) -> int:
    from sim.calendar import week_of

    try:
        return week_of(text)
    except ValueError as wrong:
        year, dash, part = text.partition("-")
        meant = f", such as {year}-W{part.zfill(2)}" if dash and year.isdigit() and part.isdigit() else ""
        raise UserError(f"--branch-at {text}: {wrong}{meant}") from None


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f} %"


def _print(comparison: "Comparison", base: Scenario) -> None:
    if comparison.watermark:
        print(comparison.watermark)
    print(heading(base, comparison.weeks))
    print(
        f"{len(comparison.seeds)} runs of each, mean ± calculation error (95 %). Money in mio. kr.,"
        f" {comparison.price_level} prices. Rules not verified: {comparison.rules_not_verified}."
    )
    for note in comparison.notes:
        if note.startswith("Only "):
            print(note)
    for what, names in comparison.by_class().items():
        print(f"\n{CLASS_WORDS[what]}")
        for name in names:
            print(f"  {name}: {comparison.questions[name]}")
        for group in _side_by_side(names):
            print()
            print("\n".join(_difference_lines(comparison, group)))
    for lines in (
        equal_budget_lines,
        money_lines,
        flow_lines,
        _bound_lines,
        _split_lines,
        _refusion_lines,
        _pairing_lines,
    ):
        text = "\n".join(lines(comparison))
        if text:
            print(f"\n{text}")
    print()
    for note in comparison.notes:
        if not note.startswith("Only "):
            print(f"* {note}")


def _as_json(comparison: "Comparison") -> dict[str, Any]:
    def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
        return [
            {key: json_number(value) if isinstance(value, float) else value for key, value in row.items()}
            for row in _records(frame)
        ]

    return {
        "watermark": comparison.watermark,
        "command": comparison.command,
        "code_version": comparison.version,
        "base": comparison.base,
        "scenarios": [
            {
                "name": name,
                "kind": comparison.kinds[name],
                "evidence_class": comparison.evidence_class[name],
                "question": comparison.questions[name],
            }
            for name in comparison.scenarios
        ],
        "seeds": list(comparison.seeds),
        "weeks": comparison.weeks,
        "price_level": comparison.price_level,
        "rules_not_verified": comparison.rules_not_verified,
        "notes": comparison.notes,
        "bounds": records(comparison.bounds),
        "exit_split": records(comparison.exit_split),
        "refusion_lines": records(comparison.refusion_lines),
        "discount_rate": comparison.discount_rate,
        "money": records(comparison.money) if comparison.money is not None else [],
        "flows_back": records(comparison.flows_back) if comparison.flows_back is not None else [],
        "equal_budget": records(comparison.equal_budget) if comparison.equal_budget is not None else [],
        "differences": records(comparison.differences),
    }


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="What the others are set against.")],
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="Names, paths, or NAME@BASE.")],
    seeds: Annotated[int, typer.Option(min=1, max=100_000, help="Runs of each scenario.")] = 10,
    weeks: Annotated[
        int | None, typer.Option(min=1, max=MAX_WEEKS, help="Horizon of all; default: the scenarios'.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables and the report here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in --out.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY.PATH=VALUE", help="Override a value in all scenarios; repeatable."
        ),
    ] = None,
    equal_budget: Annotated[
        str | None,
        typer.Option(
            metavar="B",
            help="Authorise every strategy the same extra operating spending a budget year, as '5 mio. kr.'.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="LEVER=SHARE,...", help="How strategies with several levers share B."),
    ] = None,
    rank_all: Annotated[
        bool, typer.Option("--rank-all", help="Rank strategies of class B and C beside class A, marked.")
    ] = False,
    branch_at: Annotated[
        str | None,
        typer.Option(
            metavar="WEEK",
            help="Live the base once up to this week (2028-W01); what others add begins there.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compares scenarios with a base."""
    from experiments.folder import check_free

    resolved = [load(name, overrides=overrides or []) for name in (base, *others)]
    resolved = resolved if weeks is None else [scenario.for_weeks(weeks) for scenario in resolved]
    if out is not None:
        check_free(out, force)

    from experiments.compare import check_comparable
    from experiments.compare import compare as run_comparison

    check_comparable(resolved[0], resolved[1:])
    warn(resolved)
    warn_of_base(resolved[0])
    priced = _at_one_price(resolved, equal_budget, split)
    resolved = [resolved[0], *(one.scenario for one in priced)] if priced else resolved
    branch = None
    if branch_at is not None:
        from experiments.run import starting_at

        branch = _week(branch_at)
        resolved = [resolved[0], *(starting_at(one, resolved[0], branch) for one in resolved[1:])]
    command = command_line(
        "compare", base, *others, seeds=seeds, weeks=weeks, out=out, set=overrides, equal_budget=equal_budget,
        split=split, rank_all=rank_all, branch_at=branch_at,
    )  # fmt: skip
    with progress("Runs", seeds * len(resolved)) as step:
        comparison, interrupted = run_comparison(
            resolved[0],
            resolved[1:],
            range(1, seeds + 1),
            progress=lambda done, total: step(done),
            command=command,
            ranked=("A", "B", "C") if rank_all else ("A",),
            branch_at=branch,
        )
    if priced:
        from experiments.equal_budget_table import with_equal_budget

        comparison = with_equal_budget(comparison, resolved[0], priced)
    if out is not None:
        from experiments.comparison_folder import write_comparison

        write_comparison(comparison, resolved, out, force)
    if as_json:
        print(json.dumps(_as_json(comparison), indent=2, ensure_ascii=False))
    else:
        _print(comparison, resolved[0])
        if out is not None:
            print(f"\nWritten: {out} (report.html, differences.csv, ...)")
    if interrupted:
        written = f"; {out} holds what was finished" if out is not None else ""
        raise KeyboardInterrupt(f"Stopped after {len(comparison.seeds)} of {seeds} pairs of runs{written}.")


def _at_one_price(resolved: Sequence[Scenario], budget: str | None, split: str | None) -> "list[Priced]":
    """The strategies with doses that cost the budget; none when no budget was given."""
    if budget is None:
        if split is not None:
            raise UserError("--split says how an equal budget is shared; give --equal-budget as well")
        return []
    from experiments.equal_budget import price, read_budget, read_split

    return price(
        resolved[0], resolved[1:], read_budget(budget), read_split(split) if split is not None else None
    )


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("compare", help=HELP)(compare)
