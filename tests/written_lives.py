"""Registers of lives written by hand, one letter a week, for tests of what statistics count."""

from collections.abc import Sequence

import numpy as np
from made_results import blank_result, put

from calibration.register import NONE, Lived
from sim.calendar import week_of
from sim.codes import BENEFITS, FIRST_BENEFIT, STATUSES

LETTER = {
    "d": "dagpenge",
    "k": "kontanthjaelp_jobready",
    "a": "kontanthjaelp_activityready",
    "s": "sygedagpenge",
    "j": "job",
    "e": "education",
    "w": "subsidised_job",
    "g": "gone",
    ".": "absent",
}


def lives(*written: str, since: Sequence[int] = (), start: str = "2024-W01", share: float = 1.0) -> Lived:
    """A register from one letter a week and person; a wage subsidy belongs to dagpenge."""
    weeks = len(written[0])
    status = np.array([[STATUSES.index(LETTER[x]) for x in life] for life in written], np.uint8).T
    benefit = status.astype(int) - FIRST_BENEFIT
    belongs = np.where(benefit >= 0, benefit, NONE).astype(np.uint8)
    belongs[status == STATUSES.index("subsidised_job")] = 0
    result = blank_result(weeks)
    result = type(result)(**{**vars(result), "start": week_of(start)})
    for name in BENEFITS:
        put(result, f"stock.{name}", (status == STATUSES.index(name)).sum(axis=1))
    began = np.array(since if since else [0] * len(written), np.int32)
    return Lived(result, status, belongs, np.zeros_like(status), began, share)
