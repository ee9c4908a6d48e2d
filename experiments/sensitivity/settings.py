"""A point's values of the municipality and law laid over a scenario, thousands of times: without reading files again.

Gives what `load` with the same overrides gives (tests/sensitivity/test_settings.py); where a path leads elsewhere than
into the municipality or the paid shares, `load` itself does it, on the ground the scenario stands on and with the doses
it was given.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from sim.errors import UserError
from sim.scenario import Scenario, load
from sim.scenario.law_tables import Law

_MUNICIPALITY: Final = "municipality."
_PAID_SHARE: Final = "law.benefit_rates.paid_share."
LEVERS: Final = "levers."


def with_settings(scenario: Scenario, settings: Mapping[str, str]) -> Scenario:
    """The scenario with each value at its path replaced by the number written beside it. Raises UserError.

    A lever's number belongs to the scenarios that have the lever: laid on the base too it would leave the difference.
    """
    settings = {name: text for name, text in settings.items() if _concerns(scenario, name)}
    slow = {
        name: text for name, text in settings.items() if not name.startswith((_MUNICIPALITY, _PAID_SHARE))
    }
    if slow:
        changes = tuple(f"{name}={text}" for name, text in settings.items())
        read = load(_name(scenario), _base(scenario), (*scenario.overrides, *changes))
        if not any(name.startswith(LEVERS) for name in slow):
            read = replace(read, levers=scenario.levers)  # a dose that an equal budget chose is in no file
        return read.for_weeks(scenario.weeks)
    shares = {
        name.removeprefix(_PAID_SHARE): float(text)
        for name, text in settings.items()
        if name.startswith(_PAID_SHARE)
    }
    municipality = scenario.municipality
    for name, text in settings.items():
        if name.startswith(_MUNICIPALITY):
            try:
                municipality = _put(municipality, name.removeprefix(_MUNICIPALITY).split("."), text)
            except ValidationError as wrong:
                told = "; ".join(error["msg"] for error in wrong.errors())
                raise UserError(f"{name}={text}: {told}") from None
    law = scenario.law
    if shares:
        law = _with_shares(law, shares)
    return replace(scenario, municipality=municipality, law=law)


def _concerns(scenario: Scenario, name: str) -> bool:
    return not name.startswith(LEVERS) or name.split(".")[1] in scenario.levers


def _with_shares(law: Law, shares: Mapping[str, float]) -> Law:
    """The law with other paid shares; what it has read and worked out before comes along, not for every point anew."""
    out = replace(law, paid_share={**law.paid_share, **shares})
    plain = law.without_refusion_context
    before = replace(plain, paid_share=out.paid_share)
    for new, old in ((out, law), (before, plain)):
        new.__dict__["rule_set"] = old.rule_set
        new.__dict__["values"] = {**old.values, "paid_share": dict(new.paid_share)}
    out.__dict__["without_refusion_context"] = before
    return out


def _put(model: Any, route: list[str], text: str) -> Any:
    """A copy with the number at a route replaced; the nearest model around it checks it as if it came from a file."""
    name, *rest = route
    inside = getattr(model, name)
    if isinstance(inside, BaseModel):
        return model.model_copy(update={name: _put(inside, rest, text)})
    if isinstance(inside, Mapping):
        key = next(known for known in inside if str(known) == rest[0])
        if isinstance(inside[key], BaseModel):
            return model.model_copy(update={name: {**inside, key: _put(inside[key], rest[1:], text)}})
        changed: Any = {**inside, key: text}
    else:
        changed = text
    kind = type(model)
    fields = {field.alias or at: getattr(model, at) for at, field in kind.model_fields.items()}
    return kind.model_validate({**fields, kind.model_fields[name].alias or name: changed})


def _name(scenario: Scenario) -> str:
    """What `load` takes for a scenario that was resolved before."""
    return scenario.files_used[len(scenario.parents)] if scenario.files_used else scenario.name


def _base(scenario: Scenario) -> str | None:
    """The ground of a scenario written NAME@BASE, None for one that stands on its own."""
    _, at, base = scenario.name.partition("@")
    if not at:
        return None
    below = scenario.files_used[: len(scenario.parents)]
    return next((file for file in below if Path(file).stem == base), base)
