"""The posterior of a municipality's levels that comes along and `draws: posterior` reads (experiments/draws.py)."""

import io
import json
from pathlib import Path
from typing import Any, Final

from calibration.fit import Fit
from calibration.fit_report import posterior_frame
from experiments.calibrated import ground_hash, targets_hash
from experiments.store.atomic import write_whole

FOLDER: Final = Path(__file__).parent / "posteriors"


def about(fit: Fit) -> dict[str, Any]:
    """What the draws hold for: hashes of the ground and the targets, how they were made, what they left open."""
    last = fit.waves[-1]
    return {
        "schema": 1,
        "name": fit.targets.name,
        "municipality": fit.scenario.municipality.name,
        "ground": ground_hash(fit.scenario),
        "targets_hash": targets_hash(fit.targets.path),
        "variant": fit.variant.name,
        "effort": fit.effort.name,
        "weeks": fit.scenario.weeks,
        "emulator_runs": last.emulator.points,
        "rhat_max": round(float(last.sample.rhat.max()), 3),
        "independent_draws": round(last.sample.independent),
        "width_to_prior": {
            level.name: round(float(width), 3) for level, width in zip(fit.levels, fit.width, strict=True)
        },
    }


def store_posterior(fit: Fit) -> Path:
    """Writes draws of the levels and what they hold for beside the target files; each whole or not at all."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{fit.targets.name}.parquet"
    draws = io.BytesIO()
    posterior_frame(fit, False).to_parquet(draws, index=False)
    write_whole(path, draws.getvalue())
    said = json.dumps(about(fit), indent=1, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".json"), said.encode())
    return path
