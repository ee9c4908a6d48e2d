"""One engine: with compilation off the same world comes out, value by value, and no kernel reaches outside its arrays.

With compilation off integer columns are int64, so values are compared, not types.
"""

from pathlib import Path

import numpy as np
import pytest
from elsewhere import run_elsewhere
from worlds import busy_world, everything, lived, require_same

LIVE = """
import sys
import numpy as np
from worlds import busy_world, everything, lived
from sim.compiled import JIT

share, weeks, out = sys.argv[1:]
np.savez(out, jit=np.array(JIT), **everything(lived(busy_world(share=float(share), weeks=int(weeks)), seed=3)))
"""
# What must have happened, or the comparison says little.
HAPPENS = (
    "changes.resignation", "changes.absence", "changes.group_shift", "changes.reorganisation", "changes.own_request",
    "queue.persons", "meetings.no_show", "meetings.above_plan", "meetings.by_a_kasse",
    "measures_started.placement_private", "measures_started.placement_public", "measures_started.course",
    "measures_started.external", "measures_started.wage_subsidy", "measures_started.mentor",
    "measures_started.paid_hours", "market.replaced",
    "measures_refused.no_budget", "measures_refused.no_place",
    "market.posted", "market.reposted", "market.lapsed", "market.hires_benefit", "market.hires_resident_in_work",
    "market.hires_non_resident", "flows.arrivals", "flows.deaths", "flows.moves_out", "flows.pension_age",
    "flows.job_losses", "flows.sickness", "companies.second_contact_this_year", "long_term.inflow",
    "staff.novice_milli_fte",
)  # fmt: skip


def require_equal_elsewhere(
    tmp_path: Path, share: float, weeks: int, jit: bool, **environment: str
) -> dict[str, np.ndarray]:
    """The same world here and in a process with other switches. Returns it."""
    here = everything(lived(busy_world(share=share, weeks=weeks), seed=3))
    out = tmp_path / "elsewhere.npz"
    run_elsewhere(LIVE, str(share), str(weeks), str(out), **environment)
    with np.load(out) as stored:
        there = {name: stored[name] for name in stored.files}
    assert bool(there.pop("jit")) == jit
    require_same(here, there)
    return here


def test_a_tiny_world_is_the_same_with_compilation_off(tmp_path: Path) -> None:
    """250 adults and 30 weeks, history and burn-in included."""
    tiny = require_equal_elsewhere(tmp_path, 0.005, 30, jit=False, NUMBA_DISABLE_JIT="1")
    assert tiny["state status"].size > 250


@pytest.mark.slow
def test_a_small_world_is_the_same_with_compilation_off(tmp_path: Path) -> None:
    """2,040 adults and 60 weeks, every step and every lever."""
    small = require_equal_elsewhere(tmp_path, 0.04, 60, jit=False, NUMBA_DISABLE_JIT="1")
    assert (small["state status"] != 5).sum() > 2_000
    for name in HAPPENS:
        assert small[f"row {name}"].sum() > 0, name


@pytest.mark.slow
def test_no_kernel_reaches_outside_its_arrays(tmp_path: Path) -> None:
    """The small world with bounds checks, compiled into a cache of its own (a shared one would run unchecked)."""
    cache = tmp_path / "checked"
    require_equal_elsewhere(tmp_path, 0.04, 60, jit=True, NUMBA_BOUNDSCHECK="1", JOBCENTER_CACHE=str(cache))
    assert list(cache.rglob("*.nbi")), "nothing was compiled with bounds checks"
