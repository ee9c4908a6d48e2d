"""`jobcenter breakeven`: how many recipients fewer pay for a yearly cost, without a simulation.

Example: jobcenter breakeven "10 mio. kr." --group kontanthjaelp_activityready
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from jobcenter.screen import columns
from sim.errors import UserError

if TYPE_CHECKING:
    from jobcenter.planner.breakeven import Answer

HELP: Final = """How many full-year recipients fewer pay for a yearly cost: persons, share of the target group, and the
largest effect published for each kind of policy beside it. Arithmetic only; nothing is simulated.

Example: jobcenter breakeven "10 mio. kr." --group kontanthjaelp_activityready --state-share 20
"""
LEAST: Final = 10_000  # kroner a year; less is a slip of the unit


def _read(reader: Any, text: str | None, option: str) -> Any:
    """A value read as scenario files read it, its mistake named by the option."""
    if text is None:
        return None
    from pydantic_core import PydanticCustomError

    try:
        return reader(text)
    except PydanticCustomError as wrong:
        raise UserError(f"{option} {text}: {wrong.message()}") from None


def breakeven(
    cost: Annotated[
        str, typer.Argument(metavar="COST", help="Cost a year: '10 mio. kr.', 2500000, '800 1.000 kr.'")
    ],
    group: Annotated[
        list[str] | None,
        typer.Option("--group", help="Benefit of the target group; repeatable. Default cash_benefit_system."),
    ] = None,
    step: Annotated[
        str, typer.Option("--state-share", "--step", help="The state's share of the benefit, %.")
    ] = "20",
    scenario: Annotated[
        str, typer.Option("--scenario", help="Municipality, law and levels are those of this scenario.")
    ] = "baseline",
    persons: Annotated[
        float | None, typer.Option("--persons", min=1.0, help="Size of the group. Default: the stocks.")
    ] = None,
    monthly_kr: Annotated[
        str | None, typer.Option("--monthly-kr", help="Gross benefit a month. Default: the rate.")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", min=2000, max=2100, help="Rates and kroner of this year.")
    ] = None,
    reached: Annotated[
        float | None, typer.Option("--reached", min=0.0, help="Persons reached a year. Default: the group.")
    ] = None,
    job_chance: Annotated[
        str | None,
        typer.Option("--job-chance", help="Of a job within a year, without it: '6 %'. Default: the model's."),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Kind of policy; repeatable. Default: all kinds.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Answers a break-even."""
    from jobcenter.planner.breakeven import SYSTEM, answer, target_groups
    from jobcenter.planner.reconcile import beside
    from sim.scenario import load
    from sim.scenario.scalars import read_kroner, read_share

    kroner = _read(read_kroner, cost, "COST")
    if not kroner > 0:
        raise UserError(f"COST {cost}: a cost above zero is needed, such as '10 mio. kr.'")
    if kroner < LEAST:
        meant = f"; did you mean '{kroner:g} mio. kr.'?" if kroner < 1000 else ""
        raise UserError(f"COST {cost}: {kroner:,.0f} kr. a year; at least {LEAST:,} kr. are needed{meant}")
    month = _read(read_kroner, monthly_kr, "--monthly-kr")
    if month is not None and not month > 0:
        raise UserError(f"--monthly-kr {monthly_kr}: an amount above zero is needed, such as 11944")
    ground, groups, source = load(scenario), target_groups(group or [SYSTEM]), "--persons"
    kept = beside(ground)
    size: float | Mapping[str, float] | None = persons
    if persons is None and kept is not None and all(kept.targets.get(benefit) for benefit in groups):
        size = {benefit: kept.targets[benefit] for benefit in groups}
        source = f"target groups of {kept.source}"
    found = answer(
        ground, kroner, groups,
        step=_read(read_share, step if "%" in step or "." in step else f"{step} %", "--state-share"), year=year,
        monthly_kr=month, persons=size, persons_source=source, reached=reached,
        job_chance=_read(read_share, job_chance, "--job-chance"), kinds=kind or (),
    )  # fmt: skip
    if as_json:
        told = {
            **asdict(found),
            "kinds": [{**asdict(one), "can_pay": one.can_pay} for one in found.kinds],
        }
        print(json.dumps(_finite(told), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(found)))


def _finite(value: Any) -> Any:
    """A tree JSON can hold: an infinite need is null."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


def _lines(found: "Answer") -> list[str]:
    share = f"{100 * found.municipal_share:g} %"
    out = [
        f"{found.cost_kr_year / 1e6:,.2f} mio. kr. a year are earned back by {found.fewer:,.0f} fewer full-year"
        f" recipients: {100 * found.share:.1f} % of {found.persons:,.0f} on {', '.join(found.groups)}.",
        "",
        f"A full year costs {found.full_year_kr:,.0f} kr. ({found.full_year_source}), of which the municipality pays"
        f" {share}: {found.municipal_kr:,.0f} kr.",
        f"Size of the group: {found.persons_source}. Without the policy {100 * found.job_chance:.1f} % of it find a job"
        f" within a year; {found.reached:,.0f} persons a year are reached.",
        "",
    ]
    rows = [("kind of policy", "largest published", "job finders a year", "persons fewer", "mio. kr. a year",
             "effect that pays", "")]  # fmt: skip
    for one in found.kinds:
        needed = f"+{100 * one.needed:,.0f} %" if one.needed < 1e6 else "none is enough"
        rows.append((one.name, f"+{100 * one.effect:.0f} %", f"{one.finders:,.1f}", f"{one.persons:,.1f}",
                     f"{one.kr_year / 1e6:,.2f}", needed, "can pay" if one.can_pay else "cannot"))  # fmt: skip
    out += columns(rows)
    out += [
        "",
        "The ceiling: persons reached x chance of a job (never more than the rest) x the largest relative effect"
        " published for the kind x the municipality's part of two full years.",
        "No lock-in, displacement or other cost is counted, and each effect was measured on people of its own study,"
        " not on this group: a real effect is smaller.",
        "Evidence (whom it was tried on: jobcenter levers NAME)",
        *(f"  {one.name}: {one.evidence}" for one in found.kinds),
    ]
    return out


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("breakeven", help=HELP)(breakeven)
