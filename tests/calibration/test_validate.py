"""Checks can fail: the verdict with three times the tolerance and the naive guess, files, and anybody's own figures."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner
from written_lives import lives

from calibration.against import MEASURES, measure_of, read_figures
from calibration.check_definitions import (
    long_term_share,
    still_on_benefit_after,
    unemployment_change,
    unemployment_rate,
    unemployment_rise,
    years_to_peak,
)
from calibration.definitions import DEFINITIONS
from calibration.target_file import Target, load_targets
from calibration.validate import CHECKS, Outcome, Scored, known_checks, load_checks, score, verdict
from calibration.validate_report import BEGIN, END, reason, refresh_page, summary, tidy
from jobcenter.cli import app
from jobcenter.data import facts
from sim.calendar import week_of, year_of
from sim.errors import UserError
from sim.records.student import t_95
from sim.scenario import load

HEAD = "geography,period,group,measure,value,tolerance\n"


def check_of(name: str, check: str) -> Target:
    return next(t for t in load_checks([name])[0].targets if t.name == check)


def facts_rows(name: str, **wanted: str) -> list[dict[str, str]]:
    with facts(name).open(encoding="utf-8", newline="") as file:
        return [
            row for row in csv.DictReader(file) if all(row[key] == value for key, value in wanted.items())
        ]


# ---- verdicts


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (484.0, "hit"),
        (484 + 72, "hit"),  # three times the tolerance of 24.2
        (484 + 74, "misses tolerance"),
        (484 + 240, "misses both"),
        (717.0, "misses both"),
        (float("nan"), "not measured"),
    ],
)
def test_three_tolerances_and_nearer_than_naive(model: float, told: str) -> None:
    check = check_of("hedensted_2024", "gross_unemployed")  # naive 717
    assert verdict(model, check) == told


def test_as_far_off_as_the_naive_guess_is_a_miss_and_reported_is_never_counted() -> None:
    close = check_of("hedensted_2024", "dagpenge_mean_spell")  # 24.2 counted, 24.3 naive
    assert verdict(24.25, close) == "hit"
    assert verdict(24.2 - (24.3 - 24.2), close) == "misses naive"
    assert verdict(25.0, close) == "misses naive"
    assert verdict(0.5, check_of("hedensted_2024", "activation_degree")) == "reported"


def test_a_check_fails_when_the_model_is_pushed() -> None:
    """The same runs hit, and miss once they are moved: the score reads the model."""
    targets = load_checks(["hedensted_2024"])[0].modelled
    perfect = np.array([[t.value for t in targets]] * 3)
    assert {one.verdict for one in score("h", perfect, targets)} == {"hit", "reported"}
    pushed = score("h", perfect * 1.5, targets)
    by_name = {one.target.name: one for one in pushed}
    assert (
        by_name["cash_benefit_system"].verdict == "misses tolerance" and by_name["cash_benefit_system"].missed
    )
    assert by_name["dagpenge_mean_spell"].verdict == "misses both"
    hole = perfect.copy()
    hole[:, 0] = np.nan
    assert score("h", hole, targets)[0].verdict == "not measured" and score("h", hole, targets)[0].missed


def test_what_is_within_reach_hangs_on_how_near_the_naive_guess_is() -> None:
    check = check_of("hedensted_2024", "gross_unemployed")
    counted, sd = check.value, check.row.tolerance / 2

    def reach(naive: float | None, error: float = 0.0) -> float:
        row = check.row.model_copy(update={"naive": naive})
        return Scored("h", replace(check, row=row), counted, error, 3, "hit").reachable

    assert reach(counted) == 0.0  # nobody is nearer than a guess that is right
    assert reach(counted + sd) == pytest.approx(0.683, abs=0.001)  # one standard deviation
    assert reach(counted - 2 * sd) == pytest.approx(0.954, abs=0.001)  # two
    assert reach(counted + sd, error=t_95(2) * sd) == pytest.approx(
        0.520, abs=0.001
    )  # luck of three runs on top
    assert reach(None) == reach(10_000.0) == pytest.approx(1.0, abs=1e-6)  # six: three times the tolerance


def test_summary_counts_misses_and_says_when_the_aim_is_missed() -> None:
    targets = load_checks(["slagelse_patterns"])[0].modelled
    runs = np.array([[t.value for t in targets]] * 2)
    good = Outcome(score("slagelse_patterns", runs, targets), [], [], 2, 0)
    bad = Outcome(score("slagelse_patterns", runs * 3, targets), [], [], 2, 0)
    counted = sum(t.row.role == "check" for t in targets)
    assert summary(good).startswith(f"{counted} of {counted} checks hit") and "met" in summary(good)
    assert "missed" in summary(bad)
    reach = sum(one.reachable for one in good.scored if one.target.row.role == "check")
    assert f"fitted to: about {reach:.0f} ({reach / counted:.0%})" in summary(good)
    rows = {row["check"]: row for row in tidy(bad.scored)}
    assert rows["dagpenge_uninterrupted_4"]["reason"] == reason(bad.scored[-6]) != "not looked into"
    assert {row["reason"] for row in tidy(good.scored)} == {""}


# ---- what comes along


def test_every_check_that_comes_along_has_a_naive_guess_a_source_and_a_date() -> None:
    sets = load_checks()
    assert [one.name for one in sets] == known_checks()
    for targets in sets[1:]:
        for target in targets.targets:
            assert target.row.role in ("check", "report") and target.row.source and target.row.date, (
                target.name
            )
            assert target.count is None or target.row.naive_is, target.name
            assert target.row.role != "check" or target.allowed == pytest.approx(3 * target.row.tolerance)


def test_checks_of_the_fit_file_are_the_same_here() -> None:
    fit = {t.name: t for t in load_targets("slagelse_2024").role("check")}
    here = {t.name: t for t in load_checks(["slagelse_patterns"])[0].targets}
    assert set(fit) <= set(here)
    for name, target in fit.items():
        assert (here[name].value, here[name].row.tolerance) == (target.value, target.row.tolerance), name
        assert here[name].row.definition == target.row.definition


@pytest.mark.parametrize("place", ["Hedensted", "Silkeborg"])
def test_transfer_figures_are_the_facts(place: str) -> None:
    targets = load_checks([f"{place.lower()}_2024"])[0]
    value = {t.name: t.value for t in targets.targets}
    mean = {r["group"]: float(r["value"]) for r in facts_rows("stocks.csv", geography=place, period="2024")}
    assert value["gross_unemployed"] == pytest.approx(mean["gross unemployed"], abs=0.06)
    assert value["long_term_unemployed"] == pytest.approx(mean["long-term unemployed, all"], abs=0.06)
    assert value["long_term_share"] == pytest.approx(
        mean["long-term unemployed, all"] / mean["gross unemployed"], abs=1e-4
    )
    naive = {t.name: t.row.naive for t in targets.targets}
    residents = targets.scenario.municipality.population.residents_16_66
    fit = {t.name: t.value for t in load_targets("slagelse_2024").targets}
    for name in ("cash_benefit_system", "dagpenge", "gross_unemployed", "long_term_unemployed"):
        assert naive[name] == pytest.approx(fit[name] * residents / 51_000, rel=0.003)
    ended = [
        float(r["value"])
        for r in facts_rows("flows.csv", geography="Region Midtjylland")
        if r["measure"].startswith("completed spells by duration")
    ]
    order = [r["measure"].rsplit(" ", 2)[-2] for r in facts_rows("flows.csv", geography="Region Midtjylland")
             if r["measure"].startswith("completed spells by duration")]  # fmt: skip
    longer = sum(n for n, length in zip(ended, order, strict=True) if length in ("27-39", "40-52", ">52"))
    assert value["dagpenge_longer_than_26"] == pytest.approx(longer / sum(ended), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "base"), [("hindcast_2008", 2008), ("hindcast_2020", 2019), ("recovery_2014", 2014)]
)
def test_the_demand_path_is_the_national_series_and_nothing_else(name: str, base: int) -> None:
    """Every factor follows from one national series; the municipality's later years do not go in."""
    rows = facts_rows("macro.csv", geography="Denmark", group="LFS unemployed, seasonally adjusted")
    lfs = {row["period"]: float(row["value"]) for row in rows}
    normal = sum(lfs[f"{base}-Q{q}"] for q in range(1, 5)) / 4
    scenario = load(name)
    assert scenario.start_week == week_of(f"{base}-W01") and len(scenario.demand) % 4 == 0
    week = scenario.start_week
    for spell in scenario.demand:
        assert spell.from_week == week
        year, quarter = year_of(week + 5), 1 + (week + 5 - week_of(f"{year_of(week + 5)}-W01")) // 13
        relative = lfs[f"{year}-Q{quarter}"] / normal
        assert spell.unemployment_relative == pytest.approx(relative, abs=6e-4)
        assert (spell.posting_factor, spell.job_loss_factor) == (1, 1)
        week = spell.to_week + 1
    assert week == scenario.start_week + scenario.weeks
    other = load(f"{name}_hedensted")
    assert other.demand == scenario.demand and other.municipality.name == "Hedensted"


