"""Where people lie in memory. Results do not depend on it; how fast the weeks pass does.

The steps of a week walk through everybody on support, one resident in six, and read two dozen columns of each. While
these people lie side by side all of that stays in the processor's cache (measured: a third of a run's time). So they
are kept in the first rows: sorted once when a starting state is made, and brought back together after every
week, newcomers taking the rows of those who left.
"""

from typing import Final

import numpy as np

from sim.codes import FIRST_BENEFIT, GONE, SUBSIDISED_JOB
from sim.compiled import Calls, each_of, kernel, rule
from sim.population.citizens import CITIZENS, Citizens
from sim.state import State
from sim.week.moving import is_on_support
from sim.week.world import L_SUPPORTED, World

WEEKS_BETWEEN: Final = 4


def on_support(status: np.ndarray) -> np.ndarray:
    """Who the steps of a week walk through, bool."""
    return np.asarray((status >= FIRST_BENEFIT) | (status == SUBSIDISED_JOB))


def sort_people(state: State) -> None:
    """People on support first, by status, and nobody who has left: the order a run starts from.

    So the stock of those who are gone counts from the start of a run.
    """
    status = state["status"]
    place = np.where(on_support(status), status, 100).astype(np.int64)
    place <<= 40
    place |= state["id"]
    order = np.argsort(place)
    del place  # of a million people, a tenth of the state
    order = order[status[order] != GONE]
    state["stocks"][GONE] = 0
    for column in CITIZENS:  # in place: a second set of columns would double the memory a start takes
        values = state[column.name]
        values[: order.size] = values[order]
        state.columns[column.name] = values[: order.size]
    state["row_of"][state["id"]] = np.arange(order.size)
    for name in ("supported", "requested"):
        state.columns[name] = state[name][: order.size]
    list_people(state)


def list_people(state: State) -> None:
    """Writes down who is on support, in storage order so that the steps of a week walk through memory.

    From week to week the list is kept up by sim/week: newcomers are put at its end, leavers taken out.
    """
    rows = np.flatnonzero(on_support(state["status"]))
    state["supported"][: rows.size] = rows
    state["lengths"][L_SUPPORTED] = rows.size


def gather_people(call: Calls, people: Citizens, w: World, row_of: np.ndarray) -> None:
    """People on support who lie outside the first rows change places with those who lie there without being on it."""
    n = call(_list_misplaced, people, w)
    call(_change_places, people, w, row_of, n)


@kernel
def _list_misplaced(c, w):
    """Lists who lies outside (in `supported`) and whose places inside are free (in `requested`), and returns the number
    of people on support. Afterwards both lists begin anew.

    Lists are written without branches, here and elsewhere: a place is filled with everybody and kept for some.
    """
    n = 0
    for position in range(w.lengths[L_SUPPORTED]):
        n += is_on_support(c.status[w.supported[position]])
    outside = 0
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        w.supported[outside] = i
        outside += (i >= n) & is_on_support(c.status[i])
    inside = 0
    for i in range(n):
        w.requested[inside] = i
        inside += not is_on_support(c.status[i])
    w.lengths[L_SUPPORTED] = outside
    return n


@kernel
def _change_places(c, w, row_of, n):
    outside = w.lengths[L_SUPPORTED]
    for column in each_of(c):
        for k in range(outside):
            i, j = w.requested[k], w.supported[k]
            value = column[i]
            column[i] = column[j]
            column[j] = value
    for k in range(outside):
        row_of[c.id[w.requested[k]]] = w.requested[k]
        row_of[c.id[w.supported[k]]] = w.supported[k]
    _list_by_status(c, w, n)


@rule
def _list_by_status(c, w, n):
    """Lists the first n rows by status, so that people in a walk are like those before them: a processor's guesses
    about benefits are then nearly always right. Runs of one status are counted and written without looking it up."""
    first = w.first_of_status
    first[:] = 0
    i = 0
    while i < n:
        status, begin = c.status[i], i
        while i < n and c.status[i] == status:
            i += 1
        first[status] += i - begin
    total = 0
    for status in range(first.size):
        count = first[status]
        first[status] = total
        total += count
    i = 0
    while i < n:
        status = c.status[i]
        place = first[status]
        while i < n and c.status[i] == status:
            w.supported[place] = i
            place += 1
            i += 1
        first[status] = place
    w.lengths[L_SUPPORTED] = n
