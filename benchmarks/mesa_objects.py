"""The model with one Mesa agent per citizen, caseworker and company: the yardstick of speed.

Same start, tables, streams of chance and order of a week as sim/model.py, so both record the same numbers (`--check`).
What people meet most often (candidate clock, search, payment) is written by hand as methods of Citizen. All else is
sim's own text read for objects: `c.trust[i]` as `i.trust`, `seats.seat_load[s]` as `seats[s].seat_load`, tables as
nested lists, NumPy's numbers as Python's. That gives ordinary loops over agents; rewriting such a text by hand gained 2
to 6 % of a week where it was tried (doors out, search, payment).

Left out: new and cut posts of levers and the lots of trials (what levers change in tables does hold), learning what is
usual (it ends at the start), the list of closed spells, the data collector, snapshots. sim/books.py is used as it is.

Mesa: agents are registered, removed when they leave, and activated by `AgentSet.do`: everybody is asked whether
something happens, whether the office should call, and how the week goes, as in Mesa's own examples. (Lists of people
kept by hand save a tenth to a sixth of the time; then it is no longer Mesa that runs the model.)

    python -m benchmarks.mesa_objects [--share 0.2] [--weeks 6] [--check]

prints nanoseconds per citizen-week with undecorated rules, and with the draw of chance compiled; the faster is the one
to quote. Other rules gain nothing from being compiled one by one: a call from Python costs more than the rule.
"""

import argparse
import ast
import inspect
import re
import statistics
import time
from collections import defaultdict
from types import SimpleNamespace
from typing import Any, Final

import mesa
import numpy as np

from sim import chance, codes
from sim import week as steps
from sim.behaviour.events import GAP_TABLE
from sim.behaviour.exits import _BAND_OF_WEEK
from sim.books import Books
from sim.codes import ACT_LEGACY, FIRST_BENEFIT, FLEKSJOB, FOERTIDSPENSION, GONE, MUNICIPALITY, STATE
from sim.compiled import JIT
from sim.model import JobcenterModel
from sim.money.amounts import state_part
from sim.population.caseworkers import CASEWORKERS
from sim.population.citizens import CITIZENS, LEGACY_AWARD
from sim.population.companies import COMPANIES
from sim.population.history import starting_state
from sim.records import weekly as wk
from sim.scenario import Scenario, load
from sim.state import State
from sim.tables import build_tables, change_weeks
from sim.week.casework import CALLED
from sim.week.payments import P_CITIZENS
from sim.week.world import L_ENTRANTS, L_FAULT, L_REQUESTED, RANK_LEAVES, Y_YIELD_ANCHOR

_STEPS: Final = "arrivals assignment casework companies hiring living measures record staffing transitions"
_KINDS: Final = ("undecorated rules", "compiled draw")
_MASK, _FULL_YEAR = (1 << 64) - 1, (1 << 52) - 1
_BAND: Final = _BAND_OF_WEEK.tolist()


