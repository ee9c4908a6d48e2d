"""`jobcenter sensitivity` as a user meets it: a small town end to end, resumed, and what it refuses before any run."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from experiments.anchor import levels
from experiments.experiment_file import load_experiment
from experiments.run import run_one
from experiments.sensitivity.factors import factors_of, point_of
from experiments.sensitivity.study import Plan, for_weeks, lived, survivors
from experiments.store import Store
from jobcenter.cli import app
from sim.scenario import load

TEXT = """
question: a small town
base: baseline
scenarios: [early_intervention]
variants:
  flat: ["law.refusion=flat_50"]
factors:
  municipality.prices.course_week_kr: {low: 1500, high: 2000}
"""
FACTORS = (
    "--factor", "effects.meetings_jobready.contrast", "--factor", "contact.memory_weeks",
    "--factor", "municipality.prices.course_week_kr", "--factor", "trust.gain",
)  # fmt: skip
SMALL = ("--share", "0.01", "--weeks", "12", "--where", "inline")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["sensitivity", *words])


@pytest.fixture(autouse=True)
def few_runs_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """How levels answer is learned from a handful of runs: here it must be there, not be good."""
    from experiments.sensitivity import levels

    monkeypatch.setattr(levels, "FEWEST_RUNS", 8)
    monkeypatch.setattr(levels, "RUNS_PER_FACTOR", 1)
    monkeypatch.setattr(levels, "CHECKS", 2)


@pytest.fixture
def small(tmp_path: Path) -> str:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT)
    return str(file)


def test_auto_screens_and_shares_out_and_goes_on_where_it_stopped(small: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = (
        small,
        *SMALL,
        *FACTORS,
        "--n",
        "4",
        "--trajectories",
        "2",
        "--seeds",
        "2",
        "--survivors",
        "3",
        "--out",
        out,
    )
    done = call(*words)
    assert done.exit_code == 0, done.output
    assert "Screening: of 4 factors 3 are looked at closer" in done.output and "a year" in done.output
    indices = pd.read_csv(tmp_path / "out" / "indices.csv")
    assert set(indices["index"]) == {"S1", "ST", "swing"} and indices.factor.nunique() == 3
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 4 and "http" not in page.split("</style>")[1].replace(
        "http://www.w3.org", ""
    )
    runs = len(Store.open(tmp_path / "out" / "store").keys())
    again = call(*words, "--json")
    assert json.loads(again.output)["effects"][0]["scenario"] == "early_intervention"
    assert len(Store.open(tmp_path / "out" / "store").keys()) == runs
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == page


def test_a_point_is_the_run_it_says(small: str, tmp_path: Path) -> None:
    experiment = for_weeks(load_experiment(small, changes=("world.share=0.02",)), 30)
    names = [word for word in FACTORS if word != "--factor"]
    factors = factors_of(experiment, (), (*names, "search.dagpenge"))
    store = Store.create_or_open(tmp_path / "s")
    u, runs = lived(experiment, Plan("sobol", 2, 1), factors, store)
    with store.writing():
        runs.make("inline", 1)
    row = 2
    point = point_of(factors, u[row], screening=False)
    assert set(point.levels) == {"search.dagpenge"} and point.settings and point.values
    for context, rules in (("", "ladder_2016"), ("flat", "flat_50")):
        names = [f"{name}={text}" for name, text in point.settings.items()]
        changes = ("world.share=0.02", f"law.refusion={rules}", *names)
        base = load("baseline", overrides=changes).for_weeks(30)
        [response] = runs.fit_levels(1)
        factors_of_levels = response.factors(point.values)
        assert any(abs(factor) > 1e-6 for factor in factors_of_levels.values())
        values = {**point.values, **levels(base, point.values, factors_of_levels)}
        level = point.levels["search.dagpenge"]
        values["search.dagpenge"] = level * values["search.dagpenge"] / base.behaviour["search.dagpenge"]
        net = runs.outcome("net_municipal_cost/all/all", context)
        assert net[0, row, 0] == run_one(base, values, 1).spending("municipality").sum() / 100.0, rules


def test_scenarios_by_name_are_an_experiment(tmp_path: Path) -> None:
    words = (
        "baseline",
        "early_intervention",
        *SMALL,
        "--factor",
        "contact.memory_weeks",
        "--factor",
        "trust.gain",
    )
    done = call(*words, "--method", "shapley", "--n", "30", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "quadratic emulator" in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--method", "soboll"), "allowed are auto, morris"),
        (("--method", "sobol", "--n", "100"), "power of two; take 64 or 128"),
        (("--method", "sobol", "--seeds", "1"), "two seeds a point or more"),
        (("--method", "shapley", "--n", "12"), "shapley needs 30 or more"),
        (("--method", "rbd_fast", "--n", "20"), "rbd_fast needs 64 or more"),
        (("--method", "morris", "--n", "64"), "take --trajectories"),
        (("--method", "sobol", "--trajectories", "4"), "only morris and auto have them"),
        (("--method", "sobol", "--survivors", "4"), "only auto hands factors on"),
        (("--method", "sobol", "--emulator", "--extra-seeds", "2"), "no points of single factors"),
        (("--outcome", "net_municipal_costs/all/all"), "did you mean 'net_municipal_cost'"),
        (("--outcome", "full_time_persons"), "its group and year are missing; write full_time_persons/GROUP/YEAR"),
        (("--outcome", "full_time_persons/supports/all"), "did you mean 'full_time_persons/support/all'"),
        (("--outcome", "in_job_52_share/all/all"), "baseline has no number for it over 12 weeks"),
        (("--factor", "municipality.population.higher_education_share"), "has no range"),
        (("--factor", "structure"), "variant of the refusion rules alone is a context"),
        (("--scenario-as-factor",), "two or more beside the base"),
        (("--method", "morris", "--emulator"), "gives the indices of sobol"),
        (("--method", "pawn", "--extra-seeds", "2"), "only morris and sobol"),
        (("--factor", "trust.gains", "--factor", "trust.gain"), "is no factor, did you mean 'trust.gain'"),
        (("--factor", "trust.gain"), "at least two"),
        (("--groups", "people"), "allowed are effects, mechanism, levels"),
        (("--set", "behaviour.trust.gain=0.2", "--factor", "trust.gain", "--factor", "trust.usual"), "sets it itself"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_any_run(
    small: str, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    done = call(small, *SMALL, *words, "--out", str(tmp_path / "out"))
    assert done.exit_code == 2 and told in done.output, done.output
    assert not (tmp_path / "out").exists()


def test_files_of_somebody_else_are_never_overwritten(small: str, tmp_path: Path) -> None:
    theirs = tmp_path / "out"
    theirs.mkdir()
    (theirs / "report.html").write_text("mine")
    words = (small, *SMALL, *FACTORS, "--method", "shapley", "--n", "30")
    done = call(*words, "--out", str(theirs))
    assert done.exit_code == 2 and "is not empty and holds no analysis" in done.output
    assert (theirs / "report.html").read_text() == "mine"
    (tmp_path / "file").write_text("")
    assert "is a file" in call(*words, "--out", str(tmp_path / "file"), "--dry-run").output
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "analysis.json").write_text('{"of": ["baseline"], "method": "morris"}')
    done = call(*words, "--out", str(tmp_path / "other"))
    assert done.exit_code == 2 and "holds the analysis of baseline by morris" in done.output
    done = call("baseline", "baseline", *SMALL, "--out", str(tmp_path / "two"))
    assert done.exit_code == 2 and "is named twice" in done.output


def test_a_number_with_dots_for_thousands_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT.replace("low: 1500", "low: 1.500"))
    done = call(str(file))
    assert done.exit_code == 2 and "small.yaml:8:" in done.output and "two ways" in done.output


def test_a_levers_number_varies_where_the_lever_is_and_not_in_the_base(tmp_path: Path) -> None:
    """Laid on the base too, the posts would leave the difference, and a hundred posts would seem to cost nothing."""
    text = """
