"""Reading HISTORY.csv, gaps between rows, and the calculator against a clock that keeps every week."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.calendar import iso, week_of
from sim.errors import UserError
from sim.law.calculator import calculate, effects, totals
from sim.law.history import History, read_history
from sim.law.refusion import load_rule_set

START = week_of("2016-W01")


def read(folder: Path, text: str, gaps: str | None = None) -> History:
    path = folder / "history.csv"
    path.write_text(text, encoding="utf-8")
    return read_history(path, gaps)


def test_columns_may_stand_in_any_order_and_rows_too(tmp_path: Path) -> None:
    text = "status,person,iso_week\ndagpenge,B,2016-W02\nself_support,A,2016-W01\ndagpenge,B,2016-W01\n"
    outcome = calculate(read(tmp_path, text), load_rule_set("ladder_2016"))
    assert outcome.clock_weeks == [2, 0, 1]


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes("person;iso_week;status\r\nÅse;2016-W01;dagpenge\r\n".encode("utf-8-sig"))
    history = read_history(path)
    assert history.names == ["Åse"] and history.delimiter == ";"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "empty"),
        ("person,iso_week,status\n", 2, "no rows"),
        ("person,iso_week\nA,2016-W01\n", 1, "'status' is missing"),
        ("person,iso_week,status,benefit_ore\nA,2016-W01,dagpenge,5\n", 1, "did you mean 'benefit_oere'"),
        ("person,iso_week,status,status\nA,2016-W01,dagpenge,dagpenge\n", 1, "twice"),
        ("person,iso_week,status\nA,2016-W01,dagpeng\n", 2, "did you mean 'dagpenge'"),
        ("person,iso_week,status\nA,2016-W53,dagpenge\n", 2, "2016 has 52"),
        ("person,iso_week,status\nA,4/1/2016,dagpenge\n", 2, "not an ISO week"),
        ("person,iso_week,status\n,2016-W01,dagpenge\n", 2, "person is empty"),
        ("person,iso_week,status\nA,2016-W01\n", 2, "2 cells"),
        ("person,iso_week,status\nA,2016-W01,dagpenge\nA,2016-W01,dagpenge\n", 3, "already stand in line 2"),
        (
            "person,iso_week,status\nA,2016-W01,dagpenge\nA,2016-W03,dagpenge\n",
            3,
            "no row for 2016-W02 (1 week)",
        ),
        (
            "person,iso_week,status\nA,2016-W01,dagpenge\nA,2016-W09,dagpenge\n",
            3,
            "2016-W02 to 2016-W08 (7 weeks)",
        ),
        ("person,iso_week,status,benefit_oere\nA,2016-W01,dagpenge,\n", 2, "write 0"),
        ("person,iso_week,status,benefit_oere\nA,2016-W01,dagpenge,12.5\n", 2, "whole number, found '12.5'"),
        ("person,iso_week,status,benefit_oere\nA,2016-W01,dagpenge,-5\n", 2, "at least 0"),
        ("person,iso_week,status,benefit_oere\nA,2016-W01,self_support,5\n", 2, "without a benefit"),
        ("person,iso_week,status,activity\nA,2016-W01,dagpenge,praktik\n", 2, "activity 'praktik'"),
        ("person,iso_week,status,activity\nA,2016-W01,other,placement\n", 2, "without a benefit"),
        ("person,iso_week,status,spell_week\nA,2016-W01,dagpenge,0\n", 2, "at least 1"),
        ("person,iso_week,status,spell_week\nA,2016-W01,other,2\n", 2, "without a benefit"),
    ],
)
def test_a_wrong_history_is_told_where_and_what(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(UserError) as wrong:
        read(tmp_path, text)
    assert f"history.csv:{line}:" in str(wrong.value)
    assert says in str(wrong.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_history(tmp_path / "none.csv")
    bad = tmp_path / "latin.csv"
    bad.write_bytes("person,iso_week,status\nÅ,2016-W01,dagpenge\n".encode("latin-1"))
    with pytest.raises(UserError, match="CSV UTF-8"):
        read_history(bad)


@pytest.mark.parametrize(("gaps", "clock_weeks"), [("self_support", 1), ("other", 11)])
def test_gaps_are_filled_as_told(tmp_path: Path, gaps: str, clock_weeks: int) -> None:
    rows = [f"A,{iso(START + k)},dagpenge" for k in [*range(10), 62]]
    history = read(tmp_path, "person,iso_week,status\n" + "\n".join(rows), gaps)
    outcome = calculate(history, load_rule_set("ladder_2016"), gaps)
    assert outcome.clock_weeks[-1] == clock_weeks
    assert history.filled_weeks == 52


def test_a_gap_from_before_the_count_begins(tmp_path: Path) -> None:
    """2014-W20 to 2015-W20 without rows: only its weeks from 2014-W27 on are lived."""
    rows = ["A,2014-W20,dagpenge", "A,2014-W40,dagpenge", "A,2015-W40,dagpenge", "A,2015-W41,dagpenge"]
    history = read(tmp_path, "person,iso_week,status\n" + "\n".join(rows), "self_support")
    assert calculate(history, load_rule_set("ladder_2016"), "self_support").clock_weeks == [0, 1, 2, 3]


def test_spell_week_of_the_file_wins(tmp_path: Path) -> None:
    rows = ["A,2015-W01,sygedagpenge,52", "A,2015-W02,sygedagpenge,", "A,2015-W03,sygedagpenge,"]
    history = read(tmp_path, "person,iso_week,status,spell_week\n" + "\n".join(rows))
    assert calculate(history, load_rule_set("before_2016")).share_bp == [3000, 0, 0]


def test_a_spell_ends_with_its_person(tmp_path: Path) -> None:
    rows = [f"A,{iso(START - 60 + k)},sygedagpenge" for k in range(8)] + [f"B,{iso(START - 52)},sygedagpenge"]
    outcome = calculate(
        read(tmp_path, "person,iso_week,status\n" + "\n".join(rows)), load_rule_set("before_2016")
    )
    assert outcome.share_bp[-2:] == [5000, 10_000]
    assert outcome.clock_weeks[-2:] == [8, 1]


def test_one_week_may_hold_two_activities_of_one_benefit(tmp_path: Path) -> None:
    rows = ["A,2015-W01,dagpenge,placement,100", "A,2015-W01,dagpenge,,100", "A,2015-W02,dagpenge,,100"]
    history = read(tmp_path, "person,iso_week,status,activity,benefit_oere\n" + "\n".join(rows))
    outcome = calculate(history, load_rule_set("before_2016"))
    assert outcome.clock_weeks == [1, 1, 2]
    assert outcome.share_bp == [10_000] * 3


STATUSES = st.sampled_from(
    ["dagpenge", "sygedagpenge", "fleksjob", "self_support", "other", "subsidised_job"]
)
BENEFIT_WORDS = ("dagpenge", "sygedagpenge", "fleksjob")
WEEK = st.lists(STATUSES, min_size=1, max_size=2, unique=True)
STRETCHES = st.lists(st.tuples(WEEK, st.integers(1, 70)), min_size=1, max_size=8)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STRETCHES, st.integers(0, 40))
def test_the_calculator_equals_the_pseudo_code(
    tmp_path: Path, stretches: list[tuple[list[str], int]], lead: int
) -> None:
    """Every row's clock, written from the act's pseudo-code with all weeks kept; money always adds up."""
    lived = [(["other"], lead), *stretches] if lead else stretches
    weeks = [statuses for statuses, k in lived for _ in range(k)]
    rows = [
        f"A,{iso(START + at)},{status},{100 * at + 33 if status in BENEFIT_WORDS else ''}"
        for at, statuses in enumerate(weeks)
        for status in statuses
    ]
    history = read(tmp_path, "person,iso_week,status,benefit_oere\n" + "\n".join(rows))
    outcome = calculate(history, load_rule_set("ladder_2016"))

    expected = []
    count = 0
    own: list[int] = []
    for at, statuses in enumerate(weeks):
        if any(status in BENEFIT_WORDS for status in statuses):
            count += 1
        elif statuses == ["self_support"] and count >= 1:
            own.append(at)
        if count >= 1 and len([week for week in own if week > at - 156]) >= 52:
            count, own = 0, []
        expected += [count] * len(statuses)
    assert outcome.clock_weeks == expected

    for row, bp in enumerate(outcome.share_bp):
        on_benefit = history.cells[row][2] in BENEFIT_WORDS
        n = expected[row]
        assert bp == (
            (8000 if n <= 4 else 4000 if n <= 26 else 3000 if n <= 52 else 2000) if on_benefit else -1
        )
        assert outcome.state_oere[row] + outcome.municipal_oere[row] == history.amount[row]
    table = totals(history, outcome)
    assert sum(item.amount_oere for item in table) == sum(history.amount)
    assert sum(item.municipal_oere for item in table) == sum(outcome.municipal_oere)


def test_effects_are_differences_of_two_calculations(tmp_path: Path) -> None:
    kinds = ["uddannelseshjaelp"] * 60 + ["education"] * 52 + ["uddannelseshjaelp"] * 4
    rows = [f"A,{iso(START + k)},{kind},{10_000 if kind[0] == 'u' else ''}" for k, kind in enumerate(kinds)]
    history = read(tmp_path, "person,iso_week,status,benefit_oere\n" + "\n".join(rows))
    found = {item.name: item for item in effects(history, load_rule_set("ladder_2016"))}
    # Four weeks at 20 % instead of 80 % for the municipality.
    assert found["education_is_self_support"].municipal_oere == -4 * 6_000
    assert found["on_leave_is_self_support"].municipal_oere == 0
    assert found["fleksbidrag_share"].municipal_oere == 0


def test_effects_of_parameters_span_their_range(tmp_path: Path) -> None:
    rows = [f"A,{iso(START - 52 + k)},ressourceforloeb,10000" for k in range(10)]
    history = read(tmp_path, "person,iso_week,status,benefit_oere\n" + "\n".join(rows))
    found = [
        item
        for item in effects(history, load_rule_set("before_2016"))
        if item.name == "ressourceforloeb_passive"
    ]
    assert [(item.instead, item.municipal_oere) for item in found] == [(0.2, 10_000), (0.5, -20_000)]
