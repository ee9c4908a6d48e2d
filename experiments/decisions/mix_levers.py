"""The levers a budget may be split over, what each can use at most, and the scenario of a split.

Economics rule 20: threat and sanctions are no instruments, and nobody is served first by origin, sex or age.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.decisions.answer import ranked
from experiments.equal_budget import active, authorised_kr, price
from experiments.experiment_file import PLAIN, Experiment
from sim.errors import UserError
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.policies.registry import Lever

# Levers, and fields of levers, that deliver threat of activation or sanctions.
NOT_INSTRUMENTS: Final = ("sanctions", "threat_share")
# Who is served, by what nobody chooses: fields of levers, and what a field says when it lets everybody in.
_TRAITS: Final[dict[str, Any]] = {"non_danish_origin_only": False, "age_from": 16.0, "age_below": 120.0}
_TRAIT_WORDS: Final = ("origin", "sex", "gender", "age")
SMALLEST_KR: Final = 1.0  # a part of the budget below it is nothing
ALL: Final = 1e-6  # so near to the most a lever can use is the most


@dataclass(frozen=True)
class Instrument:
    """One lever with the most it can use of the budget, kroner a year in the simulated part of the municipality."""

    strategy: str
    lever: str
    scenario: Scenario  # as designed, at the most it can use
    most_kr: float
    least_kr: float = 0.0  # what it costs before its dose begins: less of it cannot be bought


@dataclass(frozen=True)
class Split:
    """Kroner a year by instrument as posts and places allow, and the scenario that spends them."""

    kr: tuple[float, ...]
    scenario: Scenario


def instruments(plan: Experiment) -> tuple[list[Instrument], dict[str, str]]:
    """The levers of the class A strategies of an experiment, and why others are not among them (strategy -> reason).

    Raises UserError when fewer than two are left.
    """
    found: list[Instrument] = []
    refused: dict[str, str] = {}
    for name, at in ranked(plan).items():
        scenario, priced = plan.worlds[PLAIN][at], plan.priced[PLAIN][at - 1]
        why = why_not(scenario)
        if not why and any(one.lever in scenario.levers for one in found):
            why = "another strategy uses the same lever"
        if why:
            refused[name] = why
            continue
        (solved,) = priced.levers
        if solved.dose <= solved.declared.least:
            refused[name] = "the budget buys nothing of its dose"
            continue
        found.append(
            Instrument(name, solved.lever, scenario, solved.authorised_kr, _least_kr(scenario, solved.lever))
        )
    if len(found) < 2:
        told = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise UserError(
            f"{plan.path}: a mix needs two levers of class A, found {len(found)}{f' ({told})' if told else ''}"
        )
    return found, refused


def _least_kr(scenario: Scenario, name: str) -> float:
    """What the lever costs a year at its least dose, such as pay for all before a post is added."""
    lever = scenario.levers[name]
    least = lever.with_dose(lever.dose(scenario).least)
    return authorised_kr(replace(scenario, levers={name: least}))


def possible(u: np.ndarray, most_kr: Sequence[float], least_kr: Sequence[float]) -> np.ndarray:
    """Splits as they can be bought: less than the least of a lever is its least, less than half of that nothing."""
    least = np.asarray(least_kr) / np.asarray(most_kr)
    return np.asarray(np.where(u < 0.5 * least, 0.0, np.maximum(u, np.where(u > 0.0, least, 0.0))))


def why_not(scenario: Scenario) -> str:
    """Why a scenario is no instrument of a mix; empty when it is one."""
    levers = active(scenario)
    if len(levers) != 1:
        return f"it is a combination itself ({', '.join(levers)})"
    (lever,) = levers.values()
    at_work = {lever.name, *(field for field, value in _fields(lever.model_dump()) if value)}
    if at_work & set(NOT_INSTRUMENTS):
        return "threat and sanctions are no instruments (economics rule 20)"
    trait = _trait(lever)
    return f"it serves people by {trait} (economics rule 20)" if trait else ""


def _trait(lever: "Lever") -> str:
    """What nobody chooses and the lever picks people by; empty when there is none."""
    for field, value in _fields(lever.model_dump()):
        if field in _TRAITS and value != _TRAITS[field]:
            return field
        if (
            isinstance(value, str)
            and field in ("by", "key", "chosen_by", "priority")
            and value in _TRAIT_WORDS
        ):
            return value
    return ""


def _fields(values: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(values, dict):
        return [pair for key, one in values.items() for pair in _fields(one, str(key))]
    if isinstance(values, list | tuple):
        return [pair for one in values for pair in _fields(one, name)]
    return [(name, values)]


def split_of(base: Scenario, levers: Sequence[Instrument], kr: Sequence[float], name: str) -> Split:
    """The scenario that spends so much on each instrument, as near as quarter posts allow.

    Raises UserError when two of the levers cannot stand side by side.
    """
    share = base.world.share
    chosen: dict[str, Lever] = dict(base.levers)
    spent = []
    for one, part in zip(levers, kr, strict=True):
        if part < max(SMALLEST_KR, 0.5 * one.least_kr):
            spent.append(0.0)
            continue
        scenario, authorised = one.scenario, one.most_kr
        if part < (1.0 - ALL) * one.most_kr:
            (priced,) = price(base, [scenario], part / share)
            scenario, authorised = priced.scenario, priced.levers[0].authorised_kr
        # Rounded to no post at all, a lever is not bought.
        bought = not scenario.levers[one.lever].is_zero_dose() and authorised >= SMALLEST_KR
        spent.append(authorised if bought else 0.0)
        if bought:
            chosen[one.lever] = scenario.levers[one.lever]
    for lever_name, lever in chosen.items():
        clash = lever.clashes({other: each for other, each in chosen.items() if other != lever_name})
        if clash:
            field, why = next(iter(clash.items()))
            raise UserError(f"{lever_name} and the other levers cannot be mixed: {field}: {why}")
    return Split(tuple(spent), replace(base, name=name, kind="strategy", evidence_class="A", levers=chosen))
