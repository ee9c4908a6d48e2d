"""The report: everything a planner must see is on it, it loads nothing from outside, and it is the same twice."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import RECIPES, comparison

from experiments import figures
from experiments.comparison import EXIT_DOORS, WATERMARK, Comparison
from experiments.figure_axes import key_rows, spread
from experiments.figure_differences import last_full_year
from experiments.figure_series import quarter_mean, words
from experiments.figure_style import svg
from experiments.report import interval_sentence, render, write_report
from experiments.report_answer import (
    Numbers,
    break_even,
    cumulated,
    paid_back,
    payback_words,
    sentence,
    split_of,
)
from experiments.report_cells import cell, kroner_scale, number, signed, tone_of
from sim.records.outcome_list import GOALS

DRAWN = (
    "overview",
    "people",
    "net_cost",
    "stocks",
    "stock_differences",
    "caseworker_changes",
    "ladder",
    "waiting",
)
VOID = {"meta", "link", "br", "img", "hr", "input", "col", "path", "use", "rect", "line", "circle", "image"}


class Page(HTMLParser):
    """Text, ids and everything a browser would fetch; raises when tags do not close in order."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.fetched: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                self.fetched.append((tag, value or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def full() -> Comparison:
    return comparison()


@pytest.fixture(scope="module")
def small() -> Comparison:
    return comparison(("early_intervention", "refusion_flat"), weeks=60, seeds=2)


@pytest.fixture(scope="module")
def html(full: Comparison) -> str:
    return render(full)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_every_scenario_with_its_question_and_class(full: Comparison, page: Page) -> None:
    for name in full.scenarios:
        assert words(name) in page.words
        assert full.questions[name] in page.words, "questions are escaped, not swallowed"
    assert "A: effect with evidence" in page.words and "B: direction only" in page.words


def test_the_watermark_stands_until_calibrated(small: Comparison, html: str) -> None:
    assert html.index(WATERMARK) < html.index("<h1>")
    calibrated = render(dataclasses.replace(small, calibrated=True))
    assert WATERMARK not in calibrated and "Not calibrated" not in calibrated


def test_what_the_answer_must_say(full: Comparison, page: Page) -> None:
    for text in (
        "it is not the uncertainty of the forecast",
        "calculation error (95 %) of 3 paired runs with fixed parameters",
        "Rules not verified: 17",
        full.command,
        full.version,
        "2026 prices, expenditure positive",
        "4.4 of at most 6.2",
        "31 % of the saved benefit weeks went to neither",
        "residents in work",
        "non-residents",
        "service frame only",
        "acts below the contact plan of 3 persons <a note>",
    ):
        assert text in page.words, text


def test_all_ten_goals_with_their_weak_spots(page: Page) -> None:
    assert len(GOALS) == 10
    for goal in GOALS:
        assert f"{goal.number}. {goal.name}" in page.words
        assert f"can look good by {goal.looks_good_by}" in page.words


def test_refusion_rules_are_told_in_three_lines(page: Page) -> None:
    start = page.words.index("Refusion rules in three lines")
    part = page.words[start : start + 900]
    for line in ("accounting", "behaviour", "total"):
        assert part.count(f" {line} ") == 2, "one of each for both rules"


