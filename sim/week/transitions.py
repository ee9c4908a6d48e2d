"""Step 10: everybody who asked to move does so next Monday.

Requests of a week are resolved in one order of standing (sim/week/world.py): death or moving, legal time
limit, pension,
sickness, job, education, other. `ask` keeps the request of lowest rank, so here the winners are carried out.
"""

import numpy as np

from sim.compiled import kernel
from sim.week.moving import change_status
from sim.week.world import L_REQUESTED


@kernel
def carry_out_requests(c, companies, w, law, monday):
    """Closes and opens spells: the new status holds from week `monday` on."""
    for k in range(w.lengths[L_REQUESTED]):
        i = w.requested[k]
        target = np.int64(c.request[i]) - 1
        c.request[i] = 0
        c.request_rank[i] = 0
        change_status(c, companies, w, law, i, target, monday)
    w.lengths[L_REQUESTED] = 0
