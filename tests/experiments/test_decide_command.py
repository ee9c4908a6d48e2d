"""`jobcenter decide` as a user meets it: a small town end to end, and what is refused before any run."""

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from experiments.equal_budget import dose_words
from experiments.equal_budget_table import EQUAL_BUDGET_COLUMNS, FULL_YEAR
from experiments.store import Store
from jobcenter.cli import app
from jobcenter.money_screen import priced_lines

TEXT = """
question: "10 mio. kr. a year: which strategy?"
base: baseline
scenarios: [early_intervention, one_caseworker, extra_caseworkers]
pairs: {pairs}
replicates: 10
draws: {draws}
set: ["world.share=0.03"]
weeks: 105
decide:
  trials: {{persons_per_arm: [100, 1000, 100000], follow_up_weeks: 52}}
  break_even: [jobstart]
"""


def call(
    folder: Path,
    pairs: int = 21,
    draws: str = "ranges",
    more: str = "equal_budget: 10 mio. kr.\n",
    instead: tuple[str, str] = ("", ""),
    options: tuple[str, ...] = (),
) -> Result:
    file = folder / "small.yaml"
    file.write_text((TEXT.format(pairs=pairs, draws=draws) + more).replace(*instead))
    return CliRunner().invoke(app, ["decide", str(file), "--out", str(folder / "store"), "--json", *options])


@pytest.mark.slow
def test_a_decision_end_to_end(tmp_path: Path) -> None:
    done = call(tmp_path)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["left_out"] == {"extra_caseworkers": "C"} and told["draws"] == 11
    for view in told["best"].values():
        assert set(view) == {"do nothing", "early_intervention", "one_caseworker"}
        assert sum(option["probability_best"] for option in view.values()) == pytest.approx(1.0)
        assert all(option["expected_regret_kr"] >= 0.0 for option in view.values())
    worth = told["information"]["perfect"]
    assert 0.0 <= worth["half"] <= worth["evidence range"] <= worth["double"]
    trials = [one for one in told["trials"] if one["strategy"] == "early_intervention"]
    gains = [one["worth_kr"]["evidence range"] for one in trials]
    assert len(trials) == 2 and gains == sorted(gains)  # 100,000 an arm is more than there are
    assert {one["strategy"] for one in told["break_even"]} == {
        "early_intervention", "one_caseworker", "extra_caseworkers", "jobstart"}  # fmt: skip
    assert told["calculation_error"]["best/people/do nothing"] > 0.0
    page = (tmp_path / "store" / "decision.html").read_text(encoding="utf-8")
    assert "Is a pilot worth its price?" in page and "<svg" in page
    runs = len(Store.open(tmp_path / "store").keys())
    assert call(tmp_path).stdout == done.stdout and len(Store.open(tmp_path / "store").keys()) == runs


@pytest.mark.slow
def test_a_mix_end_to_end_is_resumed_and_keeps_fresh_luck_apart(tmp_path: Path) -> None:
    more = (
        "equal_budget: 10 mio. kr.\n",
        ("  break_even", "  mix: {pairs: 10, fresh_pairs: 10}\n  break_even"),
    )
    done = call(tmp_path, more=more[0], instead=more[1], options=("--mix",))
    assert done.exit_code == 0, done.output
    assert (
        "Mix of 2 levers" in done.stderr and "runs of 0.03 of the municipality over 105 weeks" in done.stderr
    )
    told = json.loads(done.stdout)["mix"]
    assert set(told["levers"]) == {"early_intervention", "one_caseworker"}
    assert told["runs"] == 10 * (1 + told["splits"]) + 10 * (1 + len(told["finalists"]))
    for kr in told["best_kr"].values():
        assert sum(kr.values()) <= told["budget_kr"] * 1.01
    store = Store.open(tmp_path / "store")
    fresh = {number for number in store.frame(outcomes=[])["seed"] if number > 1_000_000}
    assert len(fresh) == 10
    assert "How should the budget be split?" in (tmp_path / "store" / "decision.html").read_text(
        encoding="utf-8"
    )
    runs = len(store.keys())
    again = call(tmp_path, more=more[0], instead=more[1], options=("--mix",))
    assert again.stdout == done.stdout and len(Store.open(tmp_path / "store").keys()) == runs


def test_a_mix_of_one_lever_is_refused_before_any_run(tmp_path: Path) -> None:
    done = call(tmp_path, instead=(", one_caseworker", ""), options=("--mix",))
    assert done.exit_code == 2 and "two levers of class A" in done.output
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"more": ""}, "add 'equal_budget"),
        ({"draws": "none"}, "leaves nothing to be unsure of"),
        ({"pairs": 20}, "20 pairs have 11 draws and 9 repeats"),
        ({"pairs": 20}, "replicates: 10 and pairs: 21, or more"),
        ({"options": ("--weeks", "30")}, "a decision needs at least one whole budget year"),
        ({"options": ("--weeks", "30")}, "30 weeks from 2027-W01 hold none: --weeks 52 or more"),
        ({"pairs": 50, "instead": ("replicates: 10\n", "")}, "pairs: 51 or more"),
        ({"more": "equal_budget: 10 mio. kr.\n", "instead": ("[jobstart]", "[jobstrat]")}, "jobstart"),
        ({"instead": ("follow_up_weeks: 52", "follow_up_weeks: 3")}, "follow_up_weeks"),
        ({"instead": ("persons_per_arm: [100, 1000, 100000]", "persons_per_arm: [1]")}, "persons_per_arm"),
        ({"instead": ("  trials:", "  priors: {wide: 2}\n  trials:")}, "the evidence range itself"),
        ({"instead": ("  trials:", "  trails: {}\n  trials:")}, "did you mean 'trials'"),
    ],
)
def test_what_cannot_be_decided_is_refused_before_any_run(
    tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    done = call(tmp_path, **changed)  # type: ignore[arg-type]
    assert done.exit_code == 2 and told in done.output
    assert not (tmp_path / "store").exists()


def priced(share: float) -> str:
    """The table of a strategy whose lever takes more than is spent, as other pots pay less."""
    own = {"scenario": "ips", "evidence_class": "A", "dose": "places 124", "budget_kr": 1e7 * share, "reason": "",
           "spent_kr": 2e4, "own_kr": 7e4}  # fmt: skip
    nothing = dict.fromkeys(EQUAL_BUDGET_COLUMNS, 0) | {"scenario": "do nothing", "dose": "", "reason": ""}
    rows = [{**nothing, **row, "year": FULL_YEAR, "budget_municipality_kr": 1e7} for row in ({}, own)]
    return "\n".join(priced_lines(pd.DataFrame(rows), 2026))


def test_the_lever_itself_is_no_part_of_what_is_spent_and_kroner_say_of_which_part_they_are() -> None:
    told = priced(0.05)
    assert "of it" not in told and "the lever itself" in told
    assert "is other pots, which may pay less than before" in told
    assert "mio. kr. a year in the 5 % simulated" in told and "dose, whole municipality" in told
    assert "simulated" not in priced(1.0) and "whole municipality" not in priced(1.0)


def test_doses_are_told_without_powers_of_ten() -> None:
    def told(dose: float, most: float) -> str:
        solved = SimpleNamespace(dose=dose, declared=SimpleNamespace(parameter="places", most=most))
        return dose_words(SimpleNamespace(levers=[solved]))  # type: ignore[arg-type]

    assert told(124.2, 2108.0) == "places 124 of at most 2,110"
    assert told(0.4634, 1.0) == "places 0.463 of at most 1"