def uniform(keys: Any, stream: int, agent: int) -> float:
    """sim.chance.uniform in Python's integers: the same number. keys: two integers by stream."""
    k0, k1 = keys[stream]
    z = (k0 + agent * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _MASK
    z ^= z >> 31 ^ k1
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _MASK
    return ((z ^ z >> 31) >> 11) * 1.1102230246251565e-16


class Row(list):  # type: ignore[type-arg]
    """An array as Python numbers (NumPy's are slow one by one), or a list of agents; of the size that rules ask for."""

    def __init__(self, values: Any):
        super().__init__(values.tolist() if isinstance(values, np.ndarray) else values)
        self.size, self.shape = len(self), getattr(values, "shape", (len(self),))


class _ForObjects(ast.NodeTransformer):
    """Turns columns into attributes of agents: people are held by themselves, seats and companies by number."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        array, index = node.value, node.slice
        kind = ast.unparse(array).split(".")[0] if isinstance(array, ast.Attribute) else ""
        if kind == "c":
            return ast.Attribute(index, array.attr, node.ctx)
        if kind in ("seats", "companies"):
            return ast.Attribute(ast.Subscript(array.value, index, ast.Load()), array.attr, node.ctx)
        if isinstance(index, ast.Tuple):
            for part in index.elts[:-1]:
                array = ast.Subscript(array, part, ast.Load())
            return ast.Subscript(array, index.elts[-1], node.ctx)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return node.args[0] if ast.unparse(node.func) in ("np.int64", "np.uint8") else node


def _read(rule: Any, known: dict[str, Any]) -> Any:
    """A rule of sim as plain Python for objects, with all it calls. known: what has been read, by name."""
    function = getattr(rule, "py_func", rule)
    name = function.__name__
    if name not in known:
        text = re.sub(r"\b(seats|companies)\.\w+\.size", r"len(\1)", inspect.getsource(function))
        text = text.replace("winner >= 0", "type(winner) is not int")  # a person, not a code of others
        tree = _ForObjects().visit(ast.parse(text))
        tree.body[0].decorator_list, tree.body[0].returns = [], None
        names = dict(function.__globals__)
        for other in function.__code__.co_names:
            value = names.get(other)
            if isinstance(value, np.ndarray):
                names[other] = Row(value)
            elif inspect.isfunction(getattr(value, "py_func", value)):
                names[other] = _read(value, known)
        exec(compile(ast.fix_missing_locations(tree), function.__code__.co_filename, "exec"), names)
        known[name] = names[name]
    return known[name]


def rules_of(kind: str) -> SimpleNamespace:
    """Rules and steps by name. Raises RuntimeError if chance in Python's integers is not the model's chance."""
    draw = uniform if kind == _KINDS[0] else chance.uniform
    keys = chance.keys_of_week(7, 1409)
    for agent in (0, 1, 54321, (1 << 62) + 5):
        if uniform(keys.tolist(), chance.S_SEARCH, agent) != chance.uniform(keys, chance.S_SEARCH, agent):
            raise RuntimeError("draws differ from sim.chance")
    known: dict[str, Any] = {
        "uniform": draw,
        "tie": lambda keys, stream, agent, n_bits: int(draw(keys, stream, agent) * (1 << n_bits)),
    }
    for module in _STEPS.split():
        for value in vars(getattr(steps, module)).values():
            if inspect.isfunction(getattr(value, "py_func", value)):
                _read(value, known)
    return SimpleNamespace(**known)


class _Agent(mesa.Agent):
    """Attributes are the columns of sim/population."""

    __slots__ = ()

    def __init__(self, model: "Objects", values: dict[str, Any]):
        super().__init__(model)
        for name, value in values.items():
            setattr(self, name, value)


class Caseworker(_Agent):
    """A seat of the jobcentre and who sits in it: team, minutes, backlog, experience, absence."""

    __slots__ = tuple(column.name for column in CASEWORKERS)


class Company(_Agent):
    """A workplace: jobs, vacancies, places for measures, openness that learns."""

    __slots__ = tuple(column.name for column in COMPANIES)


class Citizen(_Agent):
    """One resident."""

    __slots__ = tuple(column.name for column in CITIZENS)

    def begin_week(self, m: "Objects") -> None:
        """Pension age, or a week of the candidate clock, in which mostly nothing happens."""
        r, t, week, agent = m.rules, m.t, m.week, self.id
        if week - self.birth_week == t.law.pension_age_weeks:
            m.row[wk.FL_AGED] += 1
            r.ask(None, m, self, GONE, RANK_LEAVES)
        if self.candidate_week != week:
            return
        gap = r.uniform(m.life_keys, chance.S_CLOCK_GAP, r.gap_address(agent, week))
        self.candidate_week = week + r.candidate_gap(gap, m.gaps)
        if r._something_happens(None, m, t.events, self, week):
            target = r._event_target(None, m, t.events, t.entry, t.search, self, week)
            if target >= 0:
                r._move(None, m.companies, m, t.law, self, target, False, week)

    def be_a_case(self, m: "Objects") -> None:
        """The office looks after who has the case and calls the person in."""
        r, table = m.rules, m.t.meeting
        if not r.has_case(self.status):
            return
        moves, n = r.uniform(m.keys, chance.S_REORGANISATION, self.id) < table.reorganisation, m.n_handovers
        n += r.find_caseworker(None, m.seats, m, table, m.life_keys, self, moves, m.handovers, n, m.week)
        m.n_handovers = n
        exemption = r.uniform(m.life_keys, chance.S_EXEMPTION, r.spell_id(None, self))
        answer, planned, kept, below = r.called_in(None, m, table, self, exemption, m.week)
        due = answer == CALLED
        r.count_calls(m, 1, int(self.trust * 1000), planned, kept, below, due, due and self.caseworker < 0)
        if answer:
            m.n_due += r._queue_up(None, m, table, self, answer, m.due, m.n_due, m.week)

    def live(self, m: "Objects") -> None:
        """A week on support: looks for work, changes, may find a door out, is paid."""
        t, benefit = m.t, self.status - FIRST_BENEFIT
        if benefit < 0:
            if self.status == codes.SUBSIDISED_JOB:
                m.rules._pay_subsidy(None, t.pay, m.ledger, m.received, self)
            return
        if t.search.hazard[benefit] > 0.0:
            self.look_for_work(m, t, benefit)
        if benefit != FOERTIDSPENSION:
            u = m.rules.uniform(m.keys, chance.S_HEALTH, self.id)
            u_exit = m.rules.uniform(m.keys, chance.S_EXIT, self.id)
            m.rules.drift_and_exits(None, m, t.exits, t.entry, t.search, t.drift, self, u, u_exit, m.week)
        self.be_paid(m, t, benefit)

    def look_for_work(self, m: "Objects", t: SimpleNamespace, benefit: int) -> None:
        """Applies to companies drawn by size, as often as traits, contact, trust, habits and measures make likely."""
        week, last, channel, decay = m.week, self.last_meeting, t.channel, t.meeting.decay
        contact = self.contact * decay[min(week - last, decay.size - 1)] if last >= 0 else 0.0
        effect = channel.contact[benefit] * min(contact, channel.saturation)
        effect += channel.trust[benefit] * self.trust
        if self.caseworker >= 0:
            worker = m.seats[self.caseworker]
            effect += worker.seat_quality
            if week < worker.seat_novice_until:
                effect += channel.novice_log
        if self.measure:
            effect += t.offer.lock_in_log[self.measure]
        if self.after_until > week:
            effect += self.after_effect
        if self.mentor_until > week:
            effect += t.offer.mentor_log
        band = _BAND[min(week - self.since + 1, len(_BAND) - 1)]
        effect = effect + self.skill - m.centre[benefit][band]
        usual = t.search.person_factor[self.attachment][self.education][self.health]
        usual = t.search.hazard[benefit] * usual * m.per_application
        u = m.rules.uniform(m.keys, chance.S_SEARCH, self.id)
        if effect < 1.0 and u * (1.0 - effect) >= usual:
            return  # no application, as the rule finds out too
        asked = m.rules.companies_asked(
            None, m.seats, t.search, channel, t.meeting, t.offer, m.per_application, m.centre, 0, 0, 0, self, u, week
        )  # fmt: skip
        m.draws += asked
        m.rules.apply_for_work(
            None, m.companies, m, t.market, m.tickets, m.vacancies, m.best_score, m.best_row, self, asked, week
        )  # fmt: skip

    def be_paid(self, m: "Objects", t: SimpleNamespace, benefit: int) -> None:
        """The week counts for the refusion clock and the memory of support, is paid, split and recorded."""
        pay, week, left = t.pay, m.week, 0
        if week >= t.law.clock_from and t.law.clock_kind[self.status] == 2:
            self.clock_n += 1
        supported = benefit != FLEKSJOB and benefit != FOERTIDSPENSION
        activity = pay.activity[self.measure]
        if supported:
            left = self.support_bits >> 51
            self.support_bits = (self.support_bits << 1 & _FULL_YEAR) | 1
            self.support_count += 1 - left
            self.support_total += 1
            self.support_stamp = week + 1
            if benefit == codes.DAGPENGE:
                self.right_used += 1
        elif self.flags & LEGACY_AWARD:
            activity = ACT_LEGACY
        shares = pay.share_bp[benefit][activity]
        weeks = self.clock_n if pay.counter[benefit] == 0 else week - self.since + 1
        weeks = min(max(weeks, 1), len(shares) - 1)
        step, amount = pay.step[benefit][activity][weeks], pay.amount_oere[benefit][self.rate_class]
        state, cell = state_part(amount, shares[weeks]), m.ledger[codes.A_BENEFIT][benefit][step]
        cell[STATE] += state
        cell[MUNICIPALITY] += amount - state
        m.received[P_CITIZENS] += amount
        m.row[wk.LADDER + step] += 1
        if supported:
            m.rules.count_support(m, 1, *m.rules.asked_by_goals(None, self, week, left))


def _each(state: State, specification: Any) -> list[dict[str, Any]]:
    names = [column.name for column in specification]
    rows = zip(*(state[name].tolist() for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


class Objects(mesa.Model):
    """The municipality as Mesa agents, from the same starting state as the model."""

    def __init__(self, scenario: Scenario, seed: int, rules: SimpleNamespace):
        super().__init__(seed=seed)
        state = starting_state(scenario, seed)
        self.scenario, self.seed_of_chance, self.rules, weeks = scenario, seed, rules, scenario.weeks
        self.week = state.week
        self.books = Books(scenario, state.week, weeks)
        self.changes = change_weeks(scenario, state.week, state.week + weeks)
        self.life_keys, self.gaps, self.sector_first = self.keys_of(-1), Row(GAP_TABLE), state["sector_first"]
        for name in ("tickets", "vacancies", "memory", "centre", "stocks", "lengths"):
            setattr(self, name, Row(state[name]))
        self.lengths[L_ENTRANTS] = 0
        sectors = scenario.municipality.companies.sectors
        self.public = [int(name.startswith("public")) for name in sectors]
        self.best_score, self.best_row = Row(self.vacancies), Row(self.vacancies)
        n = state["id"].size
        self.supported, self.requested, self.entrant = Row([None] * n), [None] * n, Row([None] * n)
        self.cases, self.rows = Row([None] * n), []
        self.first_of_team, self.hired = [0] * (codes.N_TEAMS + 1), [0] * len(codes.EDUCATIONS)
        self.entrant_total, self.spell_person, self.entrants_until = [0] * n, Row([]), [0] * (weeks + 1)
        self.due, self.offers, self.handovers = (Row([0] * max(2000, n // 3)) for _ in range(3))
        self.cohort = Row(np.zeros((weeks, len(wk.COHORT)), np.int64))
        self.seats = Row([Caseworker(self, values) for values in _each(state, CASEWORKERS)])
        self.companies = Row([Company(self, values) for values in _each(state, COMPANIES)])
        self.coming: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.row_of: dict[int, Citizen] = {}
        for values in _each(state, CITIZENS):  # people on support come first, in the order of the list
            if values["arrive_week"] < state.week:
                self.admit(values)
            else:
                self.coming[values["arrive_week"]].append(values)
        on_support = [who for who in self.row_of.values() if rules.is_on_support(who.status)]
        self.supported[: len(on_support)] = on_support
        self.n = len(self.agents_by_type[Citizen])

    def admit(self, values: dict[str, Any]) -> Citizen:
        """Somebody becomes an agent."""
        who = self.row_of[values["id"]] = Citizen(self, values)
        return who

    def keys_of(self, week: int) -> Any:
        """The week's keys of chance as the draw wants them."""
        keys = chance.keys_of_week(self.seed_of_chance, week)
        return keys.tolist() if self.rules.uniform is uniform else keys

    def open_week(self, week: int) -> None:
        """Law, levers and demand in force; an empty record."""
        if week in self.changes:
            self.tables = build_tables(self.scenario, week)
            self.tables.market.sector_first[:] = self.sector_first
            self.t = SimpleNamespace()
            for name, table in vars(self.tables).items():
                if isinstance(table, tuple):
                    values = (Row(v) if isinstance(v, np.ndarray) else v for v in table)
                    setattr(self.t, name, type(table)(*values))
        self.keys, self.row, self.draws = self.keys_of(week), [0] * wk.N_COLUMNS, 0
        self.books.open_week(week)
        self.ledger = np.zeros_like(self.books.cells_of_week()).tolist()
        self.received, self.bought = [0] * len(codes.PAYEES), [0] * codes.N_MEASURES * codes.N_BENEFITS

    def step(self) -> None:
        """One week in the order of sim/model.py."""
        week, r, seats, companies, row_of = self.week, self.rules, self.seats, self.companies, self.row_of
        self.open_week(week)
        t, due, offers, handovers, books = self.t, self.due, self.offers, self.handovers, self.books
        for values in self.coming.pop(week, ()):
            self.row[wk.FL_ARRIVALS] += 1
            r._move(None, companies, self, t.law, who := self.admit(values), who.origin, True, week)
        citizens = self.agents_by_type[Citizen]
        citizens.do("begin_week", self)
        r._mark_limits(None, self, t.limits, t.entry, week)
        r.staff_the_week(seats, self, t.staff, self.life_keys, week)
        r.list_present(seats, self, week)
        self.n_due = self.n_handovers = 0
        citizens.do("be_a_case", self)
        n, k = self.n_due, self.n_handovers
        r.hand_over(None, seats, self, t.meeting, row_of, sorted(handovers[:k]), k)
        overloaded = [seat.seat_backlog for seat in seats]
        due = sorted(due[:n])
        n = r._hold(None, seats, self, t.meeting, t.offer, row_of, due, n, overloaded, week, offers)
        r._end_and_start(
            None, companies, self.tickets, self.public, self, t.offer, row_of, sorted(offers[:n]), n,
            books.pots_of_year(), self.bought, self.life_keys, week, books.year_begin, books.year_end,
        )  # fmt: skip
        n = r._lapse_and_post(companies, self, t.market, self.memory, self.vacancies, week)
        self.vacancies[:n] = sorted(self.vacancies[:n])
        r._index(companies, self, self.vacancies, n)
        r.invite_rivals(self, t.market, self.vacancies, self.best_score, self.best_row)
        self.per_application = 1.0 / self.memory[Y_YIELD_ANCHOR]
        citizens.do("live", self)
        r.hire(
            None, companies, self, t.market, self.tickets, self.vacancies, self.best_row, self.memory, self.draws,
            week, books.year_begin,
        )  # fmt: skip
        books.cells_of_week()[:] += np.array(self.ledger)
        books.received_of_week()[:] += np.array(self.received)
        books.pay_office(self.row, self.bought, self.tables)
        books.close_week()
        r.record_week(None, self, row_of, self.entrants_until, self.cohort, len(self.rows) + 1, week)
        self.rows.append(self.row)
        asked = self.requested[: self.lengths[L_REQUESTED]]
        r.carry_out_requests(None, companies, self, t.law, week + 1)
        for who in asked:
            if who.status == GONE:
                who.remove()
        if self.lengths[L_FAULT]:
            raise RuntimeError(f"week {week}: a hazard lies above its slice or a list is full")
        self.week += 1


def nanoseconds(scenario: Scenario, weeks: int, seed: int = 1) -> dict[str, float]:
    """Nanoseconds per citizen-week by kind of rules: the median week, after one to warm up."""
    out = {}
    for kind in _KINDS if JIT else _KINDS[:1]:
        model = Objects(scenario, seed, rules_of(kind))
        model.step()
        times = []
        for _ in range(weeks):
            begin = time.process_time()
            model.step()
            times.append(time.process_time() - begin)
        out[kind] = statistics.median(times) / model.n * 1e9
    return out


def check(scenario: Scenario, weeks: int = 104) -> None:
    """Prints a few numbers a week of the objects and of the model, and how many columns are equal in every week."""
    objects = Objects(scenario, 1, rules_of(_KINDS[-1 if JIT else 0]))
    for _ in range(weeks):
        objects.step()
    result = JobcenterModel(scenario, 1).run(weeks).result()
    rows, paid = np.array(objects.rows), objects.books.ledger.payers[:weeks]
    print(f"{'average of ' + str(weeks) + ' weeks':42s} {'objects':>16s} {'model':>16s}")
    blocks = [(f"stock.{name}",) for name in codes.BENEFITS]
    blocks += [("market.hires_benefit",), ("meetings.held",), ("market.applications",)]
    blocks += [tuple(f"changes.{cause}" for cause in codes.CAUSES[1:])]
    for names in blocks:
        k = [wk.NAMES.index(name) for name in names]
        a, b = (values[:, k].sum() / weeks for values in (rows, result.rows))
        print(f"{names[0] if len(names) == 1 else 'caseworker changes':42s} {a:16,.2f} {b:16,.2f}")
    a, b = (values[:, codes.A_BENEFIT].sum() / weeks / 100 for values in (paid, result.ledger))
    print(f"{'benefits paid, kr.':42s} {a:16,.0f} {b:16,.0f}")
    same = int((rows == result.rows).all(axis=0).sum())
    print(f"columns equal in every week: {same} of {wk.N_COLUMNS}")
    print(f"every cell of the ledger equal: {np.array_equal(paid, result.ledger)}")


def main() -> None:
    """Prints the two figures, or the comparison."""
    parser = argparse.ArgumentParser(description="One Mesa agent per citizen, caseworker and company.")
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--weeks", type=int, default=6)
    parser.add_argument("--check", action="store_true", help="compare 104 weeks with the model, at share 0.1")
    options = parser.parse_args()
    scenario = load("baseline", overrides=[f"world.share={0.1 if options.check else options.share}"])
    if options.check:
        check(scenario)
        return
    for name, value in nanoseconds(scenario, options.weeks).items():
        print(f"one Mesa object per agent, {name:18s} {value:10,.0f} ns per citizen-week")


if __name__ == "__main__":
    main()
