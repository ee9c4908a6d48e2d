"""What a result rests on: rules of law that were not read, versions, and the keys that make a run repeatable."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

from sim.scenario import Scenario

VERIFIED: Final = ("read", "computed")
LIBRARIES: Final = ("mesa", "numba", "numpy", "pandas", "pyarrow", "pydantic", "PyYAML")


def unverified_rules(scenario: Scenario) -> list[str]:
    """Names of the numbers of law that were not read, by their place in the scenario (economics rule 5).

    Counted: every dated row of the law files with another status than read or computed, every parameter and switch of
    the refusion rule set, and the rate index that carries rates to later years.
    """
    places = {
        _row_of(place)
        for place, origin in scenario.provenance.items()
        if place.startswith("law") and origin.status and origin.status not in VERIFIED
    }
    rules = scenario.law.rule_set
    parameters = {f"refusion.{name}" for name, item in rules.parameters.items() if item.mark != "read"}
    switches = {f"refusion.{name}" for name in rules.switches}
    return sorted(places | parameters | switches | {"prices.rate_index_per_year"})


def _row_of(place: str) -> str:
    return place.removesuffix(".value").removesuffix(".kr")


def rules_not_verified(scenario: Scenario) -> int:
    """How many numbers of law in the scenario were not read."""
    return len(unverified_rules(scenario))


def canonical_hash(scenario: Scenario) -> str:
    """Hash of every value that can alter a result."""
    return _hash(scenario.canonical())


def run_key(scenario: Scenario, draw: Mapping[str, float] | None, seed: int, recording: str) -> str:
    """What names a run in a result store: equal keys mean equal tables."""
    from sim.version import code_version

    return _hash([code_version(), scenario.canonical(), dict(draw or {}), seed, scenario.weeks, recording])


def _hash(values: Any) -> str:
    return hashlib.sha256(
        json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries a result may depend on."""
    out = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def describe(scenario: Scenario) -> dict[str, Any]:
    """A scenario as a manifest tells of it."""
    rules = scenario.law.rule_set
    return {
        "name": scenario.name,
        "question": scenario.question,
        "kind": scenario.kind,
        "evidence_class": scenario.evidence_class,
        "hash": canonical_hash(scenario),
        "files_used": list(scenario.files_used),
        "set": list(scenario.overrides),
        "weeks": scenario.weeks,
        "world_share": scenario.world.share,
        "price_level": scenario.prices.level_year,
        "refusion": {"rules": scenario.law.refusion, "switches": dict(rules.switches)},
        "rules_not_verified": rules_not_verified(scenario),
    }
