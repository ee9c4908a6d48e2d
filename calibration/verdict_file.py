"""The stored verdict on a municipality as it stands, which decides on the watermark (experiments/calibrated.py)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from calibration.distance import Verdict, judge
from calibration.fit import JUDGE_SEEDS
from calibration.simulate import Simulator, middle
from calibration.target_file import Targets
from experiments.calibrated import ground_hash, passes
from experiments.provenance import file_hash
from experiments.store.atomic import write_whole

FOLDER: Final = Path(__file__).parent / "verdicts"


def as_it_stands(simulator: Simulator, runs: int) -> list[Verdict]:
    """The scenario with the values of its files against every target, on luck nobody fitted to."""
    values = simulator.runs([{}], [list(JUDGE_SEEDS[:runs])])[0]
    simulator.check(middle(values), "the scenario as it stands")
    return judge(values, simulator.targets.modelled)


def as_stored(targets: Targets, verdicts: Sequence[Verdict], runs: int) -> dict[str, Any]:
    """What is kept: the numbers, and hashes of what they hold for."""
    scenario = targets.scenario
    out: dict[str, Any] = {
        "schema": 1,
        "name": targets.name,
        "municipality": scenario.municipality.name,
        "ground": ground_hash(scenario),
        "targets_hash": file_hash(targets.path),
        "runs": runs,
        "weeks": scenario.weeks,
        "world_share": scenario.world.share,
        "targets": [
            {
                "name": verdict.target.name,
                "role": verdict.target.row.role,
                "counted": verdict.target.value,
                "tolerance": verdict.target.row.tolerance,
                "model": _number(verdict.model),
                "error": _number(verdict.error),
                "verdict": verdict.verdict,
            }
            for verdict in verdicts
        ],
        "not_modelled": {target.name: target.row.not_modelled for target in targets.not_modelled},
    }
    return {**out, "passes": passes(out)}


def store_verdict(stored: dict[str, Any]) -> Path:
    """Writes it beside the target files; whole or not at all."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{stored['name']}.json"
    write_whole(path, (json.dumps(stored, indent=1, ensure_ascii=False) + "\n").encode())
    return path


def _number(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None
