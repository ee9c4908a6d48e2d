"""`jobcenter explain`: one simulated citizen week by week, under one or two policies with the same luck."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from jobcenter.screen import columns, heading, progress
from sim.calendar import iso
from sim.codes import BENEFITS
from sim.errors import UserError
from sim.scenario import Scenario, load
from sim.scenario.models import MAX_WEEKS

if TYPE_CHECKING:
    from experiments.explain import Parting, Week

HELP = """One simulated citizen's timeline: benefits, caseworkers and why they changed, meetings, applications,
measures, the refusion step and who paid; with --against also where the two lives part.

--find suggests citizens: changed caseworker (once, twice, three times, N times), sick, on BENEFIT, on cash benefit,
found a job, had a placement, had a wage subsidy, long-term; several separated by commas must all hold.

Example: jobcenter explain baseline --citizen 1234 --against early_intervention --weeks 104
"""
SHOWN: Final = 10  # citizens suggested
FEWEST: Final = 30  # smaller groups are not counted out
STATUS_WORDS: Final = {
    "job": "ordinary work",
    "outside": "outside: no job, no education, no benefit",
    "subsidised_job": "job with wage subsidy",
    "on_leave": "on leave",
    "absent": "has not arrived yet",
    "gone": "gone: moved, dead or past pension age",
}


def _kroner(oere: int) -> str:
    from sim.money.amounts import whole_kr

    return f"{whole_kr(oere)} kr."


def _weeks(weeks: Sequence["Week"]) -> str:
    """Weeks of events in one line, at most eight named."""
    named = ", ".join(iso(week.week) for week in weeks[:8])
    return named + (f" and {len(weeks) - 8} more" if len(weeks) > 8 else "")


def timeline(weeks: Sequence["Week"]) -> Iterator[str]:
    """The lines of one life, spell by spell."""
    from experiments.explain import spells

    before: Week | None = None
    for spell in spells(weeks):
        first, last = spell[0], spell[-1]
        n = len(spell)
        yield (
            f"{iso(first.week)} to {iso(last.week)}  {STATUS_WORDS.get(first.status, first.status)}"
            f" ({n} week{'s' if n > 1 else ''})"
        )
        for line in (*_events(spell, before), *_sums(spell)):
            yield f"    {line}"
        before = last


def _events(spell: Sequence["Week"], before: "Week | None") -> Iterator[str]:
    for week in spell:
        when = iso(week.week)
        old = before.caseworker if before else week.caseworker
        if week.arm != "outside" and (before is None or before.arm != week.arm):
            yield f"{when}  enrolled in the trial: {week.arm}"
        if before is None and week.caseworker and not week.change:
            yield f"{when}  has caseworker {week.caseworker}"
        if week.change == "first_assignment":
            yield f"{when}  gets caseworker {week.caseworker}"
        elif week.change:
            since = f" from {old}" if old else ""
            yield f"{when}  caseworker changes{since} to {week.caseworker}: {_words(week.change)}"
        if week.measure and (before is None or before.measure != week.measure):
            yield f"{when}  {_words(week.measure)} {'begins' if before else 'is running'}"
        if before is not None and before.measure and before.measure != week.measure:
            yield f"{when}  {_words(before.measure)} has ended"
        if before is not None and week.mentor != before.mentor:
            yield f"{when}  mentor {'begins' if week.mentor else 'has ended'}"
        if week.found_job:
            yield f"{when}  a company hires; the job begins next Monday"
        before = week


def _sums(spell: Sequence["Week"]) -> Iterator[str]:
    for kind in ("caseworker", "a-kasse", "due, not held"):
        held = [week for week in spell if week.meeting == kind]
        if held:
            words = "meetings due, not held" if kind == "due, not held" else f"meetings with the {kind}"
            yield f"{words}: {len(held)} ({_weeks(held)})"
    asked = sum(week.companies_asked for week in spell)
    if asked:
        sent = sum(week.applications for week in spell)
        yield f"asked {asked} companies, {sent} had an open post and got an application"
    steps = dict.fromkeys(week.refusion for week in spell if week.refusion)
    if steps:
        state, municipality = (
            sum(getattr(week, f"{who}_oere") for week in spell) for who in ("state", "municipality")
        )
        paid = f"paid by the state {_kroner(state)}, by the municipality {_kroner(municipality)}"
        yield f"refusion step (weeks on the clock): {', then '.join(steps)}; {paid}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _side_by_side(lives: dict[str, Sequence["Week"]]) -> Iterator[str]:
    table: list[tuple[str, ...]] = [("Over the whole horizon", *lives)]
    counted: tuple[tuple[str, Any], ...] = (
        ("weeks on a benefit", lambda w: w.status in BENEFITS),
        ("weeks in ordinary work", lambda w: w.status == "job"),
        ("meetings with a caseworker", lambda w: w.meeting == "caseworker"),
        ("caseworker changes", lambda w: w.change not in ("", "first_assignment")),
        ("applications", lambda w: w.applications),
    )
    for label, value in counted:
        table.append(
            (f"  {label}", *(str(sum(int(value(week)) for week in life)) for life in lives.values()))
        )
    for who in ("state", "municipality"):
        paid = (_kroner(sum(getattr(week, f"{who}_oere") for week in life)) for life in lives.values())
        table.append((f"  paid by the {who}", *paid))
    yield from columns(table)


def _parting_lines(found: "Parting | None", names: Sequence[str]) -> Iterator[str]:
    if found is None:
        yield "The two lives never part within the horizon: the difference between the policies does not reach them."
        return
    yield f"The two lives part in {iso(found.week)}:"
    yield from columns([("", *names), *((f"  {what}", a, b) for what, a, b in found.what)])


def _find(scenario: Scenario, seed: int, text: str, as_json: bool) -> None:
    from experiments.calibrated import watermark
    from experiments.explain import CAVEAT
    from experiments.explain_find import find

    found = find(scenario, seed, text)
    ids = [int(one) for one in found.ids[:SHOWN]]
    if as_json:
        print(
            json.dumps(
                {
                    "watermark": watermark(scenario),
                    "caveat": CAVEAT,
                    "find": text,
                    "seed": seed,
                    "citizens": ids,
                },
                indent=2,
            )
        )
        return
    if line := watermark(scenario):
        print(line)
    print(f"{heading(scenario, scenario.weeks)}, seed {seed}")
    if not ids:
        print(f'Nobody fits "{text}". Alone:')
        for word, n in found.alone.items():
            print(f"  {word}: {_count(n)}")
        return
    print(f'"{text}": {_count(len(found.ids))}; for instance {", ".join(map(str, ids))}')
    print(
        f"\nNext: jobcenter explain {scenario.name} --citizen {ids[0]} (with the same --seed, --weeks and --set)"
    )


def _count(n: int) -> str:
    return f"{n:,} citizens" if n >= FEWEST else "nobody" if n == 0 else f"fewer than {FEWEST} citizens"


def explain(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name, a path, or NAME@BASE.")],
    citizen: Annotated[
        int | None, typer.Option(metavar="ID", help="Number of the simulated citizen.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="OTHER", help="A second scenario, lived with the same luck.")
    ] = None,
    find: Annotated[
        str | None, typer.Option(metavar="WORDS", help='Suggest citizens: "changed caseworker twice, sick".')
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Number of the world's luck.")] = 1,
    weeks: Annotated[
        int | None, typer.Option(min=1, max=MAX_WEEKS, help="Horizon; default: the scenario's.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value in both; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One simulated citizen's timeline."""
    if (citizen is None) == (find is None):
        raise UserError('give either --citizen ID, or --find "sick" to be told some')
    scenarios = [load(name, overrides=overrides or []) for name in (scenario, against) if name is not None]
    scenarios = scenarios if weeks is None else [one.for_weeks(weeks) for one in scenarios]
    if find is not None:
        if against is not None:
            raise UserError("--find looks in one scenario; leave --against out and give it with --citizen")
        _find(scenarios[0], seed, find, as_json)
        return
    assert citizen is not None
    if citizen < 0:
        raise UserError(f'--citizen {citizen}: numbers count from 0; --find "sick" tells some')
    if len(scenarios) > 1:
        _check_same_past(*scenarios)

    from experiments.explain import live, parting

    lives = {}
    with progress("Lives", len(scenarios)) as step:
        for number, one in enumerate(scenarios):
            name = one.name if one.name not in lives else f"{one.name} (2)"
            lives[name] = live(one, citizen, seed)
            step(number + 1)
    found = parting(*lives.values()) if len(lives) > 1 else None
    if as_json:
        print(json.dumps(_as_json(scenarios, citizen, seed, lives, found), indent=2, ensure_ascii=False))
    else:
        _print(scenarios, citizen, seed, lives, found)


