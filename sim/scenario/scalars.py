"""The kinds of number and name a file may hold: shares, kroner, weeks, ISO weeks, dates, codes.

Files hold text; these types say how it is read and, when it is wrong, what was found and what is allowed. `item`
declares a field with its unit, bounds, meaning and source, which also feed the JSON Schema.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sim.calendar import iso, week_of
from sim.scenario.units import factor_between, is_kroner


class Frozen(BaseModel):
    """Base of every table of a file: unknown keys are refused, values never change, no NaN."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False, defer_build=True
    )


@dataclass(frozen=True)
class OneOf:
    """Marks text that must be one of the given names."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.names))


@dataclass(frozen=True)
class Unit:
    """Marks a number with its unit where the field itself does not say it."""

    name: str


def item(
    default: Any = ...,
    *,
    unit: str,
    meaning: str,
    source: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    alias: str | None = None,
    unsaid: bool = False,
) -> Any:
    """A field with unit, bounds, meaning and source. unsaid: without a value it leaves no trace, hashes included."""
    return Field(
        default, ge=ge, gt=gt, le=le, alias=alias, description=meaning,
        exclude_if=(lambda value: value is None) if unsaid else None,
        json_schema_extra={"unit": unit, **({"source": source} if source else {})},
    )  # fmt: skip


def _wrong(message: str) -> PydanticCustomError:
    # Braces would be read as a template by pydantic.
    return PydanticCustomError("plain", "{message}", {"message": message})


_NUMBER: Final = re.compile(r"^[+-]?\d[\d\s_.,]*")
_DECIMAL_COMMA: Final = re.compile(r"(?<=\d),(?=\d{1,2}$)")


def _decimal(text: str) -> float:
    return float(Decimal(text.replace(" ", "").replace("_", "")))


def read_share(value: Any) -> Any:
    """A share: 0.35 or '35 %'."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        if text.endswith("%"):
            # Decimal keeps 35 % at exactly the float a person types as 0.35.
            number = float(Decimal(text[:-1].strip()) / 100)
        else:
            number = _decimal(text)
    except InvalidOperation:
        raise _wrong(f"a share is a number from 0 to 1, such as 0.35 or '35 %'; found '{value}'") from None
    if not 0 <= number <= 1:
        percent = (
            f"; if {text} per cent is meant, write '{text} %'"
            if 1 < number <= 100 and "%" not in text
            else ""
        )
        raise _wrong(f"a share must lie between 0 and 1, found {text}{percent}")
    return number


def read_kroner(value: Any) -> Any:
    """Kroner: 12000, '12000 kr.', '10 mio. kr.', '250 1.000 kr.'."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    match = _NUMBER.match(text)
    number, unit = (match[0].strip(), text[match.end() :].strip()) if match else ("", text)
    thousand = number.endswith((" 1.000", " 1,000", " 1000")) and unit
    if thousand:
        number = number.rsplit(" ", 1)[0]
        unit = f"1000 {unit}"
    factor = factor_between(unit, "kr") if unit else 1.0
    if factor is not None and factor >= 1_000_000:
        number = _DECIMAL_COMMA.sub(".", number)  # 10,5 mio. kr. has one reading
    known = not unit or (is_kroner(unit) and unit.lower().rstrip(".").endswith(("kr", "dkk", "kroner")))
    try:
        if factor is None or not known:
            raise InvalidOperation
        if "," in number or re.search(r"\.\d{3}($|\D)", number):
            raise _wrong(
                f"'{value}' can be read in two ways; write kroner without separators, such as 1200000 or '1.2 mio. kr.'"
            )
        return _decimal(number) * factor
    except InvalidOperation:
        raise _wrong(
            f"an amount is a number of kroner, such as 12000 or '10 mio. kr.'; found '{value}'"
        ) from None


def read_weeks(value: Any) -> Any:
    """A whole number of weeks."""
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        raise _wrong(f"a whole number of weeks is needed, such as 26; found '{value}'") from None


def read_iso_week(value: Any) -> Any:
    """An ISO week as text to a week index."""
    if not isinstance(value, str):
        return value
    try:
        return week_of(value.strip())
    except ValueError as wrong:
        raise _wrong(str(wrong)) from None


def read_date(value: Any) -> Any:
    """A date as text."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise _wrong(f"a date is written year-month-day, such as 2024-07-01; found '{value}'") from None


def read_law_date(value: Any) -> Any:
    """A date, or `by_date`: the law of each week's own date."""
    return value if value == "by_date" else read_date(value)


def read_number(value: Any) -> Any:
    """A plain number; says so when a unit hangs on it."""
    if not isinstance(value, str):
        return value
    try:
        number = _decimal(value)
        if isfinite(number):
            return number
        raise InvalidOperation
    except InvalidOperation:
        raise _wrong(f"a plain number is needed, with a point for decimals; found '{value}'") from None


def read_quarters(value: float) -> float:
    """Posts come in quarters: nobody is employed for 0.1 of a week."""
    if value * 4 != round(value * 4):
        raise _wrong(f"full-time posts come in quarters (0.25, 0.5, ...); found {value:g}")
    return value


# How far a number can be trusted.
STATUSES: Final = (
    "read",
    "computed",
    "inferred",
    "judgement",
    "unsolved",
    "solved",
    "fitted_by_hand",
    "fitted",
    "not_found",
)
Status = Annotated[str, OneOf(STATUSES)]

_PERCENT_OR_SHARE: Final = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^[0-9.]+ ?%$"}]
}
Number = Annotated[float, BeforeValidator(read_number)]
Count = Annotated[int, BeforeValidator(read_number)]
Share = Annotated[float, BeforeValidator(read_share), Unit("share"), WithJsonSchema(_PERCENT_OR_SHARE)]
Percent = Annotated[float, BeforeValidator(read_number), Unit("%"), Field(ge=0, le=100)]
Kr = Annotated[
    float, BeforeValidator(read_kroner), Unit("kr"), WithJsonSchema({"type": ["number", "string"]})
]
Weeks = Annotated[int, BeforeValidator(read_weeks), Unit("weeks")]
Minutes = Annotated[float, BeforeValidator(read_number), Unit("minutes")]
Fte = Annotated[float, BeforeValidator(read_number), Unit("FTE")]
IsoWeek = Annotated[
    int,
    BeforeValidator(read_iso_week),
    PlainSerializer(iso, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(\d{4}-W\d{2}|start([+-]\d+)?)$",
            "examples": ["2027-W01", "start+26"],
        }
    ),
]
Day = Annotated[date, BeforeValidator(read_date)]


class WithRange(Frozen):
    """A row with a value and, where one is known, its range."""

    value: float
    low: Number | None = None
    high: Number | None = None

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            raise ValueError(f"value {self.value:g} lies outside its range {low:g} to {high:g}")
        return self


# What a file says about a number and not the number itself.
_REMARKS = frozenset(("source", "status", "note", "unit", "low", "high", "name", "schema"))


def bare(tree: Any) -> Any:
    """A dumped model without what only remarks on its numbers, keys in order."""
    if isinstance(tree, dict):
        return {key: bare(tree[key]) for key in sorted(tree, key=str) if key not in _REMARKS}
    return [bare(entry) for entry in tree] if isinstance(tree, list | tuple) else tree
