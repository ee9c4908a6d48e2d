"""Checking a file that is no scenario: municipality, law table, refusion rule set, behaviour."""

from collections.abc import Mapping
from pathlib import Path

from sim.errors import UserError
from sim.law.refusion import load_rule_set
from sim.scenario import yaml_tree
from sim.scenario.assemble import BUILDERS
from sim.scenario.programme_kinds import read_kinds


def is_scenario(path: Path) -> bool:
    """Whether a file is a scenario, or is recognised as nothing else, so that its errors are told as a scenario's."""
    return kind_of(path) == "scenario"


def kind_of(path: Path) -> str:
    """What a file holds, by its folder, its name and its keys."""
    root = yaml_tree.read(path).root
    keys = set(root) if isinstance(root, Mapping) else set()
    if keys & {"question", "levers"}:
        return "scenario"
    if keys & {"ladder", "rules"} or path.parent.name == "refusion":
        return "refusion rule set"
    if "population" in keys or path.parent.name == "municipalities":
        return "municipality"
    if "effects" in keys:
        return "effects"
    if path.parent.name == "behaviour":
        return "behaviour"
    if path.parent.name == "programmes":
        return "kinds of programme"
    if f"law.{path.stem}" in BUILDERS:
        return f"law.{path.stem}"
    return "scenario"


def check_file(path: Path) -> str:
    """Checks a file of any kind but a scenario and returns what it is. Raises UserError with all problems found."""
    kind = kind_of(path)
    if kind == "refusion rule set":
        load_rule_set(path)
    elif kind == "kinds of programme":
        read_kinds(path)
    elif kind in BUILDERS:
        BUILDERS[kind](yaml_tree.read(path))
    else:
        raise UserError(f"{path}: is a scenario")
    return kind.replace("law.", "law table ")
