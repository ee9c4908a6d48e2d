"""A lever with a last week: places stop, those inside finish, posts close, and no money is set aside afterwards."""

import numpy as np
import pytest
from worlds import lived, world

from sim.calendar import weeks_in_year, year_of
from sim.codes import M_COURSE, POTS, TEAMS
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.citizens import NEVER
from sim.records.weekly import MEASURE_WEEKS
from sim.scenario import Scenario
from sim.tables import build_tables, change_weeks
from sim.week.measures import AUTHORISED

WEEKS = 60
SHARE = 0.1
INTAKE_WEEKS, LENGTH = 20, 13
PROGRAMME = (
    "levers.programme={to: start+19, one: {kind: jobstart, groups: [kontanthjaelp_activityready, dagpenge],"
    " places_per_year: 2000, weeks: 13, price_kr: 10000, extra_fte: {activityready: 20}}}"
)


def town(*overrides: str) -> Scenario:
    return world("baseline", *overrides, weeks=WEEKS, share=SHARE)


def posts(model: JobcenterModel, team: str = "activityready") -> float:
    """FTE of a team that have not been closed."""
    seats = model.state
    mine = (seats["seat_team"] == TEAMS.index(team)) & (seats["seat_until"] >= NEVER)
    return float(seats["seat_fte"][mine].sum())


@pytest.fixture(scope="module")
def without() -> JobcenterModel:
    return lived(town())


@pytest.fixture(scope="module")
def project() -> JobcenterModel:
    return lived(town(PROGRAMME))


def test_nobody_begins_after_the_last_intake_and_those_inside_finish(
    project: JobcenterModel, without: JobcenterModel
) -> None:
    more = (project.rows - without.rows)[:, MEASURE_WEEKS + M_COURSE]
    full = more[LENGTH:INTAKE_WEEKS].mean()
    assert full > 20
    assert 0 < more[INTAKE_WEEKS + LENGTH // 2] < full  # classes run out
    assert abs(more[INTAKE_WEEKS + LENGTH :]).mean() < 0.1 * full  # ordinary courses move a little
    assert not project.state["programme"].any()


def test_posts_close_with_the_last_class(project: JobcenterModel, without: JobcenterModel) -> None:
    last = INTAKE_WEEKS - 1 + LENGTH
    model = lived(town(PROGRAMME), weeks=last + 1)
    assert posts(model) == pytest.approx(posts(without) + 20 * SHARE)
    assert posts(model.run(1)) == pytest.approx(posts(without))
    assert posts(project) == pytest.approx(posts(without))


def test_money_is_set_aside_until_the_last_class(project: JobcenterModel, without: JobcenterModel) -> None:
    pots = [
        model.books.ledger.pots[:, POTS.index("in_house_courses"), AUTHORISED] for model in (project, without)
    ]
    lever, scenario = project.settings.levers["programme"], project.settings
    a_year = lever.pot_kr_year(scenario)["in_house_courses"] * 100.0 * SHARE
    part = (INTAKE_WEEKS + LENGTH) / weeks_in_year(year_of(scenario.start_week))
    assert (pots[0] - pots[1]).tolist() == [round(a_year * part), 0]


@pytest.mark.parametrize("lever", [
    "early_intervention={groups: [dagpenge], meetings_per_26_weeks: 13, coaching_share: 1, to: start+9}",
    "meetings={minutes: 75, prepared_share: 1, to: start+9}",
    "self_service={freed_share: 0.9, kr_per_year: 5 mio. kr., to: start+9}",
])  # fmt: skip
def test_after_its_last_week_a_lever_leaves_no_trace_in_the_tables(lever: str) -> None:
    ends, base = town(f"levers.{lever}"), town()

    def same(week: int) -> bool:
        return repr(build_tables(ends, week)) == repr(build_tables(base, week))

    with np.printoptions(threshold=1_000_000):
        assert not same(ends.start_week + 9)
        assert same(ends.start_week + 10)
    assert ends.start_week + 10 in change_weeks(ends, ends.start_week, ends.start_week + WEEKS)


def test_posts_cut_for_a_time_come_back(without: JobcenterModel) -> None:
    model = lived(town("levers.staffing={extra_fte: {activityready: -10}, to: start+9}"), weeks=5)
    assert posts(model) == pytest.approx(posts(without) - 10 * SHARE)
    assert posts(model.run(10)) == pytest.approx(posts(without))


def test_an_end_before_the_beginning_is_refused() -> None:
    with pytest.raises(UserError, match="'to' 2027-W05 lies before 'from' 2027-W10"):
        town("levers.staffing={from: 2027-W10, to: 2027-W05, extra_fte: {young: 1}}")
