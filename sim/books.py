"""The municipality's books over a run: opens and closes weeks and budget years, pays the office."""

import numpy as np

from sim.calendar import weeks_in_year, year_of, year_start
from sim.codes import (
    A_COMPANY_SERVICE,
    A_INTEGRATION,
    A_ONE_OFF,
    A_STAFF,
    ACCOUNTS,
    POTS,
)
from sim.money.amounts import FULL_BP, share_bp
from sim.money.budgets import full_year_oere
from sim.money.ledger import Ledger
from sim.records.weekly import ST_FTE, ST_VACANT
from sim.scenario import Scenario
from sim.tables.build import Tables
from sim.tables.law import price_factor
from sim.week.measures import AUTHORISED, CARRIED, COMMITTED
from sim.week.office import add_measures, balances, pay


class Books:
    """Ledger and pots of one run, week by week, in øre at the scenario's price level."""

    def __init__(self, scenario: Scenario, first_week: int, weeks: int):
        last = first_week + max(weeks, 1) - 1
        years = list(range(year_of(first_week), year_of(last) + 1))
        self.ledger = Ledger.empty(max(weeks, 1), years)
        self.first_week = first_week
        self.scenario = scenario
        self.price = price_factor(scenario, scenario.municipality.price_year)
        share = scenario.world.share
        for y, year in enumerate(years):
            begin, end = year_start(year), year_start(year + 1)
            # The horizon does not cut a year's budget: a shorter run is the beginning of a longer one.
            covered = (end - max(begin, first_week)) / (end - begin)
            for p, pot in enumerate(POTS):
                self.ledger.pots[y, p, AUTHORISED] = round(full_year_oere(scenario, pot) * covered)
        self._due, self._refunded = np.zeros((2, len(ACCOUNTS)), np.int64)
        self._due_every_week = np.zeros(len(ACCOUNTS), np.int64)
        self._one_off_oere: dict[int, int] = {}
        for lever in scenario.levers.values():
            begin = max(lever.first_week(scenario), first_week)
            amount = round(lever.one_off_oere() * share)
            self._one_off_oere[begin] = self._one_off_oere.get(begin, 0) + amount
        self._in_force = [
            (lever, lever.first_week(scenario), lever.last_week(scenario))
            for lever in scenario.levers.values()
        ]
        # Money a lever authorises for what it buys, by its first week: nobody else can spend it.
        self._own_money = [
            (lever.first_week(scenario), lever.last_week(scenario), POTS.index(pot), kr * 100.0 * share)
            for lever in scenario.levers.values()
            for pot, kr in lever.pot_kr_year(scenario).items()
        ]
        self._week = first_week - 1
        self._year = -1
        self.year_begin, self.year_end = first_week, year_start(years[0] + 1)

    def open_week(self, week: int) -> None:
        """Moves to `week`; at a new budget year pots whose rule was `carry` bring what was left, and levers add to pots
        or take from them."""
        self._week = week
        if self._year < 0 or week >= self.year_end:
            year = self.ledger.years.index(year_of(week))
            if self._year >= 0:
                self._carry_over(self._year, year, week - 1)
            self._year = year
            self._turn_to_year()
        for lever, first, last in self._in_force:
            begin = max(first, self.year_begin, self.first_week)
            if week == begin and lever.in_force(self.scenario, week):
                end = self.year_end if last is None else min(self.year_end, last + 1)
                for name, moved in lever.pots_oere(self.scenario, week, end).items():
                    self.ledger.pots[self._year, POTS.index(name), AUTHORISED] += moved
        for first, last, pot, oere in self._own_money:
            if week == max(first, self.year_begin, self.first_week) and (last is None or week <= last):
                end = self.year_end if last is None else min(self.year_end, last + 1)
                of_year = round(oere * (end - week) / self._weeks)
                self.ledger.pots[self._year, pot, AUTHORISED] += of_year
                self.ledger.pots[self._year, pot, COMMITTED] += of_year

    def take_up(self, week: int, payers: np.ndarray, payees: np.ndarray, pots: np.ndarray) -> None:
        """Books of a run under way, about to live `week`."""
        self.ledger.payers[:], self.ledger.payees[:], self.ledger.pots[:] = payers, payees, pots
        if week > self.first_week:
            self._week = week - 1
            self._year = self.ledger.years.index(year_of(week - 1))
            self._turn_to_year()

    def _turn_to_year(self) -> None:
        year = self.ledger.years[self._year]
        self.year_begin, self.year_end = year_start(year), year_start(year + 1)
        # What a week of the year costs; every week of a year costs the same.
        staff, share = self.scenario.municipality.staff, self.scenario.world.share
        integration = self.scenario.municipality.budgets["integration"].kr_per_year * 100.0 * self.price
        self._weeks = weeks_in_year(year)
        self._fte_oere = staff.cost_per_fte_kr_year * 100.0 * self.price / self._weeks
        fixed = staff.managers_fte + staff.administration_fte + staff.teams["rehabilitation"].fte
        self._fixed_fte = fixed * share
        self._due_every_week[A_COMPANY_SERVICE] = round(
            self._fte_oere * staff.company_consultants_fte * share
        )
        self._due_every_week[A_INTEGRATION] = round(integration * share / self._weeks)

    def _carry_over(self, old: int, new: int, last_week: int) -> None:
        """By the rules of the old year's last week; whole øre, a part of one is not carried."""
        rules = {pot: (budget.when_empty, 1.0) for pot, budget in self.scenario.municipality.budgets.items()}
        for lever in self.scenario.levers.values():
            if lever.first_week(self.scenario) <= last_week and lever.in_force(self.scenario, last_week):
                rules |= lever.pot_rules()
        for p, pot in enumerate(POTS):
            rule, part = rules[pot]
            left = int(self.ledger.pots[old, p, AUTHORISED] - self.ledger.pots[old, p, COMMITTED])
            if rule == "carry" and left > 0:
                carried = left * share_bp(part) // FULL_BP
                self.ledger.pots[new, p, AUTHORISED] += carried
                self.ledger.pots[new, p, CARRIED] = carried

    @property
    def _index(self) -> int:
        return self._week - self.first_week

    def pots_of_year(self) -> np.ndarray:
        """Pots of the budget year, int64 (pots, 4)."""
        return np.asarray(self.ledger.pots[self._year])

    def cells_of_week(self) -> np.ndarray:
        """This week's cells of the payers' side, int64 (accounts, benefits + 1, steps, payers)."""
        return np.asarray(self.ledger.payers[self._index])

    def received_of_week(self) -> np.ndarray:
        """This week's receipts, int64 (payees)."""
        return np.asarray(self.ledger.payees[self._index])

    def pay_office(self, row: np.ndarray, bought: np.ndarray, tables: Tables) -> None:
        """Staff by the seat (an empty seat costs nothing), consultants, managers, measures bought, levers.

        bought: int64 (measures x benefits) øre. Staff is never refunded by the state (BEK 224/2021 § 4): the
        municipality pays all of it. Of measures the state paid a part while operating refusion (driftsrefusion) lasted.
        """
        due = self._due
        due[:] = self._due_every_week
        filled = int(row[ST_FTE] - row[ST_VACANT]) / 1000.0
        due[A_STAFF] = round(self._fte_oere * (filled + self._fixed_fte))
        add_measures(np.asarray(bought), tables.pay.operating_bp, tables.pay.activity, due, self._refunded)
        due[A_ONE_OFF] = self._one_off_oere.get(self._week, 0)
        for name, amount in tables.lever_cost_oere.items():
            posts = filled if name == "retention_pay" else 1.0
            due[ACCOUNTS.index(name)] += round(amount * posts / self._weeks)
        pay(due, self._refunded, self.cells_of_week(), self.received_of_week(), self.pots_of_year())

    def close_week(self) -> None:
        """The week's books balance or the run stops."""
        if not balances(self.cells_of_week(), self.received_of_week()):
            self.ledger.balance(self._index)
