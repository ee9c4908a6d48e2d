"""A tree checked against its model: unknown keys, quantities, units, ranges; every problem with its file and line.

A number may stand bare or as a table {value, unit, source, status, low, high, note}. The table is taken apart here: the
model gets the value, in the unit it asks for, the rest goes to the provenance by path. So models hold plain numbers.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sim.errors import Problem, UserError
from sim.scenario.scalars import STATUSES, OneOf, Unit
from sim.scenario.units import factor_between
from sim.scenario.yaml_tree import Path, Tree, dotted, nearest

M = TypeVar("M", bound=BaseModel)
QUANTITY_KEYS: Final = ("value", "unit", "source", "status", "low", "high", "note")


@dataclass(frozen=True)
class Provenance:
    """Where a number comes from and how far it can be trusted."""

    unit: str = ""
    source: str = ""
    status: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class _Plan:
    """What a schema expects at one spot, found once per model."""

    model: type[BaseModel] | None = None
    fields: Mapping[str, "_Plan"] | None = None
    required: tuple[str, ...] = ()
    keys: tuple[str, ...] | None = None
    items: "_Plan | None" = None
    listed: bool = False
    names: tuple[str, ...] | None = None
    unit: str = ""
    scalar: bool = False


@cache
def _model_plan(model: type[BaseModel]) -> _Plan:
    fields, required = {}, []
    for name, info in model.model_fields.items():
        key = info.alias or name
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        fields[key] = _plan(info.annotation, tuple(info.metadata), str(extra.get("unit", "")))
        if info.is_required():
            required.append(key)
    # A model that takes entries under names of the file's own says what each of them is.
    own = (
        model.__annotations__.get("__pydantic_extra__")
        if model.model_config.get("extra") == "allow"
        else None
    )
    entries = _plan(get_args(own)[1]) if own is not None else None
    return _Plan(model=model, fields=fields, required=tuple(required), items=entries)


def _plan(annotation: Any, metadata: tuple[Any, ...] = (), unit: str = "") -> _Plan:
    while get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        metadata = (*metadata, *inner)
    names = next((mark.names for mark in metadata if isinstance(mark, OneOf)), None)
    unit = unit or next((mark.name for mark in metadata if isinstance(mark, Unit)), "")
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        rest = [argument for argument in arguments if argument is not type(None)]
        return _plan(rest[0], metadata, unit) if len(rest) == 1 else _Plan()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model_plan(annotation)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        keys = _plan(arguments[0]).names
        return _Plan(keys=keys, items=_plan(arguments[1], (), unit))
    if origin in (list, tuple):
        return _Plan(items=_plan(arguments[0], (), unit), listed=True)
    return _Plan(names=names, unit=unit, scalar=annotation in (int, float))


class Checker:
    """Walks one tree along a model and collects problems and provenance."""

    def __init__(self, tree: Tree):
        self.tree = tree
        self.problems: list[Problem] = []
        self.provenance: dict[str, Provenance] = {}
        self.broken: set[Path] = set()  # told already; whatever the model says of it comes from that

    def wrong(self, path: Path, message: str, key: bool = False) -> None:
        self.problems.append(self.tree.problem(path, message, key))

    def table(self, value: Any, path: Path, what: str) -> Mapping[str, Any] | None:
        if isinstance(value, Mapping):
            return value
        found = "nothing" if value is None else "a list" if isinstance(value, list) else f"'{value}'"
        self.wrong(path, f"{what or 'this'} must be a table of keys, found {found}")
        return None

    def ready(self, value: Any, plan: _Plan, path: Path) -> Any:
        """The value as the model wants it; problems are noted, never raised."""
        if plan.fields is not None:
            return self._fields(value, plan, path)
        if plan.listed and plan.items is not None:
            if not isinstance(value, list):
                self.wrong(path, f"'{dotted(path[-1:])}' must be a list, found {_shown(value)}")
                return []
            return [self.ready(entry, plan.items, (*path, at)) for at, entry in enumerate(value)]
        if plan.items is not None:
            table = self.table(value, path, f"'{dotted(path[-1:])}'")
            out = {}
            for key, entry in (table or {}).items():
                if plan.keys is not None and key not in plan.keys:
                    self.wrong((*path, key), f"unknown name '{key}'{nearest(key, plan.keys)}", key=True)
                else:
                    out[key] = self.ready(entry, plan.items, (*path, key))
            return out
        if isinstance(value, Mapping) and plan.scalar:
            return self._quantity(value, plan, path)
        if plan.names is not None and value not in plan.names:
            self.wrong(path, f"unknown name {_shown(value)}{nearest(str(value), plan.names)}")
            return plan.names[0]
        return value

    def _fields(self, value: Any, plan: _Plan, path: Path) -> Any:
        table = self.table(value, path, f"'{dotted(path[-1:])}'" if path else "the file")
        fields = plan.fields or {}
        out: dict[str, Any] = {}
        for key, entry in (table or {}).items():
            if key not in fields and plan.items is not None:
                if entry is not None:
                    out[key] = self.ready(entry, plan.items, (*path, key))
            elif key not in fields:
                self.wrong((*path, key), f"unknown key '{key}'{nearest(key, fields)}", key=True)
            elif entry is not None or not _optional(plan, key):
                out[key] = self.ready(entry, fields[key], (*path, key))
        for key in plan.required:
            if table is not None and key not in table:
                where = f" in '{dotted(path)}'" if path else ""
                self.wrong(path, f"'{key}' is missing{where}", key=True)
        return out

    def _quantity(self, value: Mapping[str, Any], plan: _Plan, path: Path) -> Any:
        before = len(self.problems)
        for key in value:
            if key not in QUANTITY_KEYS:
                self.wrong((*path, key), f"unknown key '{key}'{nearest(key, QUANTITY_KEYS)}", key=True)
        if "value" not in value:
            if len(self.problems) == before:
                keys = ", ".join(QUANTITY_KEYS)
                self.wrong(path, f"'value' is missing in '{dotted(path)}'; allowed: {keys}", key=True)
            self.broken.add(path)
            return None
        texts = {}
        for key in ("unit", "source", "status", "note"):
            if not isinstance(value.get(key, ""), str | None):
                self.wrong((*path, key), f"'{key}' must be text, found {_shown(value[key])}")
            else:
                texts[key] = value.get(key) or ""
        status, unit = texts.get("status", ""), texts.get("unit", "")
        if status and status not in STATUSES:
            self.wrong((*path, "status"), f"unknown status '{status}'{nearest(status, STATUSES)}")
        low, high = (self._bound(value, path, name) for name in ("low", "high"))
        number = value["value"]
        try:
            plain: float | None = float(number)
        except (TypeError, ValueError):
            plain = None
        if plain is not None and ((low is not None and plain < low) or (high is not None and plain > high)):
            self.wrong((*path, "value"), f"value {number} lies outside its own range {_bounds(low, high)}")
        factor = factor_between(unit, plan.unit) if unit and plan.unit else 1.0
        if factor is None:
            self.wrong((*path, "unit"), f"wrong unit '{unit}' for '{path[-1]}'; it is given in: {plan.unit}")
        elif factor != 1.0:  # the range goes into the unit of the model with the value
            unit = plan.unit
            number = number if plain is None else repr(round(plain * factor, 12))
            low, high = (None if bound is None else round(bound * factor, 12) for bound in (low, high))
        self.provenance[dotted(path)] = Provenance(
            unit or plan.unit, texts.get("source", ""), status, low, high, texts.get("note", "")
        )
        return number

    def _bound(self, value: Mapping[str, Any], path: Path, name: str) -> float | None:
        if value.get(name) is None:
            return None
        try:
            return float(value[name])
        except (TypeError, ValueError):
            self.wrong((*path, name), f"'{name}' must be a number, found {_shown(value[name])}")
            return None

    def build(self, model: type[M], path: Path = (), value: Any = None) -> M | None:
        """The model at a path of the tree, or of `value` in its stead; None when something is wrong (`problems`)."""
        if value is None:
            value = self.tree.root
            for step in path:
                value = value[step]
        known = len(self.problems)
        ready = self.ready(value, _model_plan(model), path)
        try:
            built = model.model_validate(ready)
        except ValidationError as wrong:
            for error in wrong.errors(include_url=False):
                place = (*path, *_path_of(error["loc"], ready))
                # What the walk has already said is not said twice in pydantic's words.
                if (
                    error["type"] not in ("missing", "extra_forbidden")
                    and place not in self.broken
                    and not self._said(place)
                ):
                    # What is wrong with a whole table is told where its name stands.
                    self.wrong(place, _sentence(error, place), key=isinstance(error.get("input"), dict))
            if len(self.problems) == known:
                raise
            return None
        return built if len(self.problems) == known else None

    def _said(self, path: Path) -> bool:
        here = self.tree.problem(path, "")
        return any((p.file, p.line, p.column) == (here.file, here.line, here.column) for p in self.problems)

    def done(self) -> None:
        """Raises UserError with all problems found, if any."""
        if self.problems:
            raise UserError(sorted(self.problems, key=lambda p: (p.file, p.line or 0, p.column or 0)))


def _optional(plan: _Plan, key: str) -> bool:
    return key not in plan.required


def _bounds(low: float | None, high: float | None) -> str:
    return f"{'-' if low is None else f'{low:g}'} to {'-' if high is None else f'{high:g}'}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, Mapping) else f"'{value}'"


def _path_of(location: tuple[str | int, ...], ready: Any) -> Path:
    """Pydantic's location as a path of the tree: markers such as '[key]' are dropped."""
    path: list[str | int] = []
    for step in location:
        if isinstance(ready, Mapping) and step in ready:
            ready = ready[step]
        elif isinstance(ready, list) and isinstance(step, int) and step < len(ready):
            ready = ready[step]
        else:
            break
        path.append(step)
    return tuple(path)


_LIMITS: Final = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}


def _sentence(error: Any, path: Path) -> str:
    """Pydantic's finding as one sentence: what, found, allowed."""
    kind, context, found = error["type"], error.get("ctx") or {}, error.get("input")
    last = path[-2:] if path and isinstance(path[-1], int) else path[-1:]  # a place in a list has no name
    name = f"'{dotted(last)}'" if path else "the file"
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return f"{name} must be {words} {context[key]:g}, found {found}"
    if kind in ("plain", "value_error"):
        message = str(error["msg"]).removeprefix("Value error, ")
        return f"{name}: {message}" if path else message
    if found is None:
        return f"{name} has no value"
    if kind.startswith(("int", "float", "bool", "string", "date")):
        what = {
            "int": "a whole number",
            "float": "a number",
            "bool": "true or false",
            "string": "text",
            "date": "a date",
        }
        return f"{name} must be {what[kind.split('_')[0]]}, found {_shown(found)}"
    return f"{name}: {error['msg']}, found {_shown(found)}"


def allowed_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys a file may hold where this model is read."""
    return tuple(_model_plan(model).fields or ())
