"""The id, not the row, addresses chance: citizens stored in another order live the same lives, bit for bit."""

import numpy as np
import pytest
from worlds import at_start, busy_world, differing, lived, require_same, tables_of, world

from sim.model import JobcenterModel
from sim.population.citizens import CITIZENS
from sim.population.storage import list_people
from sim.scenario import Scenario
from sim.state import State

PERSONAL = tuple(column.name for column in CITIZENS)
ROWS = ("supported", "requested", "row_of")  # lists of rows: other numbers for the same people


def shuffled(state: State, seed: int) -> State:
    """The same people in another order."""
    order = np.random.default_rng(seed).permutation(state["id"].size)
    for name in PERSONAL:
        state.columns[name] = np.ascontiguousarray(state[name][order])
    state["row_of"][state["id"]] = np.arange(order.size)
    list_people(state)
    return state


def reversed_order(state: State) -> State:
    for name in PERSONAL:
        state.columns[name] = np.ascontiguousarray(state[name][::-1])
    state["row_of"][state["id"]] = np.arange(state["id"].size)
    list_people(state)
    return state


def by_id(model: JobcenterModel) -> dict[str, np.ndarray]:
    """Tables, people sorted by id, companies, caseworkers and vacancies."""
    order = np.argsort(model.state["id"])
    columns = {
        name: values[order] if name in PERSONAL else values
        for name, values in model.state.columns.items()
        if name not in ROWS
    }
    return tables_of(model) | columns


def require_order_does_not_matter(scenario: Scenario, seed: int) -> None:
    ordered = by_id(lived(scenario, seed))
    for other in (shuffled(at_start(scenario, seed), 99), reversed_order(at_start(scenario, seed))):
        require_same(ordered, by_id(lived(scenario, seed, state=other)))


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_storage_does_not_matter_with_every_lever(seed: int) -> None:
    require_order_does_not_matter(busy_world(weeks=80, share=0.08), seed)


def test_order_of_storage_does_not_matter_when_hours_are_short() -> None:
    """Who is served when a caseworker's minutes run out is where order would show first."""
    scenario = busy_world(
        "municipality.staff.productive_hours_per_fte_year=200",
        "levers.continuity.handover_meeting_share=1.0",
        "levers.continuity.handover_minutes=120",
        weeks=60,
    )
    require_order_does_not_matter(scenario, 4)


def test_order_of_storage_does_not_matter_on_the_baseline() -> None:
    require_order_does_not_matter(world("baseline", weeks=120, share=0.1), 5)


def test_a_swap_of_identities_is_noticed() -> None:
    """The comparison can fail: two people who swap ids swap their luck."""
    scenario = world("baseline", weeks=20)
    state = at_start(scenario)
    on_benefit = np.flatnonzero(state["status"] == 8)[:2]
    a, b = on_benefit
    state["id"][a], state["id"][b] = state["id"][b], state["id"][a]
    state["row_of"][state["id"]] = np.arange(state["id"].size)
    assert differing(by_id(lived(scenario)), by_id(lived(scenario, state=state)))
