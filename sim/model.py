"""The municipality as a mesa.Model: the week in order, no arithmetic."""

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np

from sim.behaviour.events import GAP_TABLE
from sim.books import Books
from sim.calendar import iso, year_of
from sim.chance import S_TRIAL_ARM, STREAMS, fill_keys, keys_of_week
from sim.codes import EDUCATIONS, N_BANDS, N_BENEFITS, N_MEASURES, N_STATUSES, N_TEAMS, TEAMS
from sim.compiled import Calls, column
from sim.errors import UserError
from sim.population.caseworkers import Seats
from sim.population.citizens import Citizens
from sim.population.companies import Companies
from sim.population.storage import WEEKS_BETWEEN, gather_people
from sim.population.synthesis import close_seats, draw_seats, draws
from sim.records.result import RunResult
from sim.records.weekly import COHORT, COLUMNS, N_COLUMNS
from sim.scenario import Scenario
from sim.state import State
from sim.tables import Tables, build_tables, change_weeks
from sim.trial import enrol
from sim.week import (
    arrivals,
    casework,
    companies,
    hiring,
    living,
    measures,
    programmes,
    record,
    staffing,
    transitions,
)
from sim.week.payments import N_RATES
from sim.week.world import (
    BLOCK,
    FAULT_BUFFER,
    FAULT_HAZARD,
    L_ENTRANTS,
    L_FAULT,
    L_SPELLS,
    N_LUCK,
    World,
)

RECORDINGS = ("outcomes", "weekly", "ledger", "spells", "events")


