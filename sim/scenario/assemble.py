"""The gathered trees checked against their models and put together as one `Scenario`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel

from sim.calendar import LAST_WEEK, iso, week_of
from sim.codes import BENEFITS
from sim.errors import Problem, UserError
from sim.law.switches import SWITCHES, SwitchValue, check_switch
from sim.scenario.behaviour_rows import FILE_KEYS, EffectsFile, Row
from sim.scenario.law_tables import ContactPlanFile, Dated, Law, LawValue, RatePeriod
from sim.scenario.locate import find
from sim.scenario.models import Scenario, ScenarioFile
from sim.scenario.municipality import Benefit, Municipality
from sim.scenario.scalars import Frozen, Share
from sim.scenario.trial import check_trial
from sim.scenario.validate import Checker, Provenance
from sim.scenario.yaml_tree import Path, Tree, nearest

if TYPE_CHECKING:
    from sim.policies.registry import Lever
    from sim.scenario.resolve import Sources

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_RANK: Final = "ABC"


@dataclass(frozen=True)
class Checked:
    """What one file gave: its values, and where they come from."""

    value: Any
    provenance: Mapping[str, Provenance]


_DONE: dict[int, tuple[Tree, Checked | UserError]] = {}


def _once(tree: Tree, build: Callable[[Tree], Checked]) -> Checked:
    """Checks a tree once per process. Trees of unchanged files are the same object, so their identity is the key."""
    have = _DONE.get(id(tree))
    if have is None or have[0] is not tree:
        result: Checked | UserError
        try:
            result = build(tree)
        except UserError as wrong:
            result = wrong
        have = _DONE[id(tree)] = (tree, result)
        if len(_DONE) > 256:
            _DONE.pop(next(iter(_DONE)))
    if isinstance(have[1], UserError):
        raise UserError(have[1].problems)
    return have[1]


# ---- single files ------------------------------------------------------------------------------------------------


def _municipality(tree: Tree) -> Checked:
    return _whole(tree, Municipality)


def _effects(tree: Tree) -> Checked:
    checked = _whole(tree, EffectsFile)
    return Checked(checked.value.effects, {})


def _whole(tree: Tree, model: type[M]) -> Checked:
    checker = Checker(tree)
    value = checker.build(model)
    checker.done()
    return Checked(value, checker.provenance)


def _behaviour(tree: Tree) -> Checked:
    """Rows by 'group.name'."""
    checker = Checker(tree)
    rows: dict[str, Row] = {}
    for group, names in _entries(tree, checker):
        for name in checker.table(names, (group,), f"group '{group}'") or {}:
            row = checker.build(Row, (group, name))
            if row is not None:
                rows[f"{group}.{name}"] = row
    checker.done()
    return Checked(rows, {})


def _entries(tree: Tree, checker: Checker) -> list[tuple[str, Any]]:
    root = checker.table(tree.root, (), "the file") or {}
    if root.get("schema", "1") != "1":
        checker.wrong(("schema",), f"schema '{root['schema']}' is not known; allowed: 1")
    return [(key, value) for key, value in root.items() if key not in FILE_KEYS]


class _PaidShare(Frozen):
    paid_share: dict[Benefit, Share] = {}


def _benefit_rates(tree: Tree) -> Checked:
    """Dated rates by benefit, and the share of the full rate that is paid on average."""
    checker = Checker(tree)
    out: dict[str, tuple[RatePeriod, ...]] = {}
    paid_share: dict[str, float] = {}
    for key, value in _entries(tree, checker):
        if key == "paid_share":
            given = checker.build(_PaidShare, (), {key: value})
            paid_share = given.paid_share if given else dict.fromkeys(BENEFITS, 0.0)
        elif key not in BENEFITS:
            known = (*BENEFITS, "paid_share")
            checker.wrong((key,), f"unknown name '{key}'{nearest(key, known)}", key=True)
        else:
            out[key] = _rows(checker, value, (key,), RatePeriod)
            for at, (before, after) in enumerate(pairwise(out[key])):
                if after.from_date <= before.from_date:
                    what = f"dates out of order: {after.from_date} does not come after {before.from_date}"
                    checker.wrong((key, at + 1, "from"), what)
    missing = [benefit for benefit in BENEFITS if benefit not in tree.root]
    if missing:
        checker.wrong((), f"benefits without rates: {', '.join(missing)}")
    missing = [benefit for benefit in BENEFITS if benefit not in paid_share]
    if missing:
        checker.wrong(
            ("paid_share",),
            f"benefits without paid_share: {', '.join(missing)} (1 = the listed rate)",
            key=True,
        )
    checker.done()
    return Checked((out, paid_share), checker.provenance)


def _rows(checker: Checker, value: Any, path: Path, model: type[M]) -> tuple[M, ...]:
    if not isinstance(value, list):
        checker.wrong(path, f"'{path[-1]}' must be a list of dated rows")
        return ()
    built = [checker.build(model, (*path, at)) for at in range(len(value))]
    return tuple(row for row in built if row is not None)


def _contact_plan(tree: Tree) -> Checked:
    checked = _whole(tree, ContactPlanFile)
    return Checked(checked.value.rows, checked.provenance)


def _law_values(tree: Tree) -> Checked:
    """Names with one row each, or a list of dated rows."""
    checker = Checker(tree)
    out: dict[str, tuple[LawValue, ...]] = {}
    for name, value in _entries(tree, checker):
        if isinstance(value, list):
            built = _rows(checker, value, (name,), LawValue)
        else:
            row = checker.build(LawValue, (name,))
            built = (row,) if row else ()
        _no_overlap(checker, built, (name,))
        out[name] = built
    checker.done()
    return Checked(out, {})


def _no_overlap(checker: Checker, rows: tuple[Dated, ...], path: Path) -> None:
    ordered = sorted(rows, key=lambda row: row.from_date or date.min)
    for before, after in pairwise(ordered):
        if before.to_date is None or (after.from_date or date.min) <= before.to_date:
            until = f"to {before.to_date}" if before.to_date else "without an end"
            checker.wrong(
                path,
                f"dates out of order: the row from {before.from_date} {until} overlaps the one from {after.from_date}",
            )


BUILDERS: Final[Mapping[str, Callable[[Tree], Checked]]] = {
    "municipality": _municipality,
    "behaviour": _behaviour,
    "effects": _effects,
    "law.benefit_rates": _benefit_rates,
    "law.contact_plan": _contact_plan,
    "law.transitions": _law_values,
    "law.measures": _law_values,
    "law.economy": _law_values,
}


# ---- the scenario itself -----------------------------------------------------------------------------------------


def assemble(sources: "Sources") -> Scenario:
    """Checks everything and puts it together. All problems of the scenario's own files are reported at once."""
    tree = _prepared(sources.scenario)
    checker = Checker(tree)
    file = checker.build(ScenarioFile)
    levers = _levers(tree, checker, file.start if file else None)
    if file is not None and not checker.problems:
        check_trial(file.trial, levers, file.start, file.weeks, checker)
    problems = list(checker.problems)
    parts: dict[str, Checked] = {}
    for name, build in BUILDERS.items():
        try:
            parts[name] = _once(sources.trees[name], build)
        except UserError as wrong:
            problems += wrong.problems
    if not problems:
        problems += _cut_too_deep(levers, parts["municipality"].value, tree)
    if not problems and file is not None and file.start + file.weeks > LAST_WEEK:
        what = f"the horizon ends after {iso(LAST_WEEK)}, the last week the model can address"
        problems.append(tree.problem(("weeks",), f"{what}: fewer weeks, or an earlier start"))
    if problems or file is None:
        raise UserError(sorted(problems, key=lambda p: (p.file, p.line or 0, p.column or 0)))
    law = _law(file, tree, parts, sources)
    evidence = _evidence(file, levers, tree)
    scenario = Scenario(
        name=sources.name,
        question=file.question,
        kind=file.kind,
        evidence_class=evidence,
        start_week=file.start,
        weeks=file.weeks,
        world=file.world,
        municipality_name=file.municipality,
        municipality=parts["municipality"].value,
        law=law,
        behaviour={name: row.value for name, row in parts["behaviour"].value.items()},
        behaviour_rows=parts["behaviour"].value,
        effects=parts["effects"].value,
        prices=file.prices,
        demand=file.demand,
        levers=levers,
        trial=file.trial,
        parents=sources.parents,
        overrides=sources.overrides,
        provenance={
            **{f"municipality.{path}": known for path, known in parts["municipality"].provenance.items()},
            **{f"law.benefit_rates.{path}": known for path, known in parts["law.benefit_rates"].provenance.items()},
            **{f"behaviour.{n}": Provenance(r.unit, ", ".join(r.evidence), r.status, r.low, r.high, r.meaning)
               for n, r in parts["behaviour"].value.items()},
            **checker.provenance,
        },
        files_used=tuple(dict.fromkeys((*sources.files, law.rule_set.path))),
    )  # fmt: skip
    problems = [
        tree.problem(("levers", name, parameter), f"'{parameter}' of '{name}' {reason}")
        for name, lever in levers.items()
        for parameter, reason in lever.problems(scenario).items()
    ]
    if problems:
        raise UserError(problems)
    return scenario


