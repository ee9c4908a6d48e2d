"""A documented subset of the model with one Mesa agent per citizen, caseworker and company: the yardstick of speed.

Same rules, called as scalar functions from sim/behaviour and sim/law: the candidate clock and its events, the doors out
of a benefit, meetings due and held with contact and trust, caseworkers who resign, job search with vacancies that are
posted and filled, the refusion clock, and the weekly payment with its split. Left out: measures, hand-overs,
long absence, competitors, drift of health, entry cohorts, budgets, the record of 300 weekly columns. So it does less
than the model.

    python -m benchmarks.mesa_objects [--share 0.2] [--weeks 6]

prints nanoseconds per citizen-week with undecorated rules and with compiled ones; the faster is the one to quote.
"""

import argparse
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

from sim.behaviour import events, exits, meetings, search
from sim.codes import EDUCATION, FIRST_BENEFIT, FOERTIDSPENSION, JOB, OUTSIDE, TEAM_OF_BENEFIT
from sim.compiled import JIT
from sim.law import clock
from sim.money.amounts import state_part
from sim.population.history import draw_history
from sim.scenario import Scenario, load
from sim.tables import build_tables

_RULES = {
    "band_of": exits.band_of,
    "exit_slot": exits.exit_slot,
    "exit_hazard": exits.exit_hazard,
    "event_slot": events.event_slot,
    "candidate_gap": events.candidate_gap,
    "applications_sent": search.applications_sent,
    "meeting_is_due": meetings.meeting_is_due,
    "contact_after": meetings.contact_after,
    "trust_after_meeting": meetings.trust_after_meeting,
}


class Citizen(mesa.Agent):
    """One resident."""

    def __init__(self, model: "Objects", row: dict[str, Any]):
        super().__init__(model)
        self.__dict__.update(row)

    def live(self) -> None:
        """One week: something may happen, meetings, search, doors, pay."""
        m, r = self.model, self.model.rules
        if self.status < FIRST_BENEFIT:
            if self.candidate_week == m.week:
                slot, x = r.event_slot(m.draw())
                self.candidate_week += r.candidate_gap(m.draw(), events.GAP_TABLE)
                if self.status in m.places and slot < 4 and x < m.events.base[m.places[self.status], slot]:
                    self.enter(FIRST_BENEFIT if slot == 0 else FIRST_BENEFIT + 4)
            return
        benefit = self.status - FIRST_BENEFIT
        weeks = m.week - self.since + 1
        band = r.band_of(weeks)
        if TEAM_OF_BENEFIT[benefit] < len(m.teams):
            worker = self.worker
            if worker is None or worker.gone:
                self.worker = m.draw_worker(TEAM_OF_BENEFIT[benefit])
                self.trust *= m.meeting.trust_kept[0]
            last = self.last_meeting
            due = r.meeting_is_due(
                self.meetings,
                weeks,
                m.week - last,
                m.meeting.first_by[0, benefit],
                m.meeting.interval_x2[0, benefit, band],
            )
            if due and self.worker is not None and self.worker.minutes >= 100:
                self.worker.minutes -= 100
                self.contact = r.contact_after(self.contact, max(0, m.week - last), 1.0, m.meeting)
                self.trust = r.trust_after_meeting(self.trust, m.meeting)
                self.last_meeting, self.meetings = m.week, self.meetings + 1
        self.clock_n += 1
        at = min(self.clock_n, m.pay.share_bp.shape[2] - 1)
        amount = int(m.pay.amount_oere[benefit, self.rate_class])
        state = state_part(amount, int(m.pay.share_bp[benefit, 0, at]))
        m.paid[0] += amount - state
        m.paid[1] += state
        if benefit == FOERTIDSPENSION:
            return
        expected = (
            m.search.hazard[benefit]
            * m.search.person_factor[self.attachment, self.education, self.health]
            * 8.0
        )
        for _ in range(r.applications_sent(m.draw(), expected)):
            company = m.companies[int(m.draw() * len(m.companies))]
            if company.open > 0 and m.draw() < 0.5:
                company.open -= 1
                self.enter(JOB)
                return
        slot, x = r.exit_slot(m.draw())
        if x < r.exit_hazard(m.exits, benefit, band, slot, self.health, m.week - self.birth_week):
            target = int(m.exits.target[benefit, slot])
            self.enter(target if target < 100 else JOB)

    def enter(self, target: int) -> None:
        """Moves to another status; the refusion clock's window follows."""
        m = self.model
        k = m.week - self.clock_stamp
        step = clock.self_support_weeks if self.status in (JOB, OUTSIDE) else clock.other_weeks
        self.clock_n, self.w0, self.w1, self.w2 = step(self.clock_n, self.w0, self.w1, self.w2, k)
        self.clock_stamp, self.status, self.since = m.week, target, m.week
        self.worker, self.meetings, self.last_meeting, self.contact = None, 0, -1, 0.0


