"""Scenario -> tables in force in one week.

Law is dated data, so tables are rebuilt in the weeks when law, demand or a lever changes (`change_weeks`), never in
between. Everything a lever may change is an array here; the levers of the scenario are applied last.
"""

from dataclasses import dataclass

from sim.behaviour.entry import EntryTable
from sim.behaviour.events import EventTable
from sim.behaviour.exits import ExitTable
from sim.behaviour.hiring import MarketTable
from sim.behaviour.limits import LimitTable
from sim.behaviour.meetings import MeetingTable
from sim.behaviour.offers import OfferTable
from sim.behaviour.programmes import ProgrammeTable, no_programmes
from sim.behaviour.search import SearchTable
from sim.behaviour.staff import StaffTable
from sim.population.careers import DriftTable
from sim.scenario import Scenario
from sim.tables import law, levels, office
from sim.week.hiring import ChannelTable
from sim.week.payments import PayTable
from sim.week.world import Law


@dataclass
class Tables:
    """All tables of one week. A lever writes into their arrays, and replaces a table to change a number."""

    law: Law
    events: EventTable
    entry: EntryTable
    exits: ExitTable
    limits: LimitTable
    search: SearchTable
    drift: DriftTable
    staff: StaffTable
    meeting: MeetingTable
    offer: OfferTable
    programme: ProgrammeTable
    market: MarketTable
    channel: ChannelTable
    pay: PayTable
    price: float  # kroner of the price level per krone of the municipality's price list
    lever_cost_oere: dict[str, int]  # yearly cost of levers by account; retention pay per FTE in post

    def add_cost(self, account: str, oere_per_year: float) -> None:
        """A lever costs this much a year on `account`, øre at the scenario's price level."""
        self.lever_cost_oere[account] = self.lever_cost_oere.get(account, 0) + round(oere_per_year)


def build_tables(scenario: Scenario, week: int, levers: bool = True) -> Tables:
    """The tables in force in `week`; without the scenario's levers for the years before its start."""
    tables = Tables(
        law=law.law_table(scenario, week),
        events=levels.event_table(scenario, week),
        entry=law.entry_table(scenario, week),
        exits=levels.exit_table(scenario, week),
        limits=law.limit_table(scenario, week),
        search=levels.search_table(scenario),
        drift=levels.drift_table(scenario),
        staff=office.staff_table(scenario),
        meeting=office.meeting_table(scenario, week),
        offer=office.offer_table(scenario, week),
        programme=no_programmes(),
        market=levels.market_table(scenario, week),
        channel=office.channel_table(scenario),
        pay=law.pay_table(scenario, week),
        price=law.price_factor(scenario, scenario.municipality.price_year),
        lever_cost_oere={},
    )
    if levers:
        for lever in scenario.levers.values():
            if lever.in_force(scenario, week):
                lever.apply(tables, scenario, week)
        levels.bound_exits(tables.exits)
    return tables


def change_weeks(scenario: Scenario, first: int, last: int) -> set[int]:
    """Weeks in [first, last] in which law, demand or a lever may change: `first` always among them."""
    weeks = {first} | law.law_change_weeks(scenario) | levels.demand_change_weeks(scenario)
    for lever in scenario.levers.values():
        ends = lever.last_week(scenario)
        weeks |= lever.change_weeks(scenario) | (set() if ends is None else {ends + 1})
    return {week for week in weeks if first <= week <= last}
