"""The posterior of a municipality's levels that comes along and `draws: posterior` reads (experiments/draws.py)."""

import io
import json
import os
from pathlib import Path
from typing import Any, Final

from calibration.fit import Fit
from calibration.fit_report import posterior_frame, predictive_share
from calibration.posterior import cut_by_box
from experiments.calibrated import ground_hash
from experiments.provenance import file_hash
from experiments.store.atomic import write_whole
from sim.errors import UserError

FOLDER: Final = Path(__file__).parent / "posteriors"
CONVERGED: Final = 1.2  # split R-hat up to which chains are said to tell the same story


def about(fit: Fit) -> dict[str, Any]:
    """What the draws hold for: hashes of the ground and the targets, how they were made, what they left open."""
    last = fit.waves[-1]
    return {
        "schema": 1,
        "name": fit.targets.name,
        "municipality": fit.scenario.municipality.name,
        "ground": ground_hash(fit.scenario),
        "targets_hash": file_hash(fit.targets.path),
        "variant": fit.variant.name,
        "effort": fit.effort.name,
        "weeks": fit.scenario.weeks,
        "emulator_runs": last.emulator.points,
        "rhat_max": round(float(last.sample.rhat.max()), 3),
        "independent_draws": round(last.sample.independent),
        "cut_by_box": cut_by_box(last),
        "held_by_draws": {name: round(share, 3) for name, share in predictive_share(fit).items()},
        "width_to_prior": {
            level.name: round(float(width), 3) for level, width in zip(fit.levels, fit.width, strict=True)
        },
    }


def check_free() -> None:
    """Raises UserError when a posterior could not be stored, before a night is spent on it."""
    try:
        FOLDER.mkdir(exist_ok=True)
    except OSError as wrong:
        raise UserError(f"--keep: {FOLDER} cannot be written ({wrong.strerror})") from None
    if not os.access(FOLDER, os.W_OK):
        raise UserError(f"--keep: {FOLDER} cannot be written")


def store_posterior(fit: Fit) -> Path:
    """Writes draws of the levels and what they hold for beside the target files; each whole or not at all.

    Raises UserError when the chains do not agree.
    """
    rhat = float(fit.waves[-1].sample.rhat.max())
    if rhat > CONVERGED:
        raise UserError(
            f"--keep: the chains do not tell the same story (split R-hat {rhat:.2f}), so no posterior is kept;"
            " the report and all else are in --out"
        )
    check_free()
    path = FOLDER / f"{fit.targets.name}.parquet"
    draws = io.BytesIO()
    posterior_frame(fit, False).to_parquet(draws, index=False)
    write_whole(path, draws.getvalue())
    said = json.dumps(about(fit), indent=1, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".json"), said.encode())
    return path
