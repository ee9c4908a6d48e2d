"""Small JSON files beside the runs: failures, scenarios, draws, batches. One file a note, whole or absent."""

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from experiments.store.atomic import write_whole
from experiments.store.rows import Failure

FAILURES: Final = "failures"
SCENARIOS: Final = "scenarios"
DRAWS: Final = "draws"
BATCHES: Final = "batches"
FOLDERS: Final = (FAILURES, SCENARIOS, DRAWS, BATCHES)
_HASH = re.compile(r"[0-9A-Za-z_-]{1,128}")


def _write(path: Path, content: Any, *, flush: bool) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True, default=str)
    write_whole(path, (text + "\n").encode(), flush=flush)


def read_notes(folder: Path, warnings: list[str]) -> Iterator[tuple[str, Any]]:
    """Name and content of each note by name; one that cannot be read is told of and passed over."""
    for path in sorted(folder.glob("*.json")):
        try:
            yield path.stem, json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as wrong:
            remark = f"{path}: cannot be read and is passed over ({wrong})"
            if remark not in warnings:
                warnings.append(remark)


def describe(store: Path, kind: str, name: str, content: Mapping[str, Any]) -> None:
    """Writes what a hash stands for, once. A note torn by a power cut is written anew."""
    if not _HASH.fullmatch(name):
        raise ValueError(f"not a hash: {name!r}")
    path = store / kind / f"{name}.json"
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        _write(
            path, dict(content), flush=False
        )  # hundreds of draws: whoever knows the hash can describe it again


def write_failures(store: Path, failures: Sequence[Failure]) -> None:
    """One file for the failures that came together."""
    if failures:
        name = f"{_now()}-{uuid.uuid4().hex[:8]}.json"
        _write(store / FAILURES / name, [asdict(failure) for failure in failures], flush=True)


def read_failures(store: Path, succeeded: set[str], warnings: list[str]) -> list[Failure]:
    """The latest failure of each run that has not succeeded, by scenario, variant, draw and seed."""
    latest: dict[str, Failure] = {}
    for _, listed in read_notes(store / FAILURES, warnings):
        for one in (Failure(**item) for item in listed):
            before = latest.get(one.key)
            if one.key not in succeeded and (before is None or before.when <= one.when):
                latest[one.key] = one
    return sorted(latest.values(), key=lambda one: (one.scenario, one.variant, one.draw, one.seed, one.key))


def write_batch(store: Path, manifest: Mapping[str, Any]) -> None:
    """Notes that a batch has begun, with what it was asked."""
    content = {"noted": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **manifest}
    _write(store / BATCHES / f"{_now()}-{uuid.uuid4().hex[:8]}.json", content, flush=True)


def _now() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
