"""Reads a refusion rule set from its YAML file and says, with file and line, what is wrong with it.

A file holds `rules` (full form: benefits, activities, steps) or `ladder` (short form: one list of steps), may
take another set as its start with `extends` and another for the weeks before its own dates with `earlier`,
and may name `parameters` for shares that could not be read.
docs/refusion.md explains it.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any, Final

from sim.calendar import first_week_from, week_of
from sim.codes import ACTIVITIES, BENEFITS
from sim.errors import Problem, UserError
from sim.law.rule_form import LAST_WEEK, NEVER, Parameter, Row, RuleFile, Step
from sim.law.switches import SwitchValue, check_switch
from sim.law.yaml_lines import Table, load_tables
from sim.money.amounts import share_bp

MARKS: Final = ("read", "inferred", "low_confidence", "not_found", "own_rule")
COUNTERS: Final = ("clock", "spell")
PERCENT: Final = re.compile(r"\d+(\.\d+)? ?%")

_TOP = {
    "schema", "name", "meaning", "extends", "earlier", "applies_from", "reset_after_weeks", "counter", "switches",
    "sources", "parameters", "benefits", "activities", "ladder", "rules", "operating",
}  # fmt: skip
_ORIGIN = {"mark", "source", "paragraph", "note"}
_GROUP = {
    "benefits",
    "activities",
    "counter",
    "applies_from",
    "steps",
    "state_share",
    "plus",
    "label",
} | _ORIGIN
_STEP = {"from_week", "to_week", "state_share", "plus", "label"} | _ORIGIN
_PARAMETER = {"value", "low", "high", "unit", "meaning"} | _ORIGIN


def _label(first: int, last: int | None) -> str:
    if last is None:
        return "all weeks" if first == 1 else f"{first}+"
    return str(first) if first == last else f"{first}-{last}"


class _Reader:
    """Reads one file; keeps the path, the sources and the parameters while it does."""

    def __init__(self, path: Path, base: RuleFile | None):
        self.path = path
        self.sources: dict[str, str] = {}
        self.parameters: dict[str, Parameter] = dict(base.parameters) if base else {}

    def fail(self, line: int, what: str) -> UserError:
        return UserError([Problem(str(self.path), line, None, what)])

    def table(self, value: Any, line: int, what: str, allowed: set[str]) -> Table:
        if not isinstance(value, Table):
            raise self.fail(line, f"{what} must be a table of keys, found {value!r}")
        for key in value:
            if key not in allowed:
                close = get_close_matches(str(key), allowed, 1)
                hint = f"; did you mean '{close[0]}'?" if close else "."
                raise self.fail(
                    value.at(key),
                    f"unknown key '{key}' in {what}{hint} Allowed: {', '.join(sorted(allowed))}",
                )
        return value

    def rows(self, value: Any, line: int, what: str) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise self.fail(line, f"{what} must be a list with at least one entry, found {value!r}")
        return value

    def codes(self, group: Table, key: str, names: tuple[str, ...], word: str) -> list[int] | None:
        """Codes named under `key`; None when the key is absent or says `word` (all, any)."""
        value = group.get(key, word)
        if value == word:
            return None
        out = []
        for name in self.rows(value, group.at(key), f"'{key}'"):
            if name not in names:
                close = get_close_matches(str(name), names, 1)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                raise self.fail(group.at(key), f"'{name}' is not one of {', '.join(names)}{hint}")
            out.append(names.index(name))
        return out

    def week(self, table: Table, default: int) -> int:
        value = table.get("applies_from")
        if value is None:
            return default
        try:
            return first_week_from(value) if isinstance(value, date) else week_of(str(value))
        except ValueError as wrong:
            raise self.fail(table.at("applies_from"), f"applies_from: {wrong}") from None

    def counter(self, table: Table, default: str) -> str:
        value = table.get("counter", default)
        if value not in COUNTERS:
            raise self.fail(
                table.at("counter"), f"counter must be one of {', '.join(COUNTERS)}, found {value!r}"
            )
        return str(value)

    def number(self, value: Any, line: int, what: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fail(line, f"{what} must be a whole number from {low} to {high}, found {value!r}")
        return value

    def share(self, value: Any, line: int, what: str) -> int:
        if isinstance(value, str) and PERCENT.fullmatch(value):
            value = float(Decimal(value.rstrip(" %")) / 100)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(
                line, f"{what} must be a share from 0 to 1 or the name of a parameter, found {value!r}"
            )
        try:
            return share_bp(value)
        except ValueError as wrong:
            raise self.fail(line, f"{what}: {wrong}") from None

    def parameter_name(self, name: Any, line: int, what: str) -> str:
        if name not in self.parameters:
            close = get_close_matches(str(name), self.parameters, 1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise self.fail(
                line,
                f"{what} must be a share from 0 to 1 or a parameter of the file, found {name!r}{hint}",
            )
        return str(name)

    def origin(self, table: Table, group: Table, named: Parameter | None) -> dict[str, str]:
        """Where a step's number comes from: the step, else the parameter it names, else its group."""
        out: dict[str, str] = {}
        for key in ("mark", "source", "paragraph", "note"):
            value = table.get(key)
            if value is None and named is not None and key in ("mark", "source"):
                out[key] = getattr(named, key)
                continue
            if value is None:
                value = group.get(key, "own_rule" if key == "mark" else "")
            out[key] = self.source(value, table.at(key)) if key == "source" else " ".join(str(value).split())
        if out["mark"] not in MARKS:
            raise self.fail(
                table.at("mark"), f"mark must be one of {', '.join(MARKS)}, found {out['mark']!r}"
            )
        return out

    def source(self, value: Any, line: int) -> str:
        text = str(value)
        if text and "://" not in text and " " not in text:
            if text not in self.sources:
                raise self.fail(line, f"source '{text}' is neither an address nor a key of 'sources'")
            return self.sources[text]
        return text

    def step(self, table: Table, group: Table) -> Step:
        first = self.number(table.get("from_week", 1), table.at("from_week"), "from_week", 1, LAST_WEEK)
        last = table.get("to_week")
        if last is not None:
            last = self.number(last, table.at("to_week"), "to_week", first, LAST_WEEK - 1)
        if "state_share" not in table:
            raise self.fail(table.line, "a step needs state_share (0 to 1, or the name of a parameter)")
        value = table["state_share"]
        named = None
        share: int | str
        if isinstance(value, str) and not PERCENT.fullmatch(value):
            share = self.parameter_name(value, table.at("state_share"), "state_share")
            named = self.parameters[share]
        else:
            share = self.share(value, table.at("state_share"), "state_share")
        plus = table.get("plus")
        if plus is not None:
            plus = self.parameter_name(plus, table.at("plus"), "plus")
        where = f"{self.path}:{table.at('state_share')}"
        label = str(table.get("label", group.get("label", _label(first, last))))
        return Step(first, last, share, plus, label, where=where, **self.origin(table, group, named))

    def steps(self, group: Table) -> tuple[Step, ...]:
        """A group's steps, which must cover the weeks from 1 on without hole or overlap."""
        if ("steps" in group) == ("state_share" in group):
            raise self.fail(group.line, "give either steps or one state_share for all weeks")
        if "state_share" in group:
            return (self.step(group, group),)
        return self.covering(group["steps"], group, "steps")

    def covering(self, value: Any, group: Table, key: str) -> tuple[Step, ...]:
        out: list[Step] = []
        due: int | None = 1
        for item in self.rows(value, group.at(key), f"'{key}'"):
            step = self.step(self.table(item, group.at(key), "a step", _STEP), group)
            if due is None:
                raise UserError(
                    f"{out[-1].where}: another step follows this one; give it to_week: {step.from_week - 1}"
                    if step.from_week > out[-1].from_week
                    else f"{step.where}: the step starts at week {step.from_week}; steps stand in the order of weeks"
                )
            if step.from_week != due:
                raise UserError(f"{step.where}: the step starts at week {step.from_week}; week {due} is next")
            due = None if step.to_week is None else step.to_week + 1
            out.append(step)
        if due is not None:
            raise UserError(
                f"{out[-1].where}: the last step must have no to_week; weeks from {due} have no share"
            )
        return tuple(out)

    def read_parameters(self, value: Any, line: int) -> None:
        for name, item in self.table(value, line, "'parameters'", set(value) if value else set()).items():
            row = self.table(item, line, f"parameter '{name}'", _PARAMETER)
            if "value" not in row or "meaning" not in row:
                raise self.fail(row.line, f"parameter '{name}' needs value (null = unread) and meaning")
            unit = str(row.get("unit", "share"))
            numbers: list[float | None] = []
            for key in ("value", "low", "high"):
                number = row.get(key)
                if number is not None:
                    if (
                        isinstance(number, bool)
                        or not isinstance(number, int | float)
                        or not 0 <= number < inf
                    ):
                        raise self.fail(
                            row.at(key), f"parameter '{name}': {key} must be a number, found {number!r}"
                        )
                    if unit.startswith("share"):
                        self.share(number, row.at(key), f"parameter '{name}': {key}")
                numbers.append(number)
            middle, low, high = numbers
            if None not in numbers and not low <= middle <= high:  # type: ignore[operator]
                raise self.fail(row.line, f"parameter '{name}': value must lie between low and high")
            origin = self.origin(row, row, None)
            text = " ".join(str(row["meaning"]).split())
            self.parameters[name] = Parameter(
                name, middle, low, high, unit, origin["mark"], origin["source"], text
            )

    def fill(
        self, found: Iterable[tuple[Table, list[int], list[int] | None, Any]]
    ) -> dict[tuple[int, int], Any]:
        """One entry per (benefit, activity): groups that name activities first, then those for the rest."""
        out: dict[tuple[int, int], Any] = {}
        owner: dict[tuple[int, int], int] = {}
        groups = list(found)
        for named in (True, False):
            claimed = set(out)
            for group, benefits, activities, entry in groups:
                if (activities is not None) != named:
                    continue
                for benefit in benefits:
                    for activity in activities if activities is not None else range(len(ACTIVITIES)):
                        cell = (benefit, activity)
                        if cell in claimed and not named:
                            continue
                        if cell in out:
                            raise self.fail(
                                group.line,
                                f"{BENEFITS[benefit]} with activity {ACTIVITIES[activity]} already has a rule"
                                f" in line {owner[cell]}",
                            )
                        out[cell] = entry
                        owner[cell] = group.line
        return out


