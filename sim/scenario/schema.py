"""JSON Schema of scenario, municipality and behaviour files, made from the models that check them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.scenario.behaviour_rows import EffectsFile, Row
from sim.scenario.models import ScenarioFile
from sim.scenario.municipality import Municipality
from sim.scenario.scalars import STATUSES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: Final = {"type": ["number", "string"]}
_QUANTITY: Final = {
    "type": "object",
    "description": "a number with its unit and where it comes from",
    "properties": {
        "value": {**_NUMBER, "description": "the number itself"},
        "unit": {"type": "string"},
        "source": {"type": "string"},
        "status": {"enum": list(STATUSES)},
        "low": _NUMBER,
        "high": _NUMBER,
        "note": {"type": "string"},
    },
    "required": ["value"],
    "additionalProperties": False,
}


def _is_number(node: Mapping[str, Any]) -> bool:
    kinds = node.get("type")
    return "const" not in node and (kinds in ("number", "integer") or kinds == _NUMBER["type"])


def _with_quantities(node: Any) -> Any:
    """Wherever a number may stand, a table {value, unit, ...} may stand too."""
    if isinstance(node, list):
        return [_with_quantities(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    if _is_number(node):
        outer = {
            key: node[key] for key in ("title", "description", "default", "unit", "source") if key in node
        }
        inner = {key: value for key, value in node.items() if key not in outer}
        return {**outer, "anyOf": [inner, {"$ref": "#/$defs/Quantity"}]}
    return {key: _with_quantities(value) for key, value in node.items()}


def scenario_schema() -> dict[str, Any]:
    """A scenario file: only the question is required, as a base gives the rest."""
    from sim.policies.registry import levers  # the levers' files need this package first

    schema = ScenarioFile.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    parameters = {}
    for name, lever in sorted(levers().items()):
        own = lever.model_json_schema(by_alias=True)
        definitions |= own.pop("$defs", {})
        parameters[name] = own
    keys = schema["properties"]
    text = {"type": "string"}
    keys["extends"] = {
        "anyOf": [text, {"type": "array", "items": text}],
        "description": "the scenario(s) this one is laid on",
    }
    keys["set"] = {
        "type": "object",
        "description": "key.path: value, laid over everything, municipality and law included",
    }
    keys["levers"] = {
        "type": "object",
        "description": keys["levers"]["description"],
        "properties": {name: {"anyOf": [table, {"type": "null"}]} for name, table in parameters.items()},
        "additionalProperties": False,
    }
    schema["required"] = ["question"]
    definitions["Quantity"] = _QUANTITY
    for name in ("LawChoice", "Prices", "Trial", "World"):
        definitions[name].pop("required", None)  # an overlay names only what it changes
    schema["properties"] = _with_quantities(keys)
    return {"$schema": DIALECT, **schema, "title": "Scenario"}


def municipality_schema() -> dict[str, Any]:
    """A municipality file."""
    schema = _with_quantities(Municipality.model_json_schema(by_alias=True))
    schema["$defs"]["Quantity"] = _QUANTITY
    return {"$schema": DIALECT, **schema}


def behaviour_schema() -> dict[str, Any]:
    """A behaviour file: groups of rows."""
    row = Row.model_json_schema(by_alias=True)
    group = {"type": "object", "additionalProperties": row}
    return {
        "$schema": DIALECT,
        "title": "Behaviour",
        "type": "object",
        "properties": {"schema": {"const": 1}},
        "additionalProperties": group,
    }


def effects_schema() -> dict[str, Any]:
    """behaviour/effects.yaml."""
    return {"$schema": DIALECT, **EffectsFile.model_json_schema(by_alias=True)}


SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "scenario": scenario_schema,
    "municipality": municipality_schema,
    "behaviour": behaviour_schema,
    "effects": effects_schema,
}
