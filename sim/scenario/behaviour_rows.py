"""Behavioural parameters as rows (value, unit, range, evidence, status, meaning), and the published contrasts."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.scenario.municipality import Benefit
from sim.scenario.scalars import Frozen, OneOf, Status

DISTRIBUTIONS = ("lognormal", "uniform", "fixed", "triangular")
Distribution = Annotated[str, OneOf(DISTRIBUTIONS)]
# Names that no behaviour group may take: they hold the file's own facts.
FILE_KEYS = ("schema", "name")


class _Range(Frozen):
    @model_validator(mode="after")
    def _in_range(self) -> Self:
        value, low, high = (getattr(self, name) for name in ("value", "low", "high"))
        if low > high:
            raise ValueError(f"low {low:g} lies above high {high:g}")
        if not low <= value <= high:
            raise ValueError(
                f"value {value:g} lies outside its range {low:g} to {high:g}; to go beyond it, give the range as well:"
                f" {{value: {value:g}, low: {min(low, value):g}, high: {max(high, value):g}}}"
            )
        if getattr(self, "distribution", "") == "lognormal" and low < 0:
            raise ValueError(f"a lognormal row cannot reach below 0, found low {low:g}")
        return self


class Row(_Range):
    """One behavioural number."""

    value: float
    unit: str
    low: float
    high: float
    distribution: Distribution
    evidence: tuple[str, ...]
    status: Status
    meaning: str

    @field_validator("evidence")
    @classmethod
    def _ids(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        for name in ids:
            if not name.startswith("EV"):
                raise ValueError(f"evidence ids begin with EV, found '{name}'")
        return ids


class Dose(Frozen):
    """What the studied group got more of, in the model's own terms."""

    value: float
    unit: str
    meaning: str


class Contrast(_Range):
    """The published effect of that dose."""

    value: float = Field(gt=0)
    low: float = Field(gt=0)
    high: float
    distribution: Distribution
    unit: str


class ChannelShare(_Range):
    """How much of the contrast this channel carries."""

    value: float = Field(ge=0, le=1)
    low: float = Field(ge=0)
    high: float = Field(le=1)
    distribution: Distribution
    meaning: str


class Effect(Frozen):
    """A published contrast that an effect channel must reproduce when its study is replayed."""

    study: str
    groups: tuple[Benefit, ...]
    channel: str
    dose: Dose
    contrast: Contrast
    channel_share: ChannelShare
    evidence: tuple[str, ...]
    status: Status
    note: str = ""


class EffectsFile(Frozen):
    """behaviour/effects.yaml."""

    schema_number: Literal[1, "1"] = Field(1, alias="schema")
    effects: dict[str, Effect]
