"""From a scenario's name to the resolved `Scenario`: its chain of files, its overrides, and all it names.

Order: the files of the chain from the base upward, then `set:`, then `--set`. Law, municipality and behaviour are
files of their own; `set` reaches into them by path (`municipality.staff.teams.young.fte`, `behaviour.trust.gain`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

from sim.errors import Problem, UserError
from sim.scenario import yaml_tree
from sim.scenario.assemble import assemble
from sim.scenario.locate import find
from sim.scenario.merge import lay_over, put
from sim.scenario.models import LawChoice, Scenario, ScenarioFile
from sim.scenario.validate import allowed_keys
from sim.scenario.yaml_tree import Path, Place, Tree, display, dotted, nearest

LAW_TABLES: Final = ("benefit_rates", "contact_plan", "transitions", "measures", "economy")
_OWN_KEYS: Final = ("extends", "set")


@dataclass
class Sources:
    """The trees a scenario is made of, each file apart so that unchanged files are checked once per process."""

    name: str
    scenario: Tree
    trees: dict[str, Tree]  # municipality, behaviour, effects, law.benefit_rates, ...
    parents: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    files: list[str] = field(default_factory=list)
    folder: FilePath = FilePath("scenarios")


def load(name_or_path: str | FilePath, base: str | None = None, overrides: Iterable[str] = ()) -> Scenario:
    """A scenario by name or path, checked and frozen.

    Args:
        name_or_path: A name (`baseline`), a path (`mine.yaml`), or an overlay on another base (`recession@mine`).
        base: Lays the scenario on this base, as `NAME@BASE` does.
        overrides: Texts `key.path=value`, applied last.

    Raises:
        UserError: With every problem found and its file and line.

    Example: load("early_intervention", overrides=["weeks=104", "behaviour.trust.gain=0.2"])
    """
    return assemble(gather(str(name_or_path), base, overrides))


def gather(name_or_path: str, base: str | None = None, overrides: Iterable[str] = ()) -> Sources:
    """All files of a scenario laid together and overridden, not yet checked."""
    name, base = _split(name_or_path, base)
    files, folder = _chain_on(name, base)
    tree = yaml_tree.read(files[0])
    for path in files[1:]:
        tree = lay_over(tree, yaml_tree.read(path))
    _keys(files)
    label = FilePath(name).stem + (f"@{FilePath(base).stem}" if base else "")
    own = {key: value for key, value in tree.root.items() if key not in _OWN_KEYS}
    _stays_its_own(own, yaml_tree.read(files[-1]).root)
    sources = Sources(label, Tree(own, tree.places), {}, folder=folder)
    sources.parents = tuple(path.stem for path in files[:-1])
    sources.files = [display(path) for path in files]
    options = tuple(overrides)
    block = _set_block(tree)
    sources.overrides = (*(f"{dotted(route)}={value}" for route, value, _ in block), *options)
    changes = [*block, *(_option(text) for text in options)]
    # First what the scenario itself says, as it may name other files; then what reaches into those files.
    for route, value, place in changes:
        if _owner(route) is None:
            sources.scenario = _apply(sources.scenario, route, value, place, route)
    _attach(sources)
    _not_without_prefix(changes, sources.trees["behaviour"])
    for route, value, place in changes:
        owner = _owner(route)
        if owner is not None:
            rest = route[len(owner.split(".")) :]
            sources.trees[owner] = _apply(sources.trees[owner], _inside(owner, rest), value, place, route)
    return sources


def _split(name: str, base: str | None) -> tuple[str, str | None]:
    if base is None and "@" in name and not FilePath(name).is_file():
        name, _, base = name.partition("@")
        if not name or not base:
            raise UserError(
                f"'{name}@{base}' is no overlay; write NAME@BASE, such as early_intervention@slagelse_2024"
            )
    return name, base


def _chain_on(name: str, base: str | None) -> tuple[list[FilePath], FilePath]:
    path = find(name)
    chain = _chain(path, ())
    if base is not None:
        if len(chain) == 1:
            raise UserError(
                f"{display(path)}: '{name}' is a base itself (it extends nothing) and cannot be laid on '{base}'"
            )
        below = _chain(find(base), ())
        # Only the ground changes: what lies between the base and the scenario comes along.
        have = {file.resolve() for file in below}
        chain = [*below, *(file for file in chain[1:] if file.resolve() not in have)]
    return chain, path.parent


def _chain(path: FilePath, above: tuple[FilePath, ...]) -> list[FilePath]:
    """The files below a scenario, base first, and the scenario itself. Several parents: each once, left to right."""
    here = path.resolve()
    tree = yaml_tree.read(path)
    if here in above:
        ring = [*above[above.index(here) :], here]
        names = " -> ".join(file.stem for file in ring)
        raise UserError([_upper(yaml_tree.read(above[-1]), f"'extends' goes round in a circle: {names}")])
    if not isinstance(tree.root, Mapping):
        raise UserError([tree.problem((), "a scenario is a table of keys (question, extends, levers, ...)")])
    named = tree.root.get("extends")
    if named is None:
        return [path]
    parents = named if isinstance(named, list) else [named]
    if not parents or not all(isinstance(parent, str) for parent in parents):
        raise UserError([_upper(tree, "'extends' must be a scenario's name or a list of names")])
    chain: list[FilePath] = []
    for parent in parents:
        try:
            found = find(parent, beside=path.parent)
        except UserError as wrong:
            raise UserError([_upper(tree, str(wrong))]) from None
        below = _chain(found, (*above, here))
        if chain and chain[0].resolve() != below[0].resolve():
            ground = f"'{parent}' stands on '{below[0].stem}', the others on '{chain[0].stem}'"
            raise UserError([_upper(tree, f"{ground}; all must share one base")])
        have = {file.resolve() for file in chain}
        chain += [file for file in below if file.resolve() not in have]
    return [*chain, path]


def _upper(tree: Tree, message: str) -> Problem:
    return tree.problem(("extends",), message)


def _keys(files: list[FilePath]) -> None:
    """Unknown keys are named in every file of the chain, even when a later file would take them away."""
    allowed = (*allowed_keys(ScenarioFile), *_OWN_KEYS)
    problems = []
    for path in files:
        tree = yaml_tree.read(path)
        if "scenarios" in tree.root:
            raise UserError(
                [tree.problem(("scenarios",), "this is an experiment: `jobcenter batch` runs it", key=True)]
            )
        problems += [
            tree.problem((key,), f"unknown key '{key}'{nearest(key, allowed)}", key=True)
            for key in tree.root
            if key not in allowed
        ]
        if tree.root.get("question") is None:
            problems.append(
                tree.problem((), "'question' is missing: say in plain words what the scenario asks")
            )
    if problems:
        raise UserError(problems)


def _stays_its_own(merged: dict[str, Any], top: Mapping[str, Any]) -> None:
    """What a file says about itself is not inherited: a strategy laid on a baseline is no baseline."""
    for key in ("kind", "evidence_class"):
        merged.pop(key, None)
        if top.get(key) is not None:
            merged[key] = top[key]
    if "kind" not in merged:
        merged["kind"] = (
            "baseline" if "extends" not in top else "strategy" if merged.get("levers") else "context"
        )


Change = tuple[Path, Any, Place]


def _set_block(tree: Tree) -> list[Change]:
    block = tree.root.get("set")
    if block is None:
        return []
    if not isinstance(block, Mapping):
        raise UserError([tree.problem(("set",), "'set' must be a table {key.path: value}")])
    return [(tuple(key.split(".")), value, tree.places["set", key]) for key, value in block.items()]


def _option(text: str) -> Change:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UserError(f"--set {text}: write key.path=value, such as --set weeks=104")
    file = f"--set {text}"
    parsed = yaml_tree.parse(value, file).root if value.strip() else None
    return tuple(key.strip().split(".")), parsed, Place(file, None, None)


def _owner(path: Path) -> str | None:
    """Which file a path reaches into; None for the scenario itself, which also tells of a wrong first step."""
    first = str(path[0])
    if len(path) > 1 and first in ("municipality", "behaviour", "effects"):
        return first
    if first == "law" and len(path) > 2 and path[1] in LAW_TABLES:
        return f"law.{path[1]}"
    return None


def _not_without_prefix(changes: Iterable[tuple[Path, Any, Place]], behaviour: Tree) -> None:
    """A behavioural number is written with its `behaviour.`; whoever leaves it out is told so."""
    for route, _, place in changes:
        group = behaviour.root.get(route[0]) if route[0] not in allowed_keys(ScenarioFile) else None
        if isinstance(group, Mapping) and len(route) > 1 and route[1] in group:
            full = f"behaviour.{dotted(route)}"
            raise UserError([_at(place, f"unknown key '{route[0]}', did you mean '{full}'?")])


def _inside(owner: str, rest: Path) -> Path:
    within = {"effects": "effects", "law.contact_plan": "rows"}.get(owner)
    return (within, *rest) if within else rest


# Where names are free an override may only name what is there: so many steps must exist. Elsewhere the models know.
_KNOWN_STEPS: Final = {
    "behaviour": 2,
    "effects": 2,
    "law.transitions": 1,
    "law.measures": 1,
    "law.economy": 1,
}


def _apply(tree: Tree, path: Path, value: Any, place: Place, said: Path) -> Tree:
    """One override, `said` being its path as written. A bare value for a row {value, unit, ...} replaces its value."""
    owner = _owner(said)
    if said[0] == "law" and len(said) > 1 and owner is None and said[1] not in allowed_keys(LawChoice):
        every = (*allowed_keys(LawChoice), *LAW_TABLES)
        raise UserError([_at(place, f"unknown key 'law.{said[1]}'{nearest(str(said[1]), every)}")])
    node = tree.root
    for depth, step in enumerate(path):
        shown = said[: len(said) - len(path) + depth]
        if isinstance(node, Mapping):
            if step not in node and depth < _KNOWN_STEPS.get(owner or "", 0):
                raise UserError(
                    [_at(place, f"unknown key '{dotted((*shown, step))}'{nearest(str(step), node)}")]
                )
            node = node.get(step)
        elif isinstance(node, list) and str(step).isdigit() and int(step) < len(node):
            node = node[int(step)]
        elif node is not None:
            what = (
                f"a list of {len(node)} (0 to {len(node) - 1})" if isinstance(node, list) else "a plain value"
            )
            raise UserError([_at(place, f"'{dotted(shown)}' is {what}; it has no entry '{step}'")])
    if isinstance(node, Mapping) and "value" in node and not isinstance(value, Mapping):
        path = (*path, "value")
        if owner not in ("behaviour", "effects"):
            # The range of a fact goes with the fact. A range of behaviour stays: to leave it is a statement of its own.
            tree = put(tree, path[:-1], {"low": None, "high": None, "note": None, **_BY_HAND}, place)
    elif owner not in ("behaviour", "effects") and "status" in _inside_of(tree.root, path[:-1]):
        tree = put(tree, path[:-1], _BY_HAND, place)
    changed = put(tree, path, value, place)
    if path[-1] in ("value", "low", "high"):
        changed.places[path[:-1]] = place  # a row that no longer fits its range does so by this override
    return changed


# What a row says of a number that somebody has put in the place of the one that was read.
_BY_HAND: Final = {"source": "set by hand", "status": "judgement"}


def _inside_of(node: Any, path: Path) -> Mapping[str, Any]:
    """The table at a path; an empty one where there is none."""
    for step in path:
        if isinstance(node, list):
            node = node[int(step)]
        else:
            node = node.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def _at(place: Place, message: str) -> Problem:
    return Tree(None, {(): place}).problem((), message, key=True)


def _attach(sources: Sources) -> None:
    """Reads the files the scenario names: municipality, behaviour, effects and the law tables."""
    tree = sources.scenario

    def read(name: str, kind: str, path: Path) -> Tree:
        try:
            found = find(name, kind, sources.folder)
        except UserError as wrong:
            raise UserError([tree.problem(path, str(wrong))]) from None
        sources.files.append(display(found))
        return yaml_tree.read(found)

    for key, kind in (("municipality", "municipalities"), ("behaviour", "behaviour")):
        name = tree.root.get(key)
        if not isinstance(name, str):
            what = f"'{key}' is missing" if name is None else f"'{key}' must be the name of a file in {kind}/"
            raise UserError(
                [
                    tree.problem(
                        (key,),
                        f"{what}; a base names municipality, start, weeks, world, law, behaviour and prices",
                    )
                ]
            )
        sources.trees[key] = read(name, kind, (key,))
    sources.trees["effects"] = read("effects", "behaviour", ("behaviour",))
    for table in LAW_TABLES:
        sources.trees[f"law.{table}"] = read(table, "law", ("law",))
