"""After the figures: winners and losers by group, what is not in the headline, structures, parameters with sources."""

from typing import TYPE_CHECKING

from experiments.experiment_file import PLAIN
from experiments.provenance import unverified_rules
from experiments.stored import NET
from jobcenter.commands.diff import ABSENT, differences
from jobcenter.planner.blocks import Block, Bullets, Heading, Table, Text
from jobcenter.planner.chances import starred
from jobcenter.planner.words import UNKNOWN
from sim import codes
from sim.records.outcomes import Key
from sim.scenario.programme_kinds import origins

if TYPE_CHECKING:
    from jobcenter.planner.paper import Page

FEWEST_PERSONS = 30  # smaller groups are not shown (economics rule 23)
MIO = 1e6


def appendix(page: "Page") -> list[Block]:
    """Blocks after the figures."""
    say = page.say
    out: list[Block] = [groups(page), Text(say("groups.never"), "small"), beside(page)]
    if structures := _structures(page):
        out.append(structures)
    out += [
        Heading(say("appendix.title")),
        parameters(page),
        Text(say("appendix.sources"), "small"),
    ]
    rules = sorted(unverified_rules(page.stored.base))
    out.append(Text(say("appendix.rules", n=len(rules), rules=", ".join(rules)), "small"))
    out += [Heading(say("read.title")), Bullets(tuple(say(f"read.{k}") for k in range(1, 7)))]
    return out


def groups(page: "Page") -> Table:
    """Means by group: who is on which benefit, who is hired, who pays. Groups under 30 persons are left out."""
    say, stored = page.say, page.stored
    per_year = 1.0 / stored.horizon_years
    rows: list[tuple[str, ...]] = []

    def add(label: str, key: Key, scale: float, decimals: int = 0, level: bool = True) -> None:
        cells = []
        for name in page.strategies:
            cells.append(starred(say, stored.effect(name, key, scale=scale), decimals))
        rows.append((label, say.number(stored.level(key) * scale, decimals) if level else UNKNOWN, *cells))

    for benefit in codes.BENEFITS:
        key = Key("full_time_persons", benefit, "all")
        if stored.level(key) >= FEWEST_PERSONS:
            add(say("groups.on", benefit=say.name("benefit", benefit)), key, 1.0, 1)
    add(say("groups.job"), Key("full_time_persons", "job", "all"), 1.0, 1)
    for who in codes.APPLICANTS:
        add(say(f"groups.hired.{who}"), Key("hires", who, "all"), per_year)
    add(say("groups.queue"), Key("queue_persons", "all", "all"), 1.0)
    add(say("groups.resigned"), Key("resignations", "all", "all"), per_year, 1)
    add(say("groups.municipality"), NET, per_year / MIO, 1)
    add(say("groups.state"), Key("net_state_cost", "all", "all"), per_year / MIO, 1)
    head = (say("groups.head"), say("nothing"), *map(page.title_of, page.strategies))
    return Table("groups", say("groups.title"), head, tuple(rows), note=say("goals.note"))


def beside(page: "Page") -> Table:
    """The lines that never enter the headline."""
    say = page.say
    names = page.strategies
    by_name = {name: {line.name: line for line in page.lines(name)} for name in names}
    rows = []
    for key in by_name[names[0]] if names else ():
        cells = []
        for name in names:
            line = by_name[name][key]
            value = say.signed(line.value / MIO, 1)
            if line.low != line.high:
                value = f"{value} ({say.span((line.low / MIO, line.high / MIO), 1)})"
            cells.append(value)
        rows.append((say(f"line.{key}"), *cells))
    head = (say("beside.head"), *map(page.title_of, names))
    return Table("beside", say("beside.title"), head, tuple(rows), note=say("beside.note"))


def _structures(page: "Page") -> Table | None:
    """The headline under each other structure, listed, never averaged."""
    say, stored = page.say, page.stored
    worlds = [v for v in stored.experiment.worlds if stored.pairs[v]]
    if len(worlds) < 2:
        return None
    scale = 1.0 / stored.horizon_years / 1e3
    rows = []
    for variant in worlds:
        cells = []
        for name in page.strategies:
            effect = stored.effect(name, NET, variant, scale)
            cells.append(f"{say.signed(effect.mean)} ({say.span(effect.knowledge_80)})")
        rows.append((say("structure.plain") if variant == PLAIN else say.name("variant", variant), *cells))
    head = (say("structure.head"), *map(page.title_of, page.strategies))
    return Table("structure", say("structure.title"), head, tuple(rows), note=say("structure.note"))


def parameters(page: "Page") -> Table:
    """Every value in which an option differs from doing nothing, with its source."""
    say, base = page.say, page.stored.base
    rows: list[tuple[str, ...]] = []
    for name in page.stored.names:
        scenario = page.scenario[name]
        for path, left, right in differences(base, scenario):
            if left == ABSENT and right in (None, 0, 0.0):
                continue  # a part of the lever that is not used
            found = scenario.provenance.get(path) or base.provenance.get(path)
            known = _field_source(scenario, path) or (found.source if found else "")
            own = "appendix.assumption" if path.split(".")[-1].startswith("assumed_") else "appendix.decision"
            source = known or say(own)
            said = "" if rows and rows[-1][0] == name else page.title_of(name)
            rows.append((name, said, path, *(_text(page, path, value) for value in (left, right)), source))
    head = tuple(say(f"appendix.{k}") for k in ("option", "parameter", "base", "value", "source"))
    shown = tuple(row[1:] for row in rows)  # an option is named once, not in every row
    return Table("parameters", say("appendix.table"), head, shown, left=2, words_last=True)


def _field_source(scenario: object, path: str) -> str:
    """Source written at a lever's field, or of a number that a programme has from its kind."""
    parts = path.split(".")
    if parts[:2] == ["levers", "programme"] and len(parts) == 4:
        one = getattr(scenario.levers["programme"], parts[2])  # type: ignore[attr-defined]
        origin = origins().get(f"{one.kind}.{parts[3]}")
        from_kind = origin is not None and getattr(one, parts[3]) == getattr(one.known, parts[3])
        return origin.source if origin is not None and from_kind else ""
    if len(parts) < 3 or parts[0] != "levers":
        return ""
    lever = scenario.levers.get(parts[1])  # type: ignore[attr-defined]
    field = type(lever).model_fields.get(parts[2]) if lever is not None else None
    extra = field.json_schema_extra if field is not None else None
    return str(extra.get("source", "")) if isinstance(extra, dict) else ""


def _text(page: "Page", path: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return UNKNOWN if value == ABSENT else str(value)
    if path.endswith("_year") and not path.endswith("per_year"):  # 2027, not 2.027
        return f"{value:g}"
    return page.say.number(value, 0 if float(value).is_integer() else 2)
