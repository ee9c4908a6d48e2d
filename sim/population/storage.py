"""Where people lie in memory. Results do not depend on it; how fast the weeks pass does.

The steps of a week walk through everybody on support, one resident in six, and read two dozen columns of each. While
these people lie side by side all of that stays in the processor's cache (measured: a third of a run's time). So they
are kept in the first rows: sorted once when a starting state is made, and brought back together every few weeks,
newcomers taking the rows of those who left.
"""

from typing import Final

import numpy as np

from sim.codes import FIRST_BENEFIT, GONE, SUBSIDISED_JOB
from sim.population.citizens import CITIZENS
from sim.state import State
from sim.week.world import L_SUPPORTED

WEEKS_BETWEEN: Final = 13


def on_support(status: np.ndarray) -> np.ndarray:
    """Who the steps of a week walk through, bool."""
    return np.asarray((status >= FIRST_BENEFIT) | (status == SUBSIDISED_JOB))


def sort_people(state: State) -> None:
    """People on support first, by status, and nobody who has left: the order a run starts from.

    So the stock of those who are gone counts from the start of a run.
    """
    status, ids = state["status"].astype(np.int64), state["id"].astype(np.int64)
    place = np.where(on_support(status), status, 100)
    order = np.argsort((place << 40) | ids)
    order = order[status[order] != GONE]
    state["stocks"][GONE] = 0
    for column in CITIZENS:
        state.columns[column.name] = state[column.name][order]
    state["row_of"][state["id"]] = np.arange(order.size)
    for name in ("supported", "requested"):
        state.columns[name] = state[name][: order.size].copy()
    list_people(state)


def list_people(state: State) -> None:
    """Writes down who is on support, in storage order so that the steps of a week walk through memory.

    From week to week the list is kept up by sim/week: newcomers are put at its end, leavers taken out.
    """
    rows = np.flatnonzero(on_support(state["status"]))
    state["supported"][: rows.size] = rows
    state["lengths"][L_SUPPORTED] = rows.size


def gather_people(state: State, followed: np.ndarray) -> None:
    """People on support who lie outside the first rows change places with others who lie there.

    followed: rows of people a record follows; changed along with them.
    """
    supported = on_support(state["status"])
    n = int(np.count_nonzero(supported))
    leavers, newcomers = np.flatnonzero(~supported[:n]), n + np.flatnonzero(supported[n:])
    newcomers = newcomers[np.argsort(state["status"][newcomers], kind="stable")]
    old, new = np.concatenate([leavers, newcomers]), np.concatenate([newcomers, leavers])
    for column in CITIZENS:
        values = state[column.name]
        values[new] = values[old]
    state["row_of"][state["id"][new]] = new
    moved = np.arange(supported.size, dtype=followed.dtype)
    moved[old] = new
    followed[:] = moved[followed]
    state["supported"][:n] = np.arange(n)
    state["lengths"][L_SUPPORTED] = n