def _prepared(tree: Tree) -> Tree:
    """Relative weeks made absolute ('start+26'), so that an overlay fits every base."""
    root = tree.root
    start = root.get("start")
    try:
        first = week_of(start.strip())
    except (ValueError, AttributeError):
        return tree  # the model says what is wrong with the start

    def absolute(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("start"):
            sign, weeks = value[5:6], value[6:].strip()
            if value == "start":
                return iso(first)
            if sign in ("+", "-") and weeks.isdigit():
                return iso(first + int(sign + weeks))
        return value

    def dates(table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        dated = ("from", "to", "start")
        return {key: absolute(value) if key in dated else value for key, value in table.items()}

    out = dict(root)
    if isinstance(root.get("demand"), list):
        out["demand"] = [dates(spell) for spell in root["demand"]]
    if isinstance(root.get("levers"), Mapping):
        out["levers"] = {name: dates(table) for name, table in root["levers"].items()}
    if "trial" in root:
        out["trial"] = dates(root["trial"])
    return Tree(out, tree.places)


def _levers(tree: Tree, checker: Checker, start: int | None) -> dict[str, "Lever"]:
    from sim.policies.registry import Lever, levers  # the levers' files need this package first

    known = levers()
    out: dict[str, Lever] = {}
    table = tree.root.get("levers")
    if not isinstance(table, Mapping):
        return out
    for name, value in table.items():
        path = ("levers", name)
        if name not in known:
            checker.wrong(path, f"unknown lever '{name}'{nearest(name, known)}", key=True)
            continue
        if start is not None and isinstance(value, Mapping) and "from" not in value:
            filled = Tree({"levers": {name: {"from": iso(start), **value}}}, tree.places)
        else:
            filled = Tree({"levers": {name: value}}, tree.places)
        inner = Checker(filled)
        built = inner.build(known[name], path)
        checker.problems += inner.problems
        checker.provenance.update(inner.provenance)
        if built is None:
            continue
        if start is not None and built.from_week < start:
            checker.wrong(
                (*path, "from"),
                f"the lever begins in {iso(built.from_week)}, before the scenario's start {iso(start)}",
            )
        out[name] = built
    for name, lever in out.items():
        for parameter, reason in lever.clashes(out).items():
            checker.wrong(("levers", name, parameter), f"'{parameter}' of '{name}': {reason}")
    return out


def _cut_too_deep(levers: Mapping[str, "Lever"], municipality: "Municipality", tree: Tree) -> list[Problem]:
    """Teams from which the levers together take more posts than there are; told at the lever that cuts most."""
    out = []
    for team, settings in municipality.staff.teams.items():
        posts = {name: lever.extra_posts().get(team, 0.0) for name, lever in levers.items()}
        left = settings.fte + sum(posts.values())
        if left < -1e-9:
            name = min(posts, key=lambda lever: posts[lever])
            what = f"cuts {-left:g} more posts than team '{team}' has ({settings.fte:g}); cut fewer posts"
            out.append(tree.problem(("levers", name, "extra_fte", team), what))
    return out


def _evidence(file: ScenarioFile, levers: Mapping[str, "Lever"], tree: Tree) -> str | None:
    """The class the file states, or the weakest of its levers; a file may not claim more than its levers have."""
    weakest = max((lever.evidence_class() for lever in levers.values()), default=None)
    stated = file.evidence_class
    if stated and weakest and _RANK.index(stated) < _RANK.index(weakest):
        names = ", ".join(f"{name} is {lever.evidence_class()}" for name, lever in levers.items())
        raise UserError(
            [
                tree.problem(
                    ("evidence_class",), f"evidence_class {stated} claims more than its levers have: {names}"
                )
            ]
        )
    return stated or weakest


def _law(file: ScenarioFile, tree: Tree, parts: Mapping[str, Checked], sources: "Sources") -> Law:
    problems: list[Problem] = []
    switches: dict[str, SwitchValue] = {}
    for name, text in file.law.refusion_switches.items():
        path = ("law", "refusion_switches", name)
        if name not in SWITCHES:
            problems.append(tree.problem(path, f"unknown switch '{name}'{nearest(name, SWITCHES)}", key=True))
            continue
        try:
            switches[name] = check_switch(name, _switch(text), "")
        except UserError as wrong:
            problems.append(tree.problem(path, str(wrong).removeprefix(": ")))
            continue
        if SWITCHES[name].calculator_only and switches[name] != SWITCHES[name].default:
            problems.append(
                tree.problem(path, f"switch '{name}' works in `jobcenter refusion` only, not in a simulation")
            )
    for at, name in enumerate(file.law.moving):
        if name not in parts["law.transitions"].value:
            known = nearest(name, parts["law.transitions"].value)
            problems.append(tree.problem(("law", "moving", at), f"unknown time limit '{name}'{known}"))
    if file.law.moving and file.law.as_of == "by_date":
        problems.append(
            tree.problem(("law", "moving"), "law.as_of is by_date: every limit moves; leave 'moving' out")
        )
    try:
        rules = find(file.law.refusion, "law/refusion", sources.folder)
    except UserError as wrong:
        problems.append(tree.problem(("law", "refusion"), str(wrong)))
    if problems:
        raise UserError(problems)
    named = ("law", "refusion_parameters" if file.law.refusion_parameters else "refusion")
    where = str(tree.problem(named, "")).rstrip(": ")
    law = Law(
        as_of=None if file.law.as_of == "by_date" else file.law.as_of,
        refusion=file.law.refusion,
        refusion_switches=switches,
        refusion_parameters=file.law.refusion_parameters,
        benefit_rates=parts["law.benefit_rates"].value[0],
        paid_share=parts["law.benefit_rates"].value[1],
        contact_plan=parts["law.contact_plan"].value,
        transitions=parts["law.transitions"].value,
        measures=parts["law.measures"].value,
        moving=tuple(sorted(set(file.law.moving))),
        refusion_where=where,
        refusion_file=str(rules),
        economy=parts["law.economy"].value,
    )
    try:
        law.rule_set  # noqa: B018  # read now, so that a mistake in the rule set is told by `check` and not by the run
    except UserError as wrong:
        said = str(wrong)
        if said.startswith(f"{where}: "):
            raise UserError([tree.problem(named, said.removeprefix(f"{where}: "))]) from None
        raise
    return law


def _switch(text: str) -> SwitchValue:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.lstrip("-").isdigit() else text