class JobcenterModel(mesa.Model):
    """One municipality; one step is one ISO week.

    `state` is the state at the start (made by sim/population/history.py when not given). `recording` says how much is
    kept: from `spells` on every closed spell. `first_week` is given when `state` is inside a run that began then (see
    sim/snapshot.py). Raises RuntimeError when a hazard exceeds its slice or a buffer is full,
    BooksDoNotBalance when a week's money does not add up.
    """

    weeks_between_gatherings = WEEKS_BETWEEN  # of people on support in the first rows

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        state: State | None = None,
        recording: str = "outcomes",
        burn_in: bool = False,
        first_week: int | None = None,
    ):
        super().__init__(seed=seed)
        from sim.population.history import starting_state

        self.settings = scenario
        self.seed_of_chance = seed
        self.burn_in = burn_in
        self.state = state if state is not None else starting_state(scenario, seed)
        self.first_week = self.state.week if first_week is None else first_week
        self.weeks = scenario.weeks
        self.recording = recording
        self.remarks: dict[str, Any] = {}  # what whoever runs it wants to stand beside the result
        self._refuse_without_base()
        self.keys = np.zeros((len(STREAMS), 2), np.uint64)
        self.life_keys = keys_of_week(seed, -1)
        self._prepare(RECORDINGS.index(recording) >= RECORDINGS.index("spells"))
        if not burn_in and first_week is None:
            self.draw_coverage()
        self.datacollector = mesa.DataCollector(
            model_reporters={column.name: _reporter(k) for k, column in enumerate(COLUMNS)}
            if recording == "events"
            else {}
        )

    # -- the week ------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Lives one week. The order of a week is stated here and nowhere else."""
        week, s = self.state.week, self
        # fmt: off
        s._open_week(week)                   # 1 calendar: law, levers and demand in force
        s._arrivals(week)                    # 2 arrivals, events of people not on a benefit
        #                                      3 limits that fall due; the week's status is fixed from here on
        s._enrol(week)                       # 3 a trial enrols people by lot
        s._staff(week)                       # 4 caseworkers fall ill, resign, are hired, learn
        s._programmes(week)                  # 5 programmes of levers end, take their hours, and start
        offers = s._casework(week)           # 5 cases, caseworker changes, the queue, meetings
        s._measures(week, offers)            # 6 measures end and start while budget and places last
        s._post_vacancies(week)              # 7 companies
        draws = s._live(week)                # 8 search  9 health, habits, other doors  11 the fixed status is paid
        s._hire(week, draws)                 # 8 ranking, hiring
        s._settle(week)                      # 11 staff, measures and levers are paid; the books balance
        s._record(week)                      # 12 stocks and cohorts
        s._transitions(week)                 # 10 requests take effect next Monday, so they are carried out last
        # fmt: on
        s._close_week(week)

    def run(
        self, weeks: int | None = None, progress: Callable[[int], None] | None = None
    ) -> "JobcenterModel":
        """Lives `weeks` weeks (the scenario's horizon if None). Raises ValueError beyond the horizon."""
        left = self.first_week + self.weeks - self.state.week
        if weeks is not None and not self.burn_in and weeks > left:
            raise ValueError(f"{weeks} weeks asked for, {left} are left of the scenario's horizon")
        for k in range(self.weeks if weeks is None else weeks):
            self.step()
            if progress is not None:
                progress(k + 1)
        return self

    # -- steps: each calls one file of sim/week -------------------------------------------------------------------

    def _open_week(self, week: int) -> None:
        fill_keys(self.seed_of_chance, week, self.keys)
        if week in self._change_weeks:
            if week > self.first_week:  # those of the first week are there
                self.tables = self._tables_of(week)
            if not self.burn_in:
                self._open_new_posts(week)
        self._row[:] = 0
        self._bought[:] = 0
        self.world.hired[:] = 0
        self.books.open_week(week)

    def _arrivals(self, week: int) -> None:
        t = self.tables
        self.call(
            arrivals.begin_week,
            self.citizens, self.companies, self.world, self._called, t.law, t.events, t.entry, t.search, t.limits,
            GAP_TABLE, self.life_keys, week,
        )  # fmt: skip

    def _enrol(self, week: int) -> None:
        trial = self.settings.trial
        if trial is not None and not self.burn_in:
            enrol(self.state.columns, trial, self.seed_of_chance, week)

    def _staff(self, week: int) -> None:
        self.call(staffing.staff_the_week, self.seats, self.world, self.tables.staff, self.life_keys, week)

    def _programmes(self, week: int) -> None:
        table = self.tables.programme
        if table.n:
            programmes.run_programmes(
                self.call,
                self.citizens, self.seats, self.world, table, self.state["row_of"], self.state["programme_starts"],
                self._due, self._bought, self.books.pots_of_year(), week, self.books.year_begin,
                self.books.year_end,
            )  # fmt: skip

    def _casework(self, week: int) -> int:
        t = self.tables
        n_due = casework.open_cases(
            self.call,
            self.citizens,
            self.seats,
            self.world,
            t.meeting,
            self.life_keys,
            self.state["row_of"],
            week,
            self._due,
            self._offers,
        )
        n_offers = casework.hold_meetings(
            self.call,
            self.citizens,
            self.seats,
            self.world,
            t.meeting,
            t.offer,
            self.state["row_of"],
            self._due,
            n_due,
            week,
            self._offers,
        )
        return int(n_offers)

    def _measures(self, week: int, n_offers: int) -> None:
        t = self.tables
        measures.end_and_start_measures(
            self.call,
            self.citizens,
            self.companies,
            self.state["tickets"],
            self._public,
            self.world,
            t.offer,
            self.state["row_of"],
            self._offers,
            n_offers,
            self.books.pots_of_year(),
            self._bought,
            self.life_keys,
            week,
            self.books.year_begin,
            self.books.year_end,
        )

    def _post_vacancies(self, week: int) -> None:
        companies.post_vacancies(
            self.call,
            self.companies,
            self.world,
            self.tables.market,
            self.state["memory"],
            self.state["vacancies"],
            week,
        )

    def _live(self, week: int) -> int:
        t, state = self.tables, self.state
        draws = self.call(
            living.live,
            self.citizens, self.companies, self.seats, self.world, t.law, t.search, t.channel, t.meeting, t.offer,
            t.market, t.exits, t.entry, t.drift, t.pay, state["tickets"], state["vacancies"], self._best_score,
            self._best_row, state["memory"], state["centre"], self._highest, self._sums, self._counts, self._paid,
            self.books.cells_of_week(), self.books.received_of_week(), 1 if self.burn_in else 0, week,
        )  # fmt: skip
        return int(draws)

    def _hire(self, week: int, draws: int) -> None:
        self.call(
            hiring.hire,
            self.citizens, self.companies, self.world, self.tables.market, self.state["tickets"],
            self.state["vacancies"], self._best_row, self.state["memory"], draws, week, self.books.year_begin,
        )  # fmt: skip

    def _settle(self, week: int) -> None:
        self.books.pay_office(self._row, self._bought, self.tables)
        self.books.close_week()

    def _record(self, week: int) -> None:
        lived = 0 if self.burn_in else week - self.first_week + 1
        self.call(
            record.record_week,
            self.citizens, self.world, self.state["row_of"], self.entrants_until, self.cohort, lived, week,
        )  # fmt: skip
        if lived:
            self.hired[lived - 1] = self.world.hired

    def _transitions(self, week: int) -> None:
        self.call(
            transitions.carry_out_requests,
            self.citizens, self.companies, self.world, self.tables.law, week + 1,
        )  # fmt: skip
        if not self.burn_in:
            self.rows[week - self.first_week] = self._row  # spells that end with this week are counted in it

    def _close_week(self, week: int) -> None:
        fault = int(self.state["lengths"][L_FAULT])
        if fault == FAULT_HAZARD:
            raise RuntimeError(
                f"{iso(week)}: a hazard lies above its slice; widen it in sim/behaviour (events.py or exits.py)"
            )
        if fault == FAULT_BUFFER:
            raise RuntimeError(
                f"{iso(week)}: a buffer of the week is full (on support, vacancies, due, offers, entrants, spells)"
            )
        self._drain_spells()
        self.make_room_for_entrants(int(self.state["lengths"][L_ENTRANTS]))
        if week % self.weeks_between_gatherings == 0:
            gather_people(self.call, self.citizens, self.world, self.state["row_of"])
        self.datacollector.collect(self)
        self.state.week = week + 1

    def _refuse_without_base(self) -> None:
        """Savings of one budget year are spent in the next: beyond the first year they must be known."""
        last = self.settings.start_week + self.weeks - 1
        needy = [name for name, lever in self.settings.levers.items() if lever.needs_base()]
        if needy and not self.burn_in and year_of(last) > year_of(self.settings.start_week):
            raise UserError(
                f"'{self.settings.name}' spends savings that are measured against a run without it"
                f" (levers.{needy[0]}.investment), so it cannot be run alone: use `jobcenter compare BASE"
                f" {self.settings.name}` or a batch, or a horizon that ends with the first budget year"
            )

    # -- preparation ----------------------------------------------------------------------------------------------

    def _prepare(self, keep_spells: bool) -> None:
        state, scenario = self.state, self.settings
        n = state["id"].size
        weeks = self.weeks if not self.burn_in else 0
        horizon = weeks if not self.burn_in else 104
        self.books = Books(scenario, self.first_week, horizon)
        self.call = Calls()
        self._row = np.zeros(N_COLUMNS, np.int64)
        self.rows = np.zeros((weeks, N_COLUMNS), np.int64)
        self.hired = np.zeros((weeks, len(EDUCATIONS)), np.int64)
        self.cohort = np.zeros((weeks, len(COHORT)), np.int64)
        self.entrants_until = np.zeros(weeks + 1, np.int64)
        entrants = max(1000, n // 10) if weeks else 0  # grows as people come
        spells = n if keep_spells else 0
        self.spell_chunks: list[tuple[np.ndarray, ...]] = []
        self.world = World(
            keys=self.keys,
            row=self._row,
            supported=state["supported"],
            first_of_status=np.zeros(N_STATUSES, np.int64),
            first_of_team=np.zeros(N_TEAMS + 1, np.int64),
            requested=state["requested"],
            lengths=state["lengths"],
            hired=np.zeros(len(EDUCATIONS), np.int64),
            stocks=state["stocks"],
            entrant=np.zeros(entrants, np.int32),
            entrant_total=column(entrants, "int16"),
            cases=column(max(2000, n // 2), "uint32"),  # half of all rows would have to be on support
            ids=np.zeros(BLOCK, np.int64),
            mixed=column(BLOCK, "uint64"),
            luck=np.zeros((N_LUCK, BLOCK)),
            answer=column(BLOCK, "uint8"),
            bracket=column(BLOCK, "uint16"),
            spell_person=np.zeros(spells, np.int32),
            spell_benefit=np.zeros(spells, np.uint8),
            spell_begin=np.zeros(spells, np.int16),
            spell_end=np.zeros(spells, np.int16),
            spell_door=np.zeros(spells, np.uint8),
        )
        state["lengths"][L_ENTRANTS] = 0
        self.citizens, self.companies, self.seats = (
            state.view(Citizens),
            state.view(Companies),
            state.view(Seats),
        )
        self._called = column(n, "uint8")
        tasks = max(2000, n // 3)  # meetings due, offers: a third of all adults would have to be cases
        self._due = np.zeros(tasks, np.int64)
        self._offers = np.zeros(tasks, np.int64)
        self._highest = np.zeros((N_BENEFITS, N_BANDS))
        self._sums = np.zeros((N_BENEFITS, N_BANDS), np.int64)
        self._counts = np.zeros((N_BENEFITS, N_BANDS), np.int64)
        self._best_score = np.zeros(state["vacancies"].size)
        self._best_row = np.zeros(state["vacancies"].size, np.int64)
        self._paid = np.zeros((len(scenario.law.rule_set.tables.brackets), N_RATES), np.int64)
        self._bought = np.zeros(N_MEASURES * N_BENEFITS, np.int64)  # øre by measure and benefit
        sectors = list(scenario.municipality.companies.sectors)
        self._public = np.array([name.startswith("public") for name in sectors], np.uint8)
        self._change_weeks = change_weeks(scenario, self.first_week, self.first_week + horizon)
        self.tables = self._tables_of(state.week)

    def _tables_of(self, week: int) -> Tables:
        tables = build_tables(self.settings, week, levers=not self.burn_in)
        tables.market.sector_first[:] = self.state["sector_first"]
        return tables

    def _open_new_posts(self, week: int) -> None:
        """Posts of levers that open in `week` are appended and filled after the usual lag; those that close do so the
        last seat first."""
        lag, novice = self.tables.staff.weeks_to_fill, self.tables.staff.novice_weeks
        for lever in self.settings.levers.values():
            opened = lever.posts_from(self.settings, week)
            posts = {team: fte * self.settings.world.share for team, fte in opened.items() if fte}
            if not posts:
                continue
            new = draw_seats([max(0.0, posts.get(team, 0.0)) for team in TEAMS], week)
            new["seat_vacant_until"][:] = week + lag
            new["seat_novice_until"][:] = week + lag + novice
            for name, values in new.items():
                self.state.columns[name] = np.concatenate([self.state[name], values])
            for team, fte in posts.items():
                close_seats(self.state, TEAMS.index(team), -fte, week)
        self.seats = self.state.view(Seats)

    def draw_coverage(self) -> None:
        """Where a lever reaches only part of its groups, lot decides who: arm 2 is treated, arm 1 the control group."""
        for lever in self.settings.levers.values():
            coverage = getattr(lever, "coverage_share", 1.0)
            if coverage < 1.0:
                u = draws(self.state["id"], self.seed_of_chance, S_TRIAL_ARM, 1)[:, 0]
                self.state["arm"][:] = np.where(u < coverage, 2, 1)

    def make_room_for_entrants(self, listed: int) -> None:
        """Doubles the list of entrants until a quarter of it is free: far fewer enter in one week."""
        row, total = self.world.entrant, self.world.entrant_total
        while row.size - listed < row.size // 4:
            row, total = (
                np.concatenate([row, np.zeros_like(row)]),
                np.concatenate([total, np.zeros_like(total)]),
            )
        if row is not self.world.entrant:
            self.world = self.world._replace(entrant=row, entrant_total=total)

    def _drain_spells(self) -> None:
        n = int(self.state["lengths"][L_SPELLS])
        if n:
            w = self.world
            self.spell_chunks.append(
                tuple(
                    column[:n].copy()
                    for column in (w.spell_person, w.spell_benefit, w.spell_begin, w.spell_end, w.spell_door)
                )
            )
            self.state["lengths"][L_SPELLS] = 0

    # -- results --------------------------------------------------------------------------------------------------

    def result(self) -> RunResult:
        """Tables of the weeks lived so far."""
        lived = self.state.week - self.first_week
        spells: dict[str, np.ndarray] | None = None
        if self.recording in ("spells", "events"):
            names = ("person", "benefit", "begin", "end", "door")
            chunks = list(zip(*self.spell_chunks, strict=True)) or [[np.zeros(0, np.int64)]] * len(names)
            spells = {name: np.concatenate(list(chunk)) for name, chunk in zip(names, chunks, strict=True)}
        return RunResult(
            scenario=self.settings.name,
            seed=self.seed_of_chance,
            start=self.first_week,
            weeks=lived,
            rows=self.rows[:lived].copy(),
            ledger=self.books.ledger.payers[:lived].copy(),
            pots=self.books.ledger.pots.copy(),
            years=tuple(self.books.ledger.years),
            cohort=self.cohort[:lived].copy(),
            step_labels=tuple(self.settings.law.rule_set.steps),
            hired=self.hired[:lived].copy(),
            spells=spells,
            notes={"law": self.settings.law.refusion, "question": self.settings.question, **self.remarks},
        )


def _reporter(k: int) -> Callable[[Any], int]:
    def read(model: Any) -> int:
        return int(model._row[k])

    return read
