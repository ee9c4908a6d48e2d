"""`jobcenter evidence`: where a number of the model comes from, how sure it is, and where it enters."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.screen import columns
from sim.scenario import Scenario, load

if TYPE_CHECKING:
    from calibration.evidence import Parameter

HELP = """Where a number of the model comes from: value, range, unit, status, the evidence rows behind it, the published
experiments that informed it, the file it is written in and the place in the code where it enters.

Without PARAM a table of all behavioural numbers and effects with counts by status. PARAM may be a group (trust) or the
last part of a name (posting_response). With --posterior also what calibration made of the range.

Example: jobcenter evidence effects.meetings_jobready.contrast
"""
Quantiles = tuple[float, float, float]


def _range(one: "Parameter") -> str:
    return "" if one.low is None or one.high is None else f"{one.low:g} to {one.high:g}"


def _value(one: "Parameter") -> str:
    return f"{one.value:g}" if isinstance(one.value, float | int) else str(one.value)


def _told(one: "Parameter", scenario: Scenario, after: Quantiles | None) -> dict[str, Any]:
    from calibration.evidence import enters, informing, rows, written_in

    return {
        **one.plain(),
        "at_end_of_range": one.end or None,
        "file": written_in(one, scenario),
        "evidence_rows": rows(one),
        "enters": enters(one.name),
        "experiments": [{"name": name, "title": title} for name, title in informing(one.name)],
        "posterior": None if after is None else {"low": after[0], "median": after[1], "high": after[2]},
    }


def _print_one(told: dict[str, Any], one: "Parameter") -> None:
    print(f"{one.name} = {_value(one)} {one.unit}")
    print(f"  {one.meaning}" if one.meaning else "", end="\n" if one.meaning else "")
    if _range(one):
        end = f"; the value is at the {one.end} end of its range" if one.end else ""
        print(f"  range    {_range(one)}" + (f", {one.distribution}" if one.distribution else "") + end)
    print(f"  status   {one.status or 'not said'}" + (f" (source: {one.source})" if one.source else ""))
    for name, text in one.more.items():
        print(f"  {name:<8} {text}")
    print(f"  written  {told['file'] or 'not in a file of its own'}")
    print(f"  enters   {'; '.join(told['enters'][:4]) or 'no use of the name found in sim'}")
    for experiment in told["experiments"]:
        print(f"  replayed {experiment['name']}: {experiment['title']}")
    after = told["posterior"]
    if after is not None:
        print(
            f"  prior    {_range(one)} -> posterior {after['low']:.4g} to {after['high']:.4g} (90 %),"
            f" median {after['median']:.4g}"
        )
    if not one.evidence:
        print("  evidence none: the number rests on its status and source alone")
    for row in told["evidence_rows"]:
        spread = f" ({row['ci_low']} to {row['ci_high']})" if row["ci_low"] else ""
        print(
            f"  {row['id']}    {row['intervention']}: {row['outcome']} {row['effect']}{spread} {row['effect_unit']}"
        )
        print(
            f"           {row['population']}, {row['country']}; {row['design']}; quality {row['quality']};"
            f" {row['source']}"
        )
        if row["note"]:
            print(f"           {row['note']}")
    print("")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""

    @app.command("evidence", help=HELP)
    def evidence(
        name: Annotated[
            str | None, typer.Argument(metavar="[PARAM]", help="A parameter or a group of them.")
        ] = None,
        scenario: Annotated[str, typer.Option(help="The scenario whose numbers are meant.")] = "baseline",
        posterior: Annotated[
            str | None, typer.Option(metavar="FILE", help="Draws of a calibration, Parquet or CSV.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        from calibration.evidence import by_status, find, parameters
        from calibration.evidence import posterior as read_posterior

        resolved = load(scenario)
        known = parameters(resolved)
        after = read_posterior(posterior, known) if posterior is not None else {}
        if name is not None:
            chosen = find(name, known)
            told = [_told(one, resolved, after.get(one.name)) for one in chosen]
            if as_json:
                print(json.dumps(told, indent=2, ensure_ascii=False))
            else:
                for text, one in zip(told, chosen, strict=True):
                    _print_one(text, one)
            return
        behaviour = [one for one in known.values() if not one.name.startswith(("municipality.", "law."))]
        counted = by_status(behaviour)
        if as_json:
            rows = [{**one.plain(), "posterior": after.get(one.name)} for one in behaviour]
            print(json.dumps({"counts": dict(counted), "parameters": rows}, indent=2, ensure_ascii=False))
            return
        table: list[tuple[str, ...]] = [
            (
                "parameter",
                "value",
                "range",
                "unit",
                "status",
                "evidence",
                "posterior (90 %)"[: 99 if after else 0],
            )
        ]
        for one in behaviour:
            found = after.get(one.name)
            drawn = f"{found[0]:.4g} to {found[2]:.4g}" if found else ""
            table.append(
                (one.name, _value(one), _range(one), one.unit, one.status, " ".join(one.evidence), drawn)
            )
        print("\n".join(columns(table, left=7)))
        others = len(known) - len(behaviour)
        told_counts = ", ".join(f"{n} {status}" for status, n in counted.most_common())
        print(
            f"\n{len(behaviour)} numbers: {told_counts}. {sum(bool(one.evidence) for one in behaviour)} name evidence."
        )
        print(
            f"{others} numbers of municipality and law say their source too: jobcenter evidence municipality"
        )
