"""What a store holds, counted: for `jobcenter store status` and `ls`."""

from pathlib import Path
from typing import Any

from experiments.store.lock import is_being_written, who, writer_of
from experiments.store.parts import BROKEN
from experiments.store.rows import SCHEMA, split_name
from experiments.store.store import Store

FIRST_LINE = 200  # characters of an error that are shown


def status(store: Store) -> dict[str, Any]:
    """Runs by scenario and variant, failures, parts, bytes on disk, versions, who is writing."""
    found = store.scan()
    frame = store.frame([])
    groups = [
        {
            "scenario": scenario,
            "variant": variant,
            "runs": len(group),
            "draws": int(group.loc[group.draw >= 0, "draw"].nunique()),
            "seeds": int(group.seed.nunique()),
            "seconds": round(float(group.seconds.sum()), 3),
        }
        for (scenario, variant), group in frame.groupby(["scenario", "variant"])
    ]
    batches = store.batches()
    broken = store.folder / BROKEN
    return {
        "store": str(store.folder),
        "schema": SCHEMA,
        "runs": len(frame),
        "seconds": round(float(frame.seconds.sum()), 3),
        "scenarios": groups,
        "failures": [
            {
                "key": one.key,
                "scenario": one.scenario,
                "variant": one.variant,
                "draw": one.draw,
                "seed": one.seed,
                "error": (one.error.strip().splitlines() or ["no message"])[0][:FIRST_LINE],
                "when": one.when,
            }
            for one in store.failures()
        ],
        "parts": len(found.live),
        "tables": [{"table": name, "runs": len(store.details.files(name))} for name in store.details.names()],
        "bytes": disk_bytes(store.folder),
        "broken_parts": sorted(
            [str(path) for path, _ in found.broken]
            + ([str(path) for path in broken.iterdir()] if broken.is_dir() else [])
        ),
        "batches": len(batches),
        "last_command": str(batches[-1].get("command", "")) if batches else "",
        "code_versions": sorted({str(one["code_version"]) for one in batches if "code_version" in one}),
        "being_written_by": who(writer_of(store.folder)) if is_being_written(store.folder) else None,
        "warnings": store.warnings,
    }


def disk_bytes(folder: Path) -> int:
    """Bytes of all files in the store; one that goes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def contents(store: Store) -> dict[str, Any]:
    """Scenarios by label and hash, draws, and outcomes with their groups and years."""
    from sim.records.outcome_list import OUTCOMES

    frame = store.frame([])
    described = store.scenarios()
    scenarios = [
        {
            "scenario": scenario,
            "variant": variant,
            "hash": hash_,
            "weeks": sorted(int(weeks) for weeks in set(group.weeks)),
            "runs": len(group),
            "question": described.get(str(hash_), {}).get("question"),
        }
        for (scenario, variant, hash_), group in frame.groupby(["scenario", "variant", "scenario_hash"])
    ]
    used = (
        frame.loc[frame.draw >= 0, ["draw", "draw_hash"]].drop_duplicates().sort_values(["draw", "draw_hash"])
    )
    draws = [
        {"draw": int(draw), "hash": hash_} for draw, hash_ in zip(used.draw, used.draw_hash, strict=True)
    ]
    outcomes: dict[str, dict[str, Any]] = {}
    for name in store.outcomes():
        outcome, group_, year = split_name(name)
        kind = OUTCOMES.get(outcome)
        entry = outcomes.setdefault(
            outcome,
            {
                "outcome": outcome,
                "unit": kind.unit if kind else "",
                "meaning": kind.meaning if kind else "",
                "groups": [],
                "years": [],
            },
        )
        for key, value in (("groups", group_), ("years", year)):
            if value not in entry[key]:
                entry[key].append(value)
    return {
        "store": str(store.folder),
        "scenarios": scenarios,
        "draws": draws,
        "outcomes": list(outcomes.values()),
        "warnings": store.warnings,
    }