def _check_same_past(one: Scenario, other: Scenario) -> None:
    from experiments.run import pasts

    if len(set(pasts([one, other]))) > 1:
        raise UserError(
            f"{one.name} and {other.name} do not begin in the same world (start, municipality, law or behaviour"
            " differ), so a number stands for two different people; lay one on the other's base: NAME@BASE"
        )


def _print(
    scenarios: Sequence[Scenario],
    citizen: int,
    seed: int,
    lives: dict[str, list["Week"]],
    found: "Parting | None",
) -> None:
    from experiments.calibrated import watermark
    from experiments.explain import CAVEAT

    if line := watermark(*scenarios):
        print(line)
    print(f"Citizen {citizen}, seed {seed}. {CAVEAT}")
    print("Caseworkers are named seat.person: 12.0 is the first person in seat 12, 12.1 the successor.")
    for one, (name, life) in zip(scenarios, lives.items(), strict=True):
        print(f"\n== {name} == {heading(one, one.weeks)}")
        print("\n".join(timeline(life)))
    if len(lives) > 1:
        print("\n" + "\n".join(_parting_lines(found, list(lives))))
        print("\n" + "\n".join(_side_by_side(dict(lives))))


def _as_json(
    scenarios: Sequence[Scenario],
    citizen: int,
    seed: int,
    lives: dict[str, list["Week"]],
    found: "Parting | None",
) -> dict[str, Any]:
    from dataclasses import asdict

    from experiments.calibrated import watermark
    from experiments.explain import CAVEAT

    return {
        "watermark": watermark(*scenarios),
        "caveat": CAVEAT,
        "citizen": citizen,
        "seed": seed,
        "price_level": scenarios[0].prices.level_year,
        "lives": {
            name: [{**asdict(week), "iso_week": iso(week.week)} for week in life]
            for name, life in lives.items()
        },
        "part": None
        if found is None
        else {
            "week": iso(found.week),
            "in": [dict(zip(("what", *lives), row, strict=True)) for row in found.what],
        },
    }


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("explain", help=HELP)(explain)