base: baseline
scenarios: [extra_caseworkers]
factors:
  levers.staffing.extra_fte.dagpenge_jobready: {low: 0, high: 100}
"""
    (tmp_path / "dose.yaml").write_text(text)
    name = "levers.staffing.extra_fte.dagpenge_jobready"
    # Long enough for posts to be filled and paid.
    words = (*SMALL, "--weeks", "40", "--factor", name, "--factor", "trust.gain", "--method", "sobol", "--n", "8",
             "--seeds", "2", "--outcome", "net_municipal_cost/all/all")  # fmt: skip
    done = call(str(tmp_path / "dose.yaml"), *words, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    swings = pd.read_csv(tmp_path / "out" / "indices.csv").query("index == 'swing'").set_index("factor")
    assert swings.loc[name, "low"] > 0.0, "posts cost money"
    (tmp_path / "dose.yaml").write_text(text.replace("extra_caseworkers", "one_caseworker"))
    done = call(str(tmp_path / "dose.yaml"), *words, "--out", str(tmp_path / "no"))
    assert done.exit_code == 2 and "no scenario of the set has 'staffing'" in done.output


def test_a_wrong_range_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT.replace("low: 1500", "low: 2500").replace("course_week_kr:", "course_week:"))
    done = call(str(file))
    assert done.exit_code == 2 and "small.yaml:8:" in done.output


def test_a_failed_run_is_never_left_out(small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments import recost

    live = recost.live_under

    def poisoned(scenario, laws, seed, *rest):  # type: ignore[no-untyped-def]
        if seed == 2:
            raise RuntimeError("made to fail")
        return live(scenario, laws, seed, *rest)

    monkeypatch.setattr(recost, "live_under", poisoned)
    words = (
        small,
        *SMALL,
        *FACTORS,
        "--method",
        "morris",
        "--trajectories",
        "2",
        "--seeds",
        "2",
        "--out",
        str(tmp_path / "out"),
    )
    done = call(*words)
    assert done.exit_code == 2 and "none may be left out" in done.output and "made to fail" in done.output
    monkeypatch.setattr(recost, "live_under", live)
    assert call(*words).exit_code == 0


def test_each_effect_hands_on_what_it_can_tell_and_then_its_largest_factor() -> None:
    from types import SimpleNamespace

    def effect(told: list[int], order: list[int]) -> SimpleNamespace:
        return SimpleNamespace(told=lambda: told, handed_on=lambda: order)

    factors = np.array(["a", "b", "c", "d", "e"])
    unsure = SimpleNamespace(
        analyses=[effect([], [3, 1, 0, 2, 4]), effect([], [2, 3, 1, 0, 4])], factors=factors
    )
    assert survivors(unsure, 2) == ["c", "d"] and survivors(unsure, 3) == ["b", "c", "d"]  # type: ignore[arg-type]
    sure = SimpleNamespace(
        analyses=[effect([0, 1, 4], [0, 1, 4, 2, 3]), effect([], [2, 3, 1, 0, 4])], factors=factors
    )
    # What one effect can tell is not pushed out by what luck put first in another.
    assert survivors(sure, 3) == ["a", "b", "e"] and survivors(sure, 4) == ["a", "b", "c", "e"]  # type: ignore[arg-type]


def test_which_scenario_is_a_factor_and_some_factors_get_more_luck(small: str, tmp_path: Path) -> None:
    text = TEXT.replace("[early_intervention]", "[early_intervention, one_caseworker]")
    (tmp_path / "two.yaml").write_text(text)
    words = (
        str(tmp_path / "two.yaml"), *SMALL, *FACTORS[:4], "--scenario-as-factor", "--method", "sobol", "--n", "4",
        "--seeds", "2", "--extra-seeds", "1", "--out", str(tmp_path / "out"),
    )  # fmt: skip
    done = call(*words)
    assert done.exit_code == 0, done.output
    assert "one of early_intervention, one_caseworker" in done.output and "1 seeds more" in done.output
    indices = pd.read_csv(tmp_path / "out" / "indices.csv")
    assert "which scenario" in set(indices.factor) and set(indices.context.fillna("")) == {"", "flat"}
    # Two of three scenarios at each point of 4 x (3 + 2), under two seeds, and some of them under one more; all twice,
    # as the second rules are costed too.
    runs = len(Store.open(tmp_path / "out" / "store").keys()) / 2
    assert 80 < runs <= 120


def test_draws_of_a_file_are_points_as_they_are(small: str, tmp_path: Path) -> None:
    lots = np.random.default_rng(1)
    one = lots.uniform(0.05, 0.15, 30)
    frame = pd.DataFrame(
        {"trust.gain": one, "trust.usual": 0.4 + one, "search.dagpenge": lots.uniform(0.04, 0.06, 30)}
    )
    frame.to_parquet(tmp_path / "draws.parquet")
    words = (
        small,
        *SMALL,
        "--draws",
        str(tmp_path / "draws.parquet"),
        "--seeds",
        "1",
        "--out",
        str(tmp_path / "out"),
    )
    done = call(*words, "--method", "shapley")
    assert done.exit_code == 0 and "linear emulator" in done.output, done.output
    stored = Store.open(tmp_path / "out" / "store")
    assert len(stored.keys()) == 30 * 2 * 2
    for method in ("morris", "sobol", "rbd_fast", "auto"):
        refused = call(*words, "--method", method)
        assert refused.exit_code == 2 and "independently" in refused.output
    for option in (("--groups", "levels"), ("--scenario-as-factor",)):
        refused = call(*words, "--method", "shapley", *option)
        assert refused.exit_code == 2 and f"{option[0]} has no meaning with --draws" in refused.output
    frame.assign(**{"trust.gain": 0.1}).iloc[:20].to_csv(tmp_path / "few.csv", index=False)
    few = call(
        small, *SMALL, "--draws", str(tmp_path / "few.csv"), "--method", "pawn", "--out", str(tmp_path / "no")
    )
    assert few.exit_code == 2 and "30 or more are needed" in few.output and not (tmp_path / "no").exists()


def test_an_emulator_says_what_it_misses(small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.sensitivity import study, surrogate

    for module in (study, surrogate):
        monkeypatch.setattr(module, "FRESH", 8)
    monkeypatch.setattr(surrogate, "LOTS", 4)
    monkeypatch.setattr(surrogate, "POINTS", 64)
    words = (small, *SMALL, *FACTORS, "--method", "sobol", "--emulator", "--out", str(tmp_path / "out"))
    done = call(*words, "--n", "32")
    assert done.exit_code == 0, done.output
    said = " ".join(
        done.output.split()
    )  # in so small a world luck may be all there is, and then that is said
    assert "fresh points it misses" in said or "fresh points differ by no more than luck" in said
    assert "nan%" not in said
    assert len(Store.open(tmp_path / "out" / "store").keys()) == 40 * 2 * 2 * 2