@pytest.mark.parametrize(
    ("name", "place"),
    [("hindcast_2008", "Slagelse"), ("hindcast_2008_hedensted", "Hedensted"), ("hindcast_2020", "Slagelse")],
)
def test_the_naive_hindcast_is_last_years_value_plus_the_national_change(name: str, place: str) -> None:
    lfs = {
        r["period"]: float(r["value"])
        for r in facts_rows("macro.csv", group="LFS unemployed, seasonally adjusted")
    }
    read = {
        int(r["year"]): float(r["value"])
        for r in facts_rows("raw/dst_unemployment_pct.csv", municipality=place)
    }

    def mean(year: int) -> float:
        return sum(lfs[f"{year}-Q{q}"] for q in range(1, 5)) / 4

    for target in load_checks([name])[0].targets:
        if target.row.definition == "unemployment_rate" and target.row.role == "check":
            year = int(target.row.arguments["year"])
            assert target.value == read[year]
            assert target.row.naive == pytest.approx(read[year - 1] + mean(year) - mean(year - 1), abs=0.006)


@pytest.mark.parametrize("place", ["Slagelse", "Hedensted"])
def test_demand_is_fitted_to_years_no_check_uses(place: str) -> None:
    read = {
        int(r["year"]): float(r["value"])
        for r in facts_rows("raw/dst_unemployment_pct.csv", municipality=place)
    }
    targets = load_targets("demand_2014_2019" + ("" if place == "Slagelse" else "_hedensted"))
    assert targets.scenario.municipality.name == place
    for target in targets.targets:
        asked = target.row.arguments
        if target.row.definition == "unemployment_rate":
            assert target.value == read[int(asked["year"])]
        else:
            assert target.value == pytest.approx(read[int(asked["until"])] - read[int(asked["base"])])
    fitted = {target.name for target in targets.role("fit")}
    checked = {
        int(t.row.arguments["year"])
        for one in load_checks()
        for t in one.role("check")
        if "year" in t.row.arguments
    }
    assert fitted == ({"rate_2014", "change"} if place == "Slagelse" else set())
    assert checked and not checked & set(range(2014, 2020))


