"""Whether the fit targets of a scenario's municipality pass: read from a stored verdict, never said by hand.

`jobcenter calibrate NAME --judge` lives the municipality as it stands, sets it against every fit target and keeps the
numbers in `calibration/verdicts/NAME.json`, with hashes of the behaviour values, the municipality and the target file
they hold for. Change one of these and the verdict no longer speaks of your scenario: the watermark is back.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from experiments.comparison import mark
from experiments.provenance import file_hash, hash_of
from sim.scenario import Scenario

WITHIN_SHARE: Final = 0.9  # of the fit targets must be within tolerance ...
MOST_TOLERANCES: Final = 2.0  # ... and none off by more than so many of them


def ground_hash(scenario: Scenario) -> str:
    """Hash of what a municipality's levels rest on: every behaviour row and the municipality, no code and no lever.

    Effects are not in it: they are centred on what is usual and move no level.
    """
    return hash_of([dict(sorted(scenario.behaviour.items())), scenario.canonical()["municipality"]])


def passes(verdict: Mapping[str, Any]) -> bool:
    """Whether a stored verdict's own numbers pass: asked anew of every one, no summary is believed."""
    off = [
        abs(row["model"] - row["counted"]) / row["tolerance"] if row["model"] is not None else float("inf")
        for row in verdict["targets"]
        if row["role"] == "fit"
    ]
    return bool(off) and sum(x <= 1 for x in off) >= WITHIN_SHARE * len(off) and max(off) <= MOST_TOLERANCES


def is_calibrated(*scenarios: Scenario) -> bool:
    """Whether the fit targets of each scenario's municipality pass."""
    good = {found["ground"] for found in _verdicts() if passes(found)}
    return bool(good) and all(ground_hash(scenario) in good for scenario in scenarios)


def assumed(*scenarios: Scenario) -> tuple[str, ...]:
    """Effects typed in by the user that no study has measured."""
    return tuple(dict.fromkeys(said for scenario in scenarios for said in scenario.assumptions))


def watermark(*scenarios: Scenario) -> str | None:
    """The line every output of scenarios carries; None where the fit targets of each one's municipality pass and no
    effect was typed in."""
    return mark(is_calibrated(*scenarios), assumed(*scenarios))


def calibration_folder() -> Path:
    """Where targets, verdicts and posteriors lie."""
    # The layer above is only asked where it lies; importing it from here would turn the layers round.
    spec = find_spec("calibration")
    return Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path("calibration")


@lru_cache(maxsize=1)
def _verdicts() -> tuple[dict[str, Any], ...]:
    """Stored verdicts that still speak of the target file they were made for."""
    folder, out = calibration_folder(), []
    for path in sorted((folder / "verdicts").glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        targets = folder / "targets" / f"{found['name']}.yaml"
        if targets.is_file() and file_hash(targets) == found["targets_hash"]:
            out.append(found)
    return tuple(out)
