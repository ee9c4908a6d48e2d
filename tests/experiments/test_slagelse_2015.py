"""The business case of Slagelse 2015 as a set: its classes, what it costs, and the experiment that comes with it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from experiments.evaluator import power_of
from experiments.experiment_file import load_experiment
from jobcenter.cli import app
from sim.calendar import weeks_in_year, year_of
from sim.scenario import load
from sim.tables.law import amounts_oere

PAGE = Path(__file__).resolve().parents[2] / "docs" / "slagelse_2015.md"
CLASSES = {"early_intervention": "A", "jobstart": "B", "workshops": "B", "hand_held": "B", "all": "B"}
# mio. kr. and finders needed, as the page states them.
STATED = {
    "early_intervention": (1.41, 6.8),
    "jobstart": (4.04, 19.4),
    "workshops": (1.75, 8.4),
    "hand_held": (2.13, 10.2),
}


def whole_cost_kr(name: str) -> float:
    """Posts for as long as they are there, and every place once."""
    scenario = load(f"slagelse_2015_{name}")
    cost = 0.0
    for lever in scenario.levers.values():
        last = lever.last_week(scenario)
        assert last is not None, "every project ends"
        years = (last + 1 - scenario.start_week) / 52.1775
        cost += lever.paid_posts() * scenario.municipality.staff.cost_per_fte_kr_year * years
        cost += sum(one.places_per_year * one.price_kr for one in getattr(lever, "programmes", {}).values())
    return cost


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_honest_and_nothing_is_assumed(name: str) -> None:
    scenario = load(f"slagelse_2015_{name}")
    assert scenario.evidence_class == CLASSES[name]
    assert scenario.assumptions == ()
    assert scenario.law.refusion == "reform_2016"


@pytest.mark.parametrize("name", STATED)
def test_costs_and_break_evens_of_the_page(name: str) -> None:
    base = load("slagelse_2015")
    a_month = (
        amounts_oere(base, base.start_week)[1, 0] / 100.0 * 52 / 12
    )  # kontanthjaelp_jobready, 30 and over
    assert a_month == pytest.approx(10_849, rel=1e-4)
    mio, finders = STATED[name]
    cost = whole_cost_kr(name)
    assert cost / 1e6 == pytest.approx(mio, rel=0.03)  # a project's year has 53 weeks, the page says one
    assert mio * 1e6 / (2 * 12 * a_month * 0.8) == pytest.approx(finders, abs=0.06)
    assert f"| {finders} |" in PAGE.read_text(encoding="utf-8")


def test_power_of_the_page_is_that_of_the_evaluator() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = {
        "JobStart": (100, 0.0385),
        "Hand-held support": (200, 0.0247),
        "Workshops and courses": (200, 0.168),
    }
    for name, (arm, anyway) in rows.items():
        cells = [
            cell.strip()
            for line in text.splitlines()
            if line.startswith(f"| {name} | {arm} + {arm}")
            for cell in line.split("|")
        ]
        for effect, stated in ((cells[3], cells[4]), (cells[5], cells[6])):
            points = float(re.findall(r"[\d.]+", effect)[0]) / 100
            after = anyway + points
            error = ((anyway * (1 - anyway) + after * (1 - after)) / arm) ** 0.5
            assert 100 * power_of(points, error) == pytest.approx(float(stated.rstrip(" %")), abs=1.5), (
                name,
                effect,
            )


def test_jobstart_has_five_classes_of_about_twenty() -> None:
    scenario = load("slagelse_2015_jobstart")
    programme = scenario.levers["programme"].programmes["jobstart"]
    year = weeks_in_year(year_of(scenario.start_week))
    weeks = range(0, year, programme.intake_every_weeks)
    assert len(weeks) == 5
    reached = [
        0,
        *(
            programme.places_per_year * min(week + programme.intake_every_weeks, year) // year
            for week in weeks
        ),
    ]
    classes = [after - before for before, after in pairwise(reached)]
    assert all(15 <= size <= 23 for size in classes) and sum(classes) == 100


def test_the_experiment_comes_along_and_is_checked() -> None:
    experiment = load_experiment("slagelse_2015")
    assert experiment.names == ("slagelse_2015", *(f"slagelse_2015_{name}" for name in CLASSES))
    rules = {variant: world[0].law.refusion for variant, world in experiment.worlds.items()}
    assert rules == {"": "reform_2016", "refusion_kept": "before_2016", "refusion_flat": "flat_50"}
    done = CliRunner().invoke(app, ["batch", "slagelse_2015", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "720 runs (40 pairs x 6 scenarios x 3 worlds)" in done.output