def test_unknown_check_files_and_checks_without_a_guess(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'hedensted_2024'"):
        load_checks(["hedensted_2023"])
    text = (CHECKS / "slagelse_patterns.yaml").read_text(encoding="utf-8")
    bare = tmp_path / "bare.yaml"
    bare.write_text(text.replace("naive: 0.809, ", ""), encoding="utf-8")
    with pytest.raises(UserError, match="without 'naive': tightness"):
        load_checks([str(bare)])


# ---- ways of counting


def test_uninterrupted_spells_end_with_the_first_week_off() -> None:
    written = ("jdddddjjjddjjjjjjjjj", "jddjjjjjjjjjjjjjjjjj", "ddddddddddddddddjjjj", "jdddgggggggggggggggg")
    run = lives(*written, since=(0, 0, -30, 0))
    # Entered in the register: 5 and 2 weeks, 2, and 3 until a move; the third began before it.
    assert still_on_benefit_after(run, slice(0, 20), "dagpenge", 1) == 1.0
    assert still_on_benefit_after(run, slice(0, 20), "dagpenge", 3) == pytest.approx(1 / 3)
    assert still_on_benefit_after(run, slice(0, 20), "dagpenge", 5) == 0.0
    assert np.isnan(still_on_benefit_after(run, slice(0, 20), "sygedagpenge", 1))


def test_rates_by_calendar_year_with_rise_and_years_to_the_peak() -> None:
    """2008 and 2010 have 52 weeks, 2009 has 53."""
    run = lives("j" * 52 + "d" * 53 + "d" * 52, "d" * 52 + "d" * 53 + "j" * 52, start="2008-W01", share=0.5)
    window = slice(0, 157)

    def rate(year: int) -> float:
        return unemployment_rate(run, window, "gross_unemployed", year, 100)

    assert [rate(year) for year in (2008, 2009, 2010)] == pytest.approx([2.0, 4.0, 2.0])
    assert np.isnan(rate(2011))
    assert unemployment_rise(run, window, "gross_unemployed", 2008, 2010, 100) == pytest.approx(2.0)
    assert years_to_peak(run, window, "gross_unemployed", 2008, 2010) == 1.0
    assert np.isnan(unemployment_rise(run, window, "gross_unemployed", 2010, 2013, 100))
    assert unemployment_change(run, window, "gross_unemployed", 2009, 2008, 100) == pytest.approx(-2.0)
    assert np.isnan(unemployment_change(run, window, "gross_unemployed", 2008, 2013, 100))


def test_long_term_share_is_long_term_persons_over_all() -> None:
    run = lives("d" * 104, "j" * 80 + "d" * 24)
    assert long_term_share(run, slice(52, 104), "dagpenge") == pytest.approx(52 / (52 + 24))


def test_own_definitions_are_known_to_target_files() -> None:
    wanted = {
        "long_term_share",
        "still_on_benefit_after",
        "unemployment_rate",
        "unemployment_rise",
        "years_to_peak",
    }
    assert wanted <= set(DEFINITIONS)
    assert all(DEFINITIONS[name].meaning for name in wanted)


# ---- anybody's own figures


def figures(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "mine.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_own_figures_become_one_run_a_place_and_year(tmp_path: Path) -> None:
    path = figures(
        tmp_path,
        "Hedensted,2024,dagpenge,full-time unemployed,398,60",
        "hedensted,2024,cash_benefit_system,in job 26 weeks after,0.447,0.12",
        "silkeborg,2022,gross_unemployed,long-term share,0.2,0.05",
    )
    sets = read_figures(path)
    assert [one.name for one in sets] == ["hedensted 2024", "silkeborg 2022"]
    dagpenge, after = sets[0].targets
    assert dagpenge.allowed == 60  # as given, not three times it
    assert dagpenge.row.naive == pytest.approx(956 * 30_100 / 51_000) and "Slagelse" in dagpenge.row.naive_is
    assert after.row.naive == pytest.approx(0.387)
    assert sets[1].targets[0].row.naive is None
    assert verdict(400, dagpenge) == "hit" and verdict(470, dagpenge) == "misses tolerance"
    assert sets[0].scenario.canonical() == load_checks(["hedensted_2024"])[0].scenario.canonical()
    assert sets[1].scenario.start_week == week_of("2022-W01")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("hedenstet,2024,dagpenge,full-time unemployed,398,60", "did you mean 'hedensted'"),
        ("hedensted,2024,dagpeng,full-time unemployed,398,60", "did you mean 'dagpenge'"),
        ("hedensted,2024,dagpenge,full time unemployd,398,60", "did you mean 'full-time unemployed'"),
        ("hedensted,2024,dagpenge,in jobb 13 weeks after,0.3,0.1", "did you mean 'job'"),
        ("hedensted,2024-05,dagpenge,full-time unemployed,398,60", "period '2024-05'"),
        ("hedensted,1990,dagpenge,full-time unemployed,398,60", "a year from 2015"),
        ("hedensted,2024,dagpenge,full-time unemployed,many,60", "found 'many'"),
        ("hedensted,2024,dagpenge,full-time unemployed,nan,60", "found 'nan'"),
        ("hedensted,2024,dagpenge,full-time unemployed,398,0", "'tolerance' must be above 0"),
        ("hedensted,2024,dagpenge,in job 13 weeks after,42,4", "for percent give the column unit %"),
        ("hedensted,2024,dagpenge,full-time unemployed,398", "not as many cells"),
    ],
)
def test_own_figures_that_cannot_be_read_are_told_with_their_line(
    tmp_path: Path, row: str, told: str
) -> None:
    path = figures(tmp_path, "silkeborg,2024,dagpenge,full-time unemployed,1137,100", row)
    with pytest.raises(UserError) as wrong:
        read_figures(path)
    assert told in str(wrong.value) and "mine.csv:3" in str(wrong.value)