def test_nothing_is_fetched_from_outside(html: str, page: Page) -> None:
    outside = [(tag, value) for tag, value in page.fetched if not value.startswith("#")]
    assert not outside
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe", html)
    assert set(re.findall(r"https?://[^\"'\s<]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }, "names of formats only"


def test_ids_are_unique_and_references_resolve(html: str, page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    used = {value[1:] for _, value in page.fetched} | set(re.findall(r"url\(#([^)]+)\)", html))
    assert used <= set(page.ids)


def test_small_and_the_same_bytes_twice(full: Comparison, html: str, tmp_path: Path) -> None:
    one = write_report(full, tmp_path / "one.html")
    assert one.read_bytes() == html.encode(), "drawn twice"
    assert one.stat().st_size < 3_000_000


def test_ten_years_stay_small() -> None:
    assert len(render(comparison(weeks=522, seeds=1))) < 3_000_000


@pytest.mark.parametrize(
    "odd",
    [
        comparison(("early_intervention",), weeks=1, seeds=2),
        comparison(("early_intervention",), weeks=1, seeds=1),
        comparison(("early_intervention",), weeks=30, seeds=1),
        comparison(("refusion_flat", "recession"), weeks=60, seeds=2),
        comparison(("refusion_flat",), weeks=60, seeds=2),
        comparison(("baseline",), weeks=60, seeds=2),
        comparison(tuple(RECIPES)[1:5] * 2, weeks=110, seeds=2),
    ],
    ids=[
        "one week",
        "one week, one run",
        "half a year",
        "contexts only",
        "one rule",
        "zero difference",
        "many",
    ],
)
def test_small_and_odd_comparisons(odd: Comparison) -> None:
    text = Page(render(odd)).words
    assert "Traceback" not in text and " nan" not in text.lower() and " inf " not in text
    for name in odd.scenarios:
        assert words(name) in text


@pytest.mark.parametrize("name", DRAWN)
def test_each_figure_stands_alone(full: Comparison, name: str) -> None:
    drawing = svg(getattr(figures, name)(full), name)
    assert drawing.startswith("<svg") and "<metadata" not in drawing and "<style" not in drawing
    assert drawing == svg(getattr(figures, name)(full), name)
    assert len(drawing) < 300_000
    assert "nan" not in drawing.lower().replace("finance", "")


def test_a_scenario_has_one_colour_everywhere(full: Comparison) -> None:
    colour = figures.palette_of(full).colour("early_intervention").lower()
    for name in ("people", "net_cost", "stocks", "stock_differences", "caseworker_changes", "waiting"):
        drawing = svg(getattr(figures, name)(full), name)
        assert re.search(rf"fill: {colour}[^>]*>[^<]*early intervention", drawing), name


def test_figures_leave_other_peoples_settings_alone(full: Comparison) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    svg(figures.people(full), "people")
    assert dict(matplotlib.rcParams) == before


def test_a_split_with_fewer_in_one_place_stands_on_both_sides_of_zero(full: Comparison) -> None:
    frame = full.exit_split
    less = frame.assign(
        share=frame.door.map({"job": 1.0, "ordinary education": 0.1, "other benefit": 0.3, "neither": -0.4})
    )
    split = split_of(dataclasses.replace(full, exit_split=less), "early_intervention")
    assert split.parts[0] == ("neither", "\u221240 %", pytest.approx(100 * 0.4 / 1.8))
    assert split.below == pytest.approx(100 * 0.4 / 1.8) and not split.warns
    assert [door for door, _ in split.listed] == list(EXIT_DOORS)


def test_only_a_year_inside_the_horizon_gets_a_whisker() -> None:
    assert last_full_year(comparison(("one_caseworker",), weeks=110, seeds=2)) == 2028
    assert last_full_year(comparison(("one_caseworker",), weeks=51, seeds=2)) is None


def test_where_nobody_moves_people_are_drawn_once_and_goals_still_told() -> None:
    html = render(comparison(("refusion_flat",), weeks=60, seeds=2))
    assert (
        'id="figure-people"' not in html and 'id="figure-stocks"' in html and 'id="figure-net_cost"' in html
    )
    assert "Nobody's status differs" in Page(html).words and "10. The other service" in Page(html).words


def test_thin_steps_of_a_rule_become_one_band(full: Comparison) -> None:
    thin = {**full.weekly["baseline"]}
    for k in (1, 2):
        thin[f"ladder.step{k}"] = np.full(full.weeks, 3.0)
    weekly = {**full.weekly, "baseline": thin}
    drawing = svg(figures.ladder(dataclasses.replace(full, weekly=weekly)), "ladder")
    assert "2 small steps" in drawing
    assert "small step" not in svg(figures.ladder(full), "ladder")


# ---- numbers ---------------------------------------------------------------------------------------------------


def test_numbers_as_they_are_read() -> None:
    assert number(1234.56, 1) == "1,234.6"
    assert number(-0.04, 1) == "0.0", "never minus zero"
    assert number(float("nan")) == "\u2013"
    assert signed(-3.2, 1) == "\u22123.2" and signed(3.2, 1) == "+3.2"
    assert signed(0.0, 1) == "0" and signed(0.01, 1) == "0.0", "nothing, and next to nothing"
    assert kroner_scale([2e5, -4e5]) == (1e3, "1,000 kr.", 0)
    assert kroner_scale([2e5, -4e6]) == (1e6, "mio. kr.", 1)
    assert kroner_scale([0.0]) == (1e6, "mio. kr.", 1)


def test_a_difference_within_its_error_is_not_called_better() -> None:
    assert tone_of(-5.0, 6.0, -1) == "unclear"
    assert tone_of(-7.0, 6.0, -1) == "better"
    assert tone_of(7.0, 6.0, -1) == "worse"
    assert tone_of(-7.0, float("nan"), -1) == "", "one run cannot tell"
    assert cell(-7.0, float("nan"), 0, -1).error == ""


@pytest.mark.parametrize(
    ("course", "year", "said"),
    [
        ([(2027, 3.0), (2028, 1.0), (2029, -1.0), (2030, -4.0)], 2029, "by the end of 2029"),
        ([(2027, 3.0), (2028, -1.0), (2029, 1.0), (2030, -4.0)], 2030, "by the end of 2030"),
        ([(2027, 3.0), (2028, -1.0), (2029, -1.0), (2030, 0.5)], None, "not by the end of 2030"),
        ([(2027, -3.0), (2028, -4.0)], 2027, "within the first year, 2027"),
        ([(2027, 0.0), (2028, 0.0)], 2027, "costs and saves nothing"),
    ],
)
def test_payback_is_the_year_from_which_it_stays_paid(
    course: list[tuple[int, float]], year: int | None, said: str
) -> None:
    assert paid_back(course) == year
    assert payback_words(course) == said


def test_added_up_years_end_where_the_horizon_does(full: Comparison) -> None:
    numbers = Numbers(full)
    frames = [f"municipality/{frame}" for frame in ("service", "transfers", "other")]
    course = cumulated(numbers, "early_intervention", frames)
    whole = numbers.difference("early_intervention", "net_municipal_cost")
    assert course[-1][1] == pytest.approx(whole)
    assert numbers.difference("early_intervention", "net_municipal_cost", per_year=True) == pytest.approx(
        whole / (full.weeks / (365.2425 / 7))
    )


def test_break_even_is_spending_over_a_full_year_at_the_20_percent_step(full: Comparison) -> None:
    # 4.6 mio. kr. a year extra; 2,800 kr. a week of benefit, four fifths of it the municipality's.
    expected = 4.6e6 * (365.2425 / 7 / 52) / (0.8 * 2800 * 365.2425 / 7)
    assert break_even(Numbers(full), "early_intervention").text == f"{expected:.0f}"


def test_the_sentence_says_what_the_rows_say(full: Comparison) -> None:
    numbers = Numbers(full)
    text = sentence(full, numbers, "early_intervention")
    fewer = -numbers.difference("early_intervention", "full_time_persons", "support")
    assert text.startswith(f"{fewer:.0f} fewer on support and")
    assert "4.6 mio. kr. of operating money a year" in text
    same = comparison(("baseline",), weeks=20)
    assert sentence(same, Numbers(same), "baseline") == "No difference at all from baseline."


def test_one_run_has_no_calculation_error() -> None:
    one = comparison(("early_intervention",), weeks=20, seeds=1)
    assert "no calculation error can be stated" in interval_sentence(one)
    assert "\u00b1" not in Page(render(one)).words


def test_no_split_is_drawn_when_nothing_was_saved(small: Comparison) -> None:
    empty = small.exit_split.assign(share=float("nan"))
    text = Page(render(dataclasses.replace(small, exit_split=empty))).words
    assert "none saved beyond the calculation error" in text and "\u26a0" not in text


def test_a_strategy_without_bound_says_so(small: Comparison) -> None:
    none = pd.DataFrame(columns=small.bounds.columns)
    assert "no lever with a published effect" in Page(render(dataclasses.replace(small, bounds=none))).words


# ---- drawing helpers ---------------------------------------------------------------------------------------------


def test_names_at_line_ends_do_not_overlap_and_keep_their_order() -> None:
    places = spread([5.0, 5.1, 0.0, 5.05, 9.0], [1.0] * 5)
    assert sorted(range(5), key=lambda k: places[k]) == [2, 0, 3, 1, 4]
    gaps = np.diff(sorted(places))
    assert float(gaps.min()) >= 1.0 - 1e-9
    assert places[2] == 0.0 and places[4] == 9.0, "what does not touch stays"
    assert spread([1.0, 1.0], [1.0, 3.0]) == pytest.approx([-0.5, 1.5])


def test_keys_wrap_before_the_edge() -> None:
    rows = key_rows(["a" * 30] * 5)
    assert len(rows) > 1 and sum(map(len, rows)) == 5
    assert all(x < 9.6 for row in rows for _, x in row)


def test_quarter_means_keep_a_level_and_the_ends() -> None:
    assert quarter_mean(np.full(40, 3.0)) == pytest.approx(3.0)
    assert quarter_mean(np.array([2.0])) == pytest.approx(2.0)
    assert quarter_mean(np.arange(60.0))[30] == pytest.approx(30.0)