def parse_rule_file(path: Path, base: RuleFile | None = None, earlier: RuleFile | None = None) -> RuleFile:
    """The rule set in a file, laid over `base` (the set it extends): its rows replace those of the base.

    earlier: the set that rates the weeks before the file's own rules apply; its parameters become the file's too.
    """
    tree = load_tables(path)
    reader = _Reader(path, base)
    top = reader.table(tree, 1, "a rule set", _TOP)
    if top.get("schema", 1) != 1:
        raise reader.fail(top.at("schema"), f"schema must be 1, found {top['schema']!r}")
    for key in ("name", "meaning"):
        if not isinstance(top.get(key), str) or not top[key].strip():
            raise reader.fail(top.at(key), f"a rule set needs '{key}' in words")
    if "sources" in top:
        sources = reader.table(top["sources"], top.at("sources"), "'sources'", set(top["sources"] or ()))
        reader.sources = {key: str(value) for key, value in sources.items()}
    if "parameters" in top:
        reader.read_parameters(top["parameters"], top.at("parameters"))
    if "ladder" in top and "rules" in top:
        raise reader.fail(top.at("rules"), "give either ladder (short form) or rules (full form), not both")
    if base is None and "ladder" not in top and "rules" not in top:
        raise reader.fail(1, "a rule set needs ladder, rules, or extends")

    counter = reader.counter(top, "clock")
    applies = reader.week(top, -NEVER)
    everyone = list(range(len(BENEFITS)))
    found: list[tuple[Table, list[int], list[int] | None, Row]] = []
    if "ladder" in top:
        benefits = reader.codes(top, "benefits", BENEFITS, "all")
        activities = reader.codes(top, "activities", ACTIVITIES, "any")
        row = Row(counter, applies, reader.covering(top["ladder"], top, "ladder"))
        found.append((top, everyone if benefits is None else benefits, activities, row))
    elif "benefits" in top or "activities" in top:
        raise reader.fail(1, "benefits and activities at the top belong to the short form with ladder")
    for item in reader.rows(top["rules"], top.at("rules"), "'rules'") if "rules" in top else []:
        group = reader.table(item, top.at("rules"), "a rule", _GROUP)
        benefits = reader.codes(group, "benefits", BENEFITS, "all")
        activities = reader.codes(group, "activities", ACTIVITIES, "any")
        row = Row(reader.counter(group, counter), reader.week(group, applies), reader.steps(group))
        found.append((group, everyone if benefits is None else benefits, activities, row))
    rows: dict[tuple[int, int], Row] = {**(base.rows if base else {}), **reader.fill(found)}
    for benefit, name in enumerate(BENEFITS):
        here = [rows.get((benefit, activity)) for activity in range(len(ACTIVITIES))]
        if None in here:
            missing = ACTIVITIES[here.index(None)]
            raise reader.fail(
                1, f"no rule covers {name} with activity {missing}; or name a base with extends"
            )
        flat = all(len(item.steps) == 1 for item in here if item)
        if not flat and len({item.counter for item in here if item and len(item.steps) > 1}) > 1:
            raise reader.fail(1, f"the rules for {name} count different weeks; use one counter per benefit")

    operating = dict(base.operating) if base else {}
    bought: list[tuple[Table, list[int], list[int] | None, Step]] = []
    for item in (
        reader.rows(top["operating"], top.at("operating"), "'operating'") if "operating" in top else []
    ):
        group = reader.table(
            item, top.at("operating"), "an operating rule", _GROUP - {"steps", "counter", "applies_from"}
        )
        benefits = reader.codes(group, "benefits", BENEFITS, "all")
        activities = reader.codes(group, "activities", ACTIVITIES, "any")
        entry = reader.step(group, group)
        bought.append((group, everyone if benefits is None else benefits, activities, entry))
    operating.update(reader.fill(bought))

    if earlier is not None:
        twice = sorted(reader.parameters.keys() & earlier.parameters.keys())
        if twice:
            raise reader.fail(
                top.at("earlier"),
                f"parameters {', '.join(twice)} stand in {earlier.name} too; give them other names",
            )
        for benefit, name in enumerate(BENEFITS):
            if len({rows[benefit, activity].applies_from for activity in range(len(ACTIVITIES))}) > 1:
                raise reader.fail(
                    top.at("earlier"),
                    f"the rules for {name} apply from different weeks; beside 'earlier' they need one applies_from",
                )
        reader.parameters |= earlier.parameters

    reset = top.get("reset_after_weeks", base.reset_after_weeks if base else 52)
    if reset == "never":
        reset = NEVER
    elif reset != NEVER:
        reset = reader.number(reset, top.at("reset_after_weeks"), "reset_after_weeks (or never)", 1, 156)
    switches: dict[str, SwitchValue] = dict(base.switches) if base else {}
    if "switches" in top:
        table = reader.table(top["switches"], top.at("switches"), "'switches'", set(top["switches"] or ()))
        for name, value in table.items():
            switches[name] = check_switch(name, value, f"{path}:{table.at(name)}")
    meaning = " ".join(top["meaning"].split())
    return RuleFile(
        top["name"], str(path), meaning, reset, switches, dict(reader.parameters), rows, operating, earlier
    )