def test_nothing_is_dropped_silently(tmp_path: Path) -> None:
    twice = "silkeborg,2024,dagpenge,full-time unemployed,1137,100"
    with pytest.raises(UserError, match="the same as line 2"):
        read_figures(figures(tmp_path, twice, twice.replace("1137", "1200")))
    with pytest.raises(UserError, match="'tolerance' is missing"):
        read_figures(figures(tmp_path, head="geography,period,group,measure,value\n"))
    with pytest.raises(UserError, match="unknown column 'tolerence', did you mean 'tolerance'"):
        read_figures(figures(tmp_path, head=HEAD.replace("tolerance", "tolerence")))
    with pytest.raises(UserError, match="holds no figures"):
        read_figures(figures(tmp_path))
    with pytest.raises(UserError, match="no such file"):
        read_figures(tmp_path / "none.csv")
    everything = [
        "hedenstet,2024,dagpenge,full-time unemployed,398,60",
        "hedensted,2024,dagpeng,full-time unemployed,398,60",
    ]
    with pytest.raises(UserError) as wrong:
        read_figures(figures(tmp_path, *everything))
    assert len(wrong.value.problems) == 2


@pytest.mark.parametrize("pattern", list(MEASURES))
def test_every_measure_that_is_listed_can_be_written(pattern: str) -> None:
    name, arguments = measure_of(pattern.replace("N", "13").replace("STATUS", "job"))
    wanted = set(DEFINITIONS[name].arguments)
    assert set(arguments) | {"group"} == wanted


