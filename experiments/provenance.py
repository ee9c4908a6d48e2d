"""What a result rests on: rules of law that were not read, versions, and the keys that make a run repeatable."""

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from sim.scenario import Scenario
from sim.scenario.law_tables import Dated

VERIFIED: Final = ("read", "computed")
LIBRARIES: Final = ("mesa", "numba", "numpy", "pandas", "pyarrow", "pydantic", "PyYAML")


def unverified_rules(scenario: Scenario) -> list[str]:
    """Names of the numbers of law in force within the horizon that were not read (economics rule 5).

    Counted: every dated row of the law files with another status than read or computed, every parameter of the refusion
    rule set that is not marked read, every switch of it (each stands for an inferred rule), and the rate index that
    carries rates to later years.
    """
    rules = scenario.law.rule_set
    parameters = {f"refusion.{name}" for name, item in rules.parameters.items() if item.mark != "read"}
    switches = {f"refusion.{name}" for name in rules.switches}
    return sorted({*_unread_rows(scenario)} | parameters | switches | {"prices.rate_index_per_year"})


def _unread_rows(scenario: Scenario) -> Iterator[str]:
    law, end = scenario.law, scenario.start_week + scenario.weeks - 1
    first, last = law.day_of(scenario.start_week), law.day_of(end)
    for name, rows in (*law.transitions.items(), *law.measures.items()):
        days = law.day_for(name, scenario.start_week), law.day_for(name, end)
        for at, row in enumerate(rows):
            if _touches(row, *days) and row.status not in VERIFIED:
                yield f"{name}[{at}]"
    for at, rule in enumerate(law.contact_plan):
        if _touches(rule, first, last) and rule.status not in VERIFIED:
            yield f"contact_plan[{at}].{rule.group}"
    for benefit, periods in law.benefit_rates.items():
        for period, following in zip(periods, (*periods[1:], None), strict=True):
            over = following is not None and following.from_date <= first
            if not over and period.from_date <= last:
                for rate_class, rate in period.rates.items():
                    if rate.status not in VERIFIED:
                        yield f"benefit_rates.{benefit}.{period.from_date}.{rate_class}"


def _touches(row: Dated, first: date, last: date) -> bool:
    return (row.from_date is None or row.from_date <= last) and (row.to_date is None or row.to_date >= first)


def rules_not_verified(scenario: Scenario) -> int:
    """How many numbers of law in the scenario were not read."""
    return len(unverified_rules(scenario))


def canonical_hash(scenario: Scenario) -> str:
    """Hash of every value that can alter a result."""
    return hash_of(scenario.canonical())


def run_key(values_hash: str, draw: Mapping[str, float], seed: int, weeks: int, recording: str) -> str:
    """What names a run in a result store: equal keys mean equal tables. values_hash: the scenario's
    `canonical_hash`."""
    from sim.version import code_version

    return hash_of([code_version(), values_hash, dict(draw), seed, weeks, recording])


def file_hash(path: Path) -> str:
    """Hash of a file as it is written: 64 hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hash_of(values: Any) -> str:
    """Hash of plain values, whatever the order of their keys: 64 hex digits."""
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