class Caseworker(mesa.Agent):
    """One seat of the jobcentre."""

    def __init__(self, model: "Objects", team: int):
        super().__init__(model)
        self.team, self.minutes, self.gone = team, 0, False

    def start_week(self) -> None:
        """Comes to work, or has resigned (and is replaced at once)."""
        self.gone = self.model.draw() < self.model.staff.resignation[0]
        self.minutes = int(self.model.staff.minutes_per_fte[0])


class Company(mesa.Agent):
    """One workplace."""

    def __init__(self, model: "Objects", sector: int, jobs: int):
        super().__init__(model)
        self.sector, self.jobs, self.open = sector, jobs, 0

    def post(self) -> None:
        """Posts and gives up vacancies."""
        m = self.model
        if m.draw() < m.market.posting[self.sector] * self.jobs:
            self.open += 1
        if self.open and m.draw() < m.market.lapse[0]:
            self.open -= 1


class Objects(mesa.Model):
    """The municipality as Mesa agents, from the same drawn population as the model."""

    def __init__(self, scenario: Scenario, seed: int, rules: Any):
        super().__init__(seed=seed)
        tables = build_tables(scenario, scenario.start_week - 104, levers=False)
        self.rules, self.meeting, self.exits, self.events = rules, tables.meeting, tables.exits, tables.events
        self.search, self.pay, self.staff, self.market = (
            tables.search,
            tables.pay,
            tables.staff,
            tables.market,
        )
        self.places = {JOB: 0, EDUCATION: 1, OUTSIDE: 2, 3: 3}
        state = draw_history(scenario, seed)
        self.week, self.paid, self._draws, self._at = state.week, [0, 0], np.zeros(0).tolist(), 0
        self.teams: dict[int, list[Caseworker]] = {team: [] for team in range(8)}
        for team in state["seat_team"].tolist():
            self.teams[team].append(Caseworker(self, team))
        self.companies = [
            Company(self, s, j)
            for s, j in zip(state["company_sector"].tolist(), state["company_jobs"].tolist(), strict=True)
        ]
        names = (
            "status",
            "since",
            "birth_week",
            "health",
            "attachment",
            "education",
            "rate_class",
            "candidate_week",
            "clock_n",
        )
        columns = {name: state[name].tolist() for name in names}
        self.n = 0
        for i, arrive in enumerate(state["arrive_week"].tolist()):
            if arrive <= state.week:
                row = {name: values[i] for name, values in columns.items()}
                row |= {"w0": 0, "w1": 0, "w2": 0, "clock_stamp": state.week, "worker": None}
                Citizen(self, row | {"meetings": 0, "last_meeting": -1, "contact": 0.0, "trust": 0.4})
                self.n += 1

    def draw(self) -> float:
        """A uniform number (the generator of the standard library, faster here than the addressed one)."""
        return self.random.random()

    def draw_worker(self, team: int) -> Caseworker | None:
        """A caseworker of the team, by chance."""
        seats = self.teams[team]
        return seats[int(self.draw() * len(seats))] if seats else None

    def step(self) -> None:
        """One week. Agents in fixed order: `do`, not the slower `shuffle_do`."""
        by = self.agents_by_type
        by[Caseworker].do("start_week")
        by[Company].do("post")
        by[Citizen].do("live")
        self.week += 1


def nanoseconds(scenario: Scenario, weeks: int, seed: int = 1) -> dict[str, float]:
    """Nanoseconds per citizen-week by kind of rules; compiled rules are warmed up first."""
    plain = {name: getattr(rule, "py_func", rule) for name, rule in _RULES.items()}
    kinds: dict[str, dict[str, Callable[..., Any]]] = {"undecorated rules": plain}
    if JIT:
        kinds["compiled rules"] = dict(_RULES)
    out = {}
    for name, rules in kinds.items():
        model = Objects(scenario, seed, SimpleNamespace(**rules))
        model.step()
        begin = time.perf_counter()
        for _ in range(weeks):
            model.step()
        out[name] = (time.perf_counter() - begin) / weeks / model.n * 1e9
    return out


def main() -> None:
    """Prints the two figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--weeks", type=int, default=6)
    options = parser.parse_args()
    scenario = load("baseline", overrides=[f"world.share={options.share}"])
    for name, value in nanoseconds(scenario, options.weeks).items():
        print(f"one Mesa object per agent, {name:18s} {value:10,.0f} ns per citizen-week")


if __name__ == "__main__":
    main()