# ---- the command


def test_the_command_refuses_what_is_wrong_with_code_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", "hedensted_2023"])
    assert done.exit_code == 2
    path = figures(tmp_path, "hedenstet,2024,dagpenge,full-time unemployed,398,60")
    assert CliRunner().invoke(app, ["validate", "--against", str(path)]).exit_code == 2
    assert CliRunner().invoke(app, ["validate", "hedensted_2024", "--against", str(path)]).exit_code == 2


def test_own_figures_are_lived_and_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file to a verdict in a small town; a perturbed model turns the hit into a miss."""
    path = figures(tmp_path, "slagelse,2024,dagpenge,full-time unemployed,1000,400")
    small = [
        "--seeds",
        "2",
        "--workers",
        "1",
        "--set",
        "world.share=0.05",
        "--store",
        str(tmp_path / "store"),
        "--json",
    ]
    outcomes = []
    for more in ([], ["--set", "municipality.population.insured_share=0.1"]):
        done = CliRunner().invoke(app, ["validate", "--against", str(path), *small, *more])
        assert done.exit_code == 0, done.output
        outcomes.append(json.loads(done.stdout))
    assert [found["checks"][0]["verdict"] for found in outcomes] == ["hit", "misses tolerance"]
    assert outcomes[1]["checks"][0]["model"] < 0.5 * outcomes[0]["checks"][0]["model"]


def test_the_page_is_renewed_between_its_marks_only(tmp_path: Path) -> None:
    targets = load_checks(["hindcast_2020"])[0].modelled
    runs = np.array([[t.value * 1.01 for t in targets]] * 2)
    outcome = Outcome(score("hindcast_2020", runs, targets), [], [], 2, 0)
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n", encoding="utf-8")
    refresh_page(page, outcome, "jobcenter validate")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("above\n") and text.endswith("below\n") and "old" not in text
    assert text.index("### Misses") < text.index("### All checks") and "hindcast_2020 | rate_2020" in text
    first = (tmp_path / "figures" / "validation_hindcasts.svg").read_bytes()
    refresh_page(page, outcome, "jobcenter validate")
    assert (tmp_path / "figures" / "validation_hindcasts.svg").read_bytes() == first
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(UserError, match="must hold the lines"):
        refresh_page(page, outcome, "jobcenter validate")
