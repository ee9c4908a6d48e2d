"""Draws of what is not known: one vector of behavioural numbers from their ranges, shared by all scenarios of a pair.

A row's distribution is read off its range. *Lognormal*: the value is the median, low and high are the points below
and above which one draw in twenty falls, each side with its own spread. *Uniform*, *triangular*: low and high are
limits. Numbers that set levels (how often people find work, fall ill, leave) are not drawn: they were fitted to what
was counted in the municipality, and with them every draw would be another municipality. They form a group of their
own in sensitivity analysis.

`posterior` draws the levels too: a row of the posterior that came with the municipality's calibration, whose levels
hold the targets together, beside the ranges of everything else.

A draw is addressed: number k of parameter p is a hash of (k, p), so a parameter more or less changes no other.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from sim.errors import UserError
from sim.scenario import Scenario

# Groups of rows that set levels; in the others rows that were fitted to the sanity table do so too.
LEVEL_GROUPS: Final = ("exits", "events", "people", "drift")
FITTED: Final = ("fitted_by_hand", "fitted")
# What `draws:` of an experiment may be besides a file.
RANGES, NONE, POSTERIOR = "ranges", "none", "posterior"
WORDS: Final = (RANGES, NONE, POSTERIOR)
TAIL: Final = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Range:
    """What is known of one number."""

    value: float
    low: float
    high: float
    distribution: str

    def at(self, u: float) -> float:
        """The quantile `u`, strictly between 0 and 1."""
        if self.distribution == "fixed" or self.low == self.high:
            return self.value
        if self.distribution == "uniform":
            return self.low + u * (self.high - self.low)
        if self.distribution == "triangular":
            return self._triangular(u)
        return self._lognormal(NormalDist().inv_cdf(u) / TAIL)

    def _triangular(self, u: float) -> float:
        width = self.high - self.low
        peak = (self.value - self.low) / width
        if u < peak:
            return self.low + math.sqrt(u * width * (self.value - self.low))
        return self.high - math.sqrt((1.0 - u) * width * (self.high - self.value))

    def _lognormal(self, z: float) -> float:
        """z: -1 at low, 0 at the value, +1 at high. A range that reaches down to 0 is spread evenly below the value."""
        end = self.high if z > 0 else self.low
        if end > 0 and self.value > 0:
            return float(self.value * (end / self.value) ** abs(z))
        return max(0.0, self.value + abs(z) * (end - self.value))


def ranges(scenario: Scenario) -> dict[str, Range]:
    """Every number that is drawn, by the name `Scenario.with_behaviour` takes."""
    out = {
        name: Range(row.value, row.low, row.high, row.distribution)
        for name, row in sorted(scenario.behaviour_rows.items())
        if is_drawn(name, row.status) and row.distribution != "fixed" and row.low < row.high
    }
    for name, effect in sorted(scenario.effects.items()):
        for part in ("contrast", "channel_share"):
            found = getattr(effect, part)
            if found.low < found.high:
                out[f"effects.{name}.{part}"] = Range(found.value, found.low, found.high, found.distribution)
    return out


def lever_ranges(scenarios: Iterable[Scenario]) -> dict[str, Range]:
    """Numbers of the scenarios' levers that are known as a range, such as what a mentor adds to job finding.

    They move no baseline, so no level is put back for them. Two scenarios with a lever of one name share its draw.
    """
    out = {}
    for scenario in scenarios:
        for name, lever in scenario.levers.items():
            for path, (value, low, high) in lever.ranges().items():
                kind = "lognormal" if low < value < high else "uniform"
                out[f"levers.{name}.{path}"] = Range(value, low, high, kind)
    return out


def is_drawn(name: str, status: str) -> bool:
    """Whether a behaviour row is uncertain knowledge of a mechanism, not a level fitted to the municipality."""
    return name.split(".")[0] not in LEVEL_GROUPS and status not in FITTED


def draw(known: Mapping[str, Range], number: int) -> dict[str, float]:
    """Draw `number` (0, 1, ...) of every range."""
    return {name: known[name].at(_uniform(number, name)) for name in sorted(known)}


def row_of(number: int, rows: int) -> int:
    """Which row of a posterior goes with draw `number`: addressed like the draw, so that few draws see all of it."""
    return int(_uniform(number, "row of the posterior") * rows)


def _uniform(number: int, name: str) -> float:
    """A number strictly between 0 and 1, a pure function of the number of the draw and the parameter's name."""
    digest = hashlib.sha256(f"draw {number} {name}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 0.5) / 2.0**64


def set_by_hand(scenario: Scenario) -> set[str]:
    """Names of draws that a scenario, its `set:` or the experiment sets itself: these are not drawn over."""
    names = set()
    for change in scenario.overrides:
        path = change.split("=", 1)[0].strip().removesuffix(".value")
        names.add(path.removeprefix("behaviour."))
    return names


def number_of(scenario: Scenario, name: str) -> float:
    """The number a draw's name stands for in a scenario."""
    if name in scenario.behaviour:
        return scenario.behaviour[name]
    if name.startswith("levers."):
        return 0.0  # a lever's own number: no base has another
    _, effect, part = name.split(".")
    return float(getattr(scenario.effects[effect], part).value)


def shipped_posterior(scenario: Scenario) -> str:
    """Path of the posterior of levels that `draws: posterior` means: the one calibrated for the municipality's values.

    Raises UserError when none was made for the scenario's behaviour values and municipality and for the target file
    as it is.
    """
    from experiments.calibrated import calibration_folder, ground_hash
    from experiments.provenance import file_hash

    folder, wanted = calibration_folder(), ground_hash(scenario)
    for path in sorted((folder / "posteriors").glob("*.json")):
        made, targets = json.loads(path.read_text(encoding="utf-8")), folder / "targets" / f"{path.stem}.yaml"
        if made["ground"] == wanted and targets.is_file() and made["targets_hash"] == file_hash(targets):
            return str(path.with_suffix(".parquet"))
    raise UserError(
        f"draws: posterior: no posterior comes along for the behaviour values and municipality of {scenario.name}."
        " A full `jobcenter calibrate TARGETS --keep` makes one; 'draws: ranges' leaves the levels where they are"
    )


def read_posterior(path: str, scenario: Scenario) -> list[dict[str, float]]:
    """Draws from a file: Parquet or CSV, one row a draw, one column a parameter. Raises UserError."""
    from pathlib import Path

    import pandas as pd

    file = Path(path)
    if not file.exists():
        raise UserError(f"{path}: no such file; draws come from a Parquet or CSV file with one row per draw")
    try:
        frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    except (ValueError, OSError) as wrong:
        raise UserError(f"{path}: cannot be read as a table of draws ({wrong})") from None
    if frame.empty:
        raise UserError(f"{path}: holds no draw")
    try:
        scenario.with_behaviour(dict.fromkeys(map(str, frame.columns), 1.0))
    except KeyError as unknown:
        raise UserError(
            f"{path}: {unknown.args[0]}; columns are named like market.posting_response"
        ) from None
    return [
        {
            str(name): _checked(value, str(name), f"{path}: row {at + 1}", scenario)
            for name, value in row.items()
        }
        for at, row in enumerate(frame.to_dict("records"))
    ]


def _checked(value: object, name: str, where: str, scenario: Scenario) -> float:
    """The number of a cell, possible for its parameter: not below 0 where the range is not, no share above 1."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{where}: '{name}' is not a finite number, found {value!r}")
    row = scenario.behaviour_rows.get(name)
    low = row.low if row is not None else 0.0
    share = row.unit in ("share", "0-1") if row is not None else name.endswith("channel_share")
    if (low >= 0 and number < 0) or (share and number > 1):
        raise UserError(f"{where}: '{name}' is {number:g}; allowed: {'0 to 1' if share else '0 or more'}")
    return number
