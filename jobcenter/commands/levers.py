"""`jobcenter levers`: what a jobcentre can decide: mechanism, dose, cost, class, evidence, weak points, break-even."""

import json
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.screen import columns
from sim.errors import UserError
from sim.scenario import Scenario, load
from sim.scenario.locate import known
from sim.scenario.yaml_tree import nearest

if TYPE_CHECKING:
    from sim.policies.registry import Lever

HELP = """What a jobcentre can decide: every lever, or one with parameters, evidence, weak points and ready scenarios.

For levers without evidence (class B) it says how large the effect must be to pay back. Nothing is simulated.

Example: jobcenter levers programme
"""
CLASSES = {
    "A": "effect with evidence: acts by default",
    "B": "direction or judgement only: real cost, no measured effect; acts through hours and meetings, or as typed",
    "C": "process or accounting only: hours and money; what follows from hours follows",
}
WIDTH = 118


def with_levers() -> list[Scenario]:
    """Scenarios that pull a lever, packaged and in ./scenarios."""
    found = []
    for each in known():
        try:
            scenario = load(each)
        except UserError:
            continue  # `jobcenter check` says what is wrong with it
        if scenario.levers:
            found.append(scenario)
    return found


def ready(name: str) -> list[Scenario]:
    """Scenarios that use the lever and no other."""
    return [scenario for scenario in with_levers() if list(scenario.levers) == [name]]


def parameters(lever: "type[Lever]") -> list[dict[str, Any]]:
    """Every number of a lever: name, unit, default, meaning, source."""
    schema = lever.model_json_schema(by_alias=True)
    own = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):  # entries under names of the scenario's own
        table = schema["$defs"][extra["$ref"].rsplit("/", 1)[-1]]["properties"]
        own = {**own, **{f"NAME.{key}": value for key, value in table.items()}}
    for name, row in list(own.items()):  # a table of its own, which may be left out
        for option in row.get("anyOf", ()):
            if "$ref" in option:
                inner = schema["$defs"][option["$ref"].rsplit("/", 1)[-1]]["properties"]
                own |= {f"{name}.{key}": value for key, value in inner.items()}
    return [
        {
            "name": key,
            "unit": row.get("unit", ""),
            "default": _default(key, row),
            "meaning": row.get("description", ""),
            "source": row.get("source", ""),
        }
        for key, row in own.items()
    ]


def _default(key: str, row: dict[str, Any]) -> Any:
    from sim.scenario.programme_kinds import Kind

    if key == "from":
        return "start"
    of_kind = key.startswith("NAME.") and key.removeprefix("NAME.") in Kind.model_fields
    return "its kind's" if of_kind else row.get("default")


def scenario_row(scenario: Scenario) -> dict[str, Any]:
    """A ready scenario with its dose, cost, class and break-even."""
    from experiments.break_even import break_even

    (lever,) = scenario.levers.values()
    try:
        dose = lever.dose(scenario)
        said = f"{dose.now:g} {dose.unit} ({dose.parameter})"
    except NotImplementedError:
        said = "no dose for an equal budget"
    found = break_even(scenario)
    return {
        "scenario": scenario.name,
        "question": scenario.question,
        "kind": scenario.kind,
        "evidence_class": scenario.evidence_class,
        "assumptions": scenario.assumptions,
        "dose": said,
        **found._asdict(),
    }


def describe(name: str) -> dict[str, Any]:
    """Everything about one lever. Raises UserError for an unknown name."""
    from sim.policies.registry import levers

    all_levers = levers()
    if name not in all_levers:
        raise UserError(f"no lever is called '{name}'{nearest(name, tuple(all_levers))}")
    lever = all_levers[name]
    out: dict[str, Any] = {
        "name": name,
        "mechanism": " ".join((lever.__doc__ or "").split()),
        "changes": lever.channels,
        "by_lot": lever.per_person,
        "evidence": _evidence(lever.evidence),
        "weak_points": lever.weak_points,
        "parameters": parameters(lever),
        "scenarios": [scenario_row(scenario) for scenario in ready(name)],
    }
    if name == "programme":
        from sim.scenario.programme_kinds import kinds

        out["kinds"] = [{"name": key, **kind.model_dump()} for key, kind in kinds().items()]
    return out


def _evidence(ids: tuple[str, ...]) -> list[dict[str, str]]:
    import csv

    from jobcenter.data import facts

    with facts("evidence.csv").open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    wanted = ("id", "intervention", "population", "design", "outcome", "effect", "effect_unit", "source")
    return [{key: rows[name][key] for key in wanted} for name in ids]


def _wrapped(text: str, indent: str = "  ") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def _number(value: float, digits: int = 0) -> str:
    return "-" if value != value else f"{value:,.{digits}f}"


