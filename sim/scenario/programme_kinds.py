"""The kinds of programme a lever can buy: scenarios/programmes/kinds.yaml, read once."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from sim.codes import BENEFITS, HEALTH
from sim.scenario import yaml_tree
from sim.scenario.locate import find
from sim.scenario.scalars import Frozen, Kr, Minutes, Number, OneOf, Weeks, item
from sim.scenario.validate import Checker, Provenance

ACCOUNTS: Final = ("in_house", "external")
Account = Annotated[str, OneOf(ACCOUNTS)]
Health = Annotated[str, OneOf(HEALTH)]


class Kind(Frozen):
    """What is known of one kind of programme; the lever takes its numbers where a scenario gives none."""

    meaning: str
    evidence_class: Annotated[str, OneOf(("A", "B", "C"))]
    evidence: tuple[str, ...] = Field(description="ids of the evidence table")
    measured_groups: tuple[Annotated[str, OneOf(BENEFITS)], ...] = ()
    measured_health: Health = "none"
    weeks: Weeks = item(unit="weeks", ge=1, le=260, meaning="length of one place")
    longest_by_law: str = Field("", description="name of the row of law/measures.yaml that limits the length")
    price_kr: Kr = item(unit="kr", ge=0, meaning="one place, the whole course, kroner of 2024")
    account: Account = "in_house"
    caseworker_minutes_per_week: Minutes = item(unit="minutes", ge=0, meaning="of the own caseworker")
    lock_in_factor: Number = item(1.0, unit="factor", gt=0, le=1, meaning="job hazard while it runs")
    running_factor: Number = item(1.0, unit="factor", ge=1, le=5, meaning="the same, where measured")
    weak_points: str


PRICE_YEAR: Final = 2024


def read_kinds(path: Path) -> tuple[dict[str, Kind], dict[str, Provenance]]:
    """The kinds of a file, and where each number comes from. Raises UserError with every mistake."""
    tree = yaml_tree.read(path)
    checker = Checker(tree)
    kinds = {}
    for name in tree.root:
        if name != "schema":
            kind = checker.build(Kind, (name,))
            if kind is not None:
                kinds[name] = kind
    checker.done()
    return kinds, checker.provenance


@lru_cache(maxsize=1)
def _read() -> tuple[dict[str, Kind], dict[str, Provenance]]:
    return read_kinds(find("kinds", "programmes"))


def kinds() -> dict[str, Kind]:
    """All kinds by name. Raises UserError with every mistake of the file."""
    return _read()[0]


def origins() -> dict[str, Provenance]:
    """Where each number comes from, by 'kind.number'."""
    return _read()[1]
