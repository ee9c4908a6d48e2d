"""The state at the start of a scenario: careers before the jobcentre, then two years of the full week without levers,
then the refusion clocks a municipality knows better.

Every scenario of a comparison branches from one history: levers, trials, refusion contexts, budgets and
records begin at `start`. The result is kept on disk by everything it depends on.
"""

import hashlib
import json
import os
from dataclasses import replace

import numpy as np

from sim.behaviour.events import GAP_TABLE
from sim.behaviour.programmes import MOST_PROGRAMMES
from sim.cache import cache_home
from sim.calendar import week_of
from sim.chance import keys_of_week, keys_of_weeks
from sim.codes import ABSENT, N_BANDS, N_BENEFITS, N_STATUSES, TEAMS
from sim.compiled import JIT, column
from sim.population.careers import live_careers
from sim.population.citizens import MINIMUM_AGE_WEEKS, Citizens
from sim.population.clock_at_start import set_clocks
from sim.population.storage import sort_people
from sim.population.synthesis import draw_citizens, draw_companies, draw_seats, starting_status
from sim.scenario import Scenario
from sim.state import State
from sim.tables.build import build_tables
from sim.tables.levels import demand, event_table
from sim.version import code_version
from sim.warm import compile_model
from sim.week.world import N_LENGTHS, N_MEMORY, Y_FILL_ANCHOR, Y_FILL_WEEKS, Y_YIELD, Y_YIELD_ANCHOR

BURN_IN_WEEKS = 104
HISTORY_YEARS = 12


def history_begins(scenario: Scenario) -> int:
    """First week of careers: 2014-W27, or twelve years before the start, whichever is earlier."""
    return min(week_of("2014-W27"), scenario.start_week - round(HISTORY_YEARS * 52.1775))


def _base(scenario: Scenario) -> Scenario:
    """The scenario as far as it shapes the time before its start: no levers, no trial, no refusion context, no
    cycle."""
    law = scenario.law.without_refusion_context
    return replace(scenario, levers={}, demand=(), law=law, trial=None)


def draw_history(scenario: Scenario, seed: int) -> State:
    """Residents, companies and caseworkers at the beginning of the burn-in, with the careers they have lived."""
    burn_in = scenario.start_week - BURN_IN_WEEKS
    state = State(burn_in, {})
    draw_citizens(state, scenario, seed, burn_in)
    _live_careers(state, scenario, seed)
    coming = state["arrive_week"] > burn_in
    state["origin"][coming] = state["status"][coming]
    state["status"][coming] = ABSENT
    draw_companies(state, scenario, seed)
    staff = scenario.municipality.staff
    fte = [
        staff.teams[team].fte * scenario.world.share if team != "rehabilitation" else 0.0 for team in TEAMS
    ]
    state.columns |= draw_seats(fte, burn_in, scenario.world.share)
    _lay_out_lists(state, scenario)
    sort_people(state)
    return state


def _live_careers(state: State, scenario: Scenario, seed: int) -> None:
    """Everybody's life up to the burn-in, or up to the week they arrive."""
    origin = history_begins(scenario)
    begin = np.maximum(origin, state["birth_week"].astype(np.int64) + MINIMUM_AGE_WEEKS)
    until = state["arrive_week"].astype(np.int64)
    begin = np.minimum(begin, until)
    starting_status(state, scenario, seed, begin)
    weeks = range(int(begin.min()), int(until.max()) + 1)
    finding, loss = (
        np.array(list(column)) for column in zip(*(demand(scenario, week) for week in weeks), strict=True)
    )
    tables = build_tables(scenario, state.week, levers=False)
    fault = live_careers(
        state.view(Citizens),
        tables.law,
        event_table(scenario, state.week, with_cycle=False),
        tables.exits,
        tables.limits,
        tables.entry,
        tables.search,
        tables.drift,
        GAP_TABLE,
        keys_of_week(seed, -1),
        keys_of_weeks(seed, weeks.start, weeks.stop),
        begin,
        finding,
        loss,
        weeks.start,
        until,
    )
    if fault:
        raise RuntimeError(
            "a hazard of the career history lies above its slice of the candidate clock (sim/behaviour/events.py)"
        )


def _lay_out_lists(state: State, scenario: Scenario) -> None:
    """The lists and memories the week works on, filled from the citizens' columns."""
    n = state["id"].size
    status = state["status"]
    state.columns["supported"] = column(n, "uint32")
    state.columns["requested"] = column(n, "uint32")
    state.columns["lengths"] = np.zeros(N_LENGTHS, np.int64)
    state.columns["programme_starts"] = np.zeros(MOST_PROGRAMMES + 1, np.int64)
    state.columns["stocks"] = np.zeros((N_STATUSES, 3), np.int64)
    np.add.at(state["stocks"], (status.astype(np.int64), state["health"].astype(np.int64)), 1)
    state.columns["row_of"] = column(int(state["id"].max()) + 1, "uint32")
    state["row_of"][state["id"]] = np.arange(n)
    state.columns["centre"] = np.zeros((N_BENEFITS, N_BANDS))
    memory = np.zeros(N_MEMORY)
    memory[[Y_YIELD, Y_YIELD_ANCHOR]] = scenario.behaviour["search.yield_start"]
    memory[[Y_FILL_WEEKS, Y_FILL_ANCHOR]] = 3.5
    state.columns["memory"] = memory
    jobs = int(state["company_jobs"].sum())
    state.columns["vacancies"] = np.zeros(max(64, jobs // 4), np.int64)


def snapshot_key(scenario: Scenario, seed: int) -> str:
    """Hash of everything the state at the start depends on, in words a manifest can show."""
    values = _base(scenario).canonical()
    laid_out = -(-scenario.weeks // 260)
    values.pop("weeks", None)
    text = json.dumps([values, seed, laid_out, code_version(), JIT], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def starting_state(scenario: Scenario, seed: int, use_cache: bool = True) -> State:
    """The state at the start of the scenario's first week, from the cache if it was made before."""
    from sim.model import JobcenterModel

    compile_model()
    path = cache_home() / "starts" / f"{snapshot_key(scenario, seed)}.npz"
    if use_cache and path.exists():
        try:
            return State.restore(path)
        except FileNotFoundError:
            pass  # another run has just trimmed the cache
    base = _base(scenario)
    model = JobcenterModel(base, seed, state=draw_history(base, seed), burn_in=True)
    model.run(BURN_IN_WEEKS)
    state = model.state
    set_clocks(state, base)
    sort_people(state)
    if use_cache:
        path.parent.mkdir(parents=True, exist_ok=True)
        state.snapshot(path)
        _trim_cache(path.parent)
    return state


def _trim_cache(folder: os.PathLike[str], keep: int = 400) -> None:
    """Keeps the newest snapshots only: a start takes about 10 MB."""
    from pathlib import Path

    def age(file: Path) -> float:
        try:
            return file.stat().st_mtime
        except FileNotFoundError:  # another run trims at the same time
            return 0.0

    files = sorted(Path(folder).glob("*.npz"), key=age)
    for file in files[:-keep]:
        file.unlink(missing_ok=True)
