"""Each person's own chance of a job in a week, read with the model's own rule: no second truth about the channels."""

import math

import numpy as np

from sim.behaviour.exits import band_of
from sim.codes import FIRST_BENEFIT
from sim.compiled import kernel
from sim.week.hiring import channel_log


@kernel
def chances(c, seats, search, meeting, channel, offer, centre, rows, week, out):  # type: ignore[no-untyped-def]
    """Fills `out` for `rows`: the hazard at the reference demand times what the effect channels make of it.

    What an application then meets in the market (open posts, rivals) is not in it. out: float64 (rows), 0 off benefits.
    """
    for k in range(rows.size):
        i = rows[k]
        status = np.int64(c.status[i])
        out[k] = 0.0
        if status < FIRST_BENEFIT:
            continue
        benefit = status - FIRST_BENEFIT
        band = band_of(week - np.int64(c.since[i]) + 1)
        total = channel_log(c, seats, meeting, channel, offer, i, benefit, band, week)
        usual = search.hazard[benefit] * search.person_factor[c.attachment[i], c.education[i], c.health[i]]
        out[k] = usual * math.exp(total - centre[benefit, band])