def scenario_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Ready scenarios: what they cost and the effect that would pay for it."""
    from experiments.break_even import BEST

    table = [
        ("Ready scenario", "class", "dose", "mio. kr. a year", "reached a year", "effect that pays back")
    ]
    for row in rows:
        need = row["effect_needed"]
        nothing_to_ask = need != need or not row["kr_year"] or row["evidence_class"] == "C"
        pays = "-" if nothing_to_ask else "under +1 %" if need < 0.01 else f"+{100 * need:,.0f} %"
        cost = f"{row['kr_year'] / 1e6:,.2f}"
        if row["one_off_kr"]:
            cost += f" and {row['one_off_kr'] / 1e6:,.2f} once"
        table.append((row["scenario"], row["evidence_class"] or "-", row["dose"], cost,
                      _number(row["persons_reached"]), pays))  # fmt: skip
    yield from columns(table, left=3)
    yield ""
    yield _wrapped(
        "Effect that pays back: how much larger the chance of work within a year must be among those reached, each"
        " further job worth the municipality's part of two full years at the 20 % step; no lock-in, displacement or"
        " hours counted. The largest effect a trial has found for any lever:"
        f" +{100 * BEST.effect:.0f} % ({BEST.evidence}).",
        "",
    )


def _show(found: dict[str, Any]) -> None:
    print(f"{found['name']}: {found['changes']}\n")
    print(_wrapped(found["mechanism"]))
    print(f"\nGiven by lot in a trial: {'yes' if found['by_lot'] else 'no, it acts on a whole office'}")
    print("\nEvidence")
    for row in found["evidence"]:
        print(_wrapped(f"{row['id']} {row['intervention']}, {row['population']} ({row['design']}): {row['outcome']} "
                       f"{row['effect']} {row['effect_unit']}. {row['source']}"))  # fmt: skip
    if not found["evidence"]:
        print("  none read")
    print(f"\nWeak points\n{_wrapped(found['weak_points'])}\n")
    rows = [("Parameter", "unit", "default", "")]
    for row in found["parameters"]:
        default = "" if row["default"] in (None, (), {}, []) else str(row["default"])
        source = f" [{row['source']}]" if row["source"] else ""
        short = f"{row['meaning']}{source}"
        rows.append((row["name"], row["unit"], default if len(default) < 20 else "all", short))
    for line in columns(rows, left=4):
        print(line.rstrip())
    if "kinds" in found:
        print("\nKinds of programme (scenarios/programmes/kinds.yaml)")
        table = [("kind", "class", "kr. a place", "weeks", "minutes", "lock-in", "while it runs", "evidence")]
        for kind in found["kinds"]:
            helps = "-" if kind["running_factor"] == 1 else f"x {kind['running_factor']:g}"
            table.append((kind["name"], kind["evidence_class"], _number(kind["price_kr"]), str(kind["weeks"]),
                          _number(kind["caseworker_minutes_per_week"]), f"x {kind['lock_in_factor']:g}", helps,
                          ", ".join(kind["evidence"]) or "judgement"))  # fmt: skip
        print("\n".join(columns(table, left=2)))
        print(
            _wrapped(
                "While it runs: only where a trial has measured the kind. Weak points of each kind: --json.",
                "",
            )
        )
    print()
    print("\n".join(scenario_lines(found["scenarios"])) if found["scenarios"] else "No ready scenario.")


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(help=HELP)
    def levers(
        name: Annotated[
            str | None,
            typer.Argument(metavar="[NAME]", show_default=False, help="A lever; without it all of them."),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        from sim.policies.registry import levers as all_levers

        if name is not None:
            found = describe(name)
            if as_json:
                print(json.dumps(found, indent=2, default=str))
            else:
                _show(found)
            return
        found_all = with_levers()
        rows: list[dict[str, Any]] = [
            {"name": key, "changes": lever.channels, "evidence": list(lever.evidence), "weak_points": lever.weak_points,
             "scenarios": [
                 {"name": scenario.name, "evidence_class": scenario.evidence_class}
                 for scenario in found_all if list(scenario.levers) == [key]
             ]}
            for key, lever in all_levers().items()
        ]  # fmt: skip
        if as_json:
            print(json.dumps(rows, indent=2))
            return
        print(
            "What can a jobcentre decide? Levers, with what they change and the scenarios that are ready.\n"
        )
        for row in rows:
            classes = (
                ", ".join(f"{one['name']} {one['evidence_class']}" for one in row["scenarios"]) or "none"
            )
            print(f"{row['name']}\n{_wrapped(row['changes'])}\n{_wrapped('Ready: ' + classes)}")
        several = [each for each in found_all if len(each.levers) > 1]
        if several:
            words = ", ".join(f"{each.name} ({', '.join(each.levers)})" for each in several)
            print(f"several together\n{_wrapped('Ready: ' + words)}")
        print()
        for letter, words in CLASSES.items():
            print(f"{letter}  {words}")
        print("\nOne lever in full: jobcenter levers NAME")
