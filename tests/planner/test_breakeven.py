"""Break-even without a model: the figures of the economics worked by hand, at once and without the compiler."""

import json
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from experiments.bounds import LARGEST
from experiments.break_even import groups_of_stocks
from jobcenter.cli import app
from jobcenter.planner.breakeven import OF_SYSTEM, answer, full_year_kr, state_shares, target_groups
from sim.codes import BENEFITS
from sim.scenario import load

ACTIVITY = ("kontanthjaelp_activityready",)


def told(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["breakeven", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_ten_million_are_87_persons_at_the_20_percent_step() -> None:
    """Economics, three figures: 2023 rates, 4.8 % of the 1,820 on cash benefit."""
    found = told("10 mio. kr.", "--group", ACTIVITY[0], "--persons", "1820", "--year", "2023")
    assert round(float(str(found["fewer"]))) == 87
    assert round(100 * float(str(found["share"])), 1) == 4.8
    assert found["municipal_kr"] == pytest.approx(12 * 11_944 * 0.8)


def test_a_decimal_comma_before_millions_is_read() -> None:
    assert told("10,5 mio. kr.") == told("10.5 mio. kr.")
    assert told("0,25 mia. kr.") == told("250 mio. kr.")


def test_one_change_fewer_for_1215_can_give_21_finders_and_4_to_5_million() -> None:
    """A change takes 22 % of the chance; without it the chance is 1 / 0.78 of that, 28 % more."""
    base, kinds = load("baseline"), ["continuity"]
    found = answer(base, 3e6, ACTIVITY, year=2023, persons=1215, job_chance=0.06, kinds=kinds)
    (kind,) = found.kinds
    assert round(100 * kind.effect) == 28 and round(kind.finders) == 21
    assert 4e6 < kind.kr_year < 5e6
    assert kind.can_pay
    dearer = answer(base, 5e6, ACTIVITY, year=2023, persons=1215, job_chance=0.06, kinds=kinds)
    assert not dearer.kinds[0].can_pay


@pytest.mark.parametrize("step", ["20", "30 %", "0.4"])
def test_an_earlier_step_asks_for_more_persons(step: str) -> None:
    first, other = told("1000000"), told("1000000", "--state-share", step)
    assert other == told("1000000", "--step", step)  # the older name
    share = {"20": 0.2, "30 %": 0.3, "0.4": 0.4}[step]
    assert other["fewer"] == pytest.approx(float(str(first["fewer"])) * 0.8 / (1 - share))


def test_rates_and_chances_are_those_of_the_simulation() -> None:
    """The same full year and job chance as the break-even of levers, which reads the model's own tables."""
    scenario = load("baseline")
    groups = groups_of_stocks(scenario)
    for benefit, group in groups.items():
        assert 0.8 * full_year_kr(scenario, benefit, None) == pytest.approx(group.municipal_kr, rel=0.01)
        found = answer(scenario, 1e6, (benefit,), step=state_shares(scenario, benefit)[-1])
        assert found.job_chance == pytest.approx(group.job_chance)
        assert found.persons == group.persons
    assert set(groups) == set(BENEFITS) - {"foertidspension"}


def test_the_system_is_its_four_benefits_and_every_kind_has_a_ceiling() -> None:
    found = answer(load("baseline"), 1e6, target_groups(["cash_benefit_system"]))
    assert found.groups == OF_SYSTEM
    assert found.persons == pytest.approx(1820)
    assert [one.name for one in found.kinds] == list(LARGEST)
    parts = [answer(load("baseline"), 1e6, (b,), monthly_kr=found.full_year_kr / 12) for b in OF_SYSTEM]
    for k, one in enumerate(found.kinds):
        assert one.kr_year == pytest.approx(sum(part.kinds[k].kr_year for part in parts))


def test_target_groups_weigh_rates_and_chances_and_not_the_stocks() -> None:
    """Of two benefits the target group is nearly all on one: a full year costs what that one costs."""
    base, groups = load("baseline"), ("dagpenge", "uddannelseshjaelp")
    few = answer(base, 1e6, groups, persons={"dagpenge": 10.0, "uddannelseshjaelp": 990.0})
    one = [full_year_kr(base, benefit, None) for benefit in groups]
    assert few.full_year_kr == pytest.approx(0.01 * one[0] + 0.99 * one[1])
    assert few.persons == 1000.0
    stocks = answer(base, 1e6, groups, persons=1000.0)
    assert abs(stocks.full_year_kr - few.full_year_kr) > 0.1 * abs(one[0] - one[1])


@pytest.mark.parametrize(("arguments", "said"), [
    (["abc"], "COST abc: an amount is a number of kroner"),
    (["0"], "a cost above zero is needed"),
    (["1000000", "--group", "kontanthjelp"], "--group kontanthjelp: unknown, did you mean"),
    (["1000000", "--step", "25"], "the state pays 80, 40, 30, 20 %"),
    (["1000000", "--step", "x"], "--state-share x"),
    (["10"], "COST 10: 10 kr. a year; at least 10,000 kr. are needed; did you mean '10 mio. kr.'?"),
    (["9999"], "at least 10,000 kr. are needed"), (["10,555 mio. kr."], "can be read in two ways"),
    (["1000000", "--kind", "luck"], "--kind luck: unknown"),
    (["1000000", "--year", "2001"], "--year 2001: the rates of"),
    (["1000000", "--monthly-kr", "0"], "--monthly-kr 0: an amount above zero"),
    (["1000000", "--scenario", "nowhere"], "no scenario is called 'nowhere'"),
])  # fmt: skip
def test_bad_input_is_named(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["breakeven", *arguments])
    assert done.exit_code == 2
    assert said in done.output + done.stderr


def test_at_once_and_without_the_compiler() -> None:
    code = (
        "import sys; from jobcenter.cli import app\n"
        "try: app(['breakeven', '1000000'])\n"
        "except SystemExit as end: print(end.code, *[m for m in ('numba', 'mesa', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"
    times = []
    for _ in range(5):  # processor time of the work itself; what a quiet machine takes is for benchmarks
        begin = time.process_time()
        answer(load("baseline"), 1e6, ACTIVITY)
        times.append(time.process_time() - begin)
    assert min(times) < 0.5
