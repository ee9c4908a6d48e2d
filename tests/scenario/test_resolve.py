"""How files are laid over each other: chains, overlays, overrides, and where a name is looked up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told import problems

from sim.calendar import week_of
from sim.errors import UserError
from sim.scenario import load
from sim.scenario.merge import lay_over, merged, put, without_nulls
from sim.scenario.yaml_tree import Place, Tree, parse

Write = Callable[[str, str], Path]
Edit = Callable[[str, str, str], None]


# ---- laying over ---------------------------------------------------------------------------------------------------


def test_tables_merge_and_lists_are_replaced_whole() -> None:
    base = {"a": {"b": "1", "c": ["1", "2"]}, "d": "4"}
    assert merged(base, {"a": {"c": ["3"]}}) == {"a": {"b": "1", "c": ["3"]}, "d": "4"}


def test_null_takes_a_key_away() -> None:
    assert merged({"a": {"b": "1", "c": "2"}}, {"a": {"b": None}}) == {"a": {"c": "2"}}


def test_every_leaf_keeps_the_file_that_set_it() -> None:
    laid = lay_over(parse("a: 1\nb: {c: 2}\n", "base"), parse("\nb: {d: 3}\n", "over"))
    assert laid.problem(("a",), "x").file == "base"
    assert laid.problem(("b", "c"), "x").file == "base"
    assert str(laid.problem(("b", "d"), "x")) == "over:2:8: x"


texts = st.text("abcxyz019.", min_size=1, max_size=4)
trees: st.SearchStrategy[Any] = st.recursive(
    texts | st.lists(texts, max_size=3),
    lambda inner: st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
tables = st.dictionaries(texts, trees, max_size=5)


@given(tables, tables)
def test_what_lies_on_top_is_found_again(base: dict[str, Any], over: dict[str, Any]) -> None:
    laid = merged(base, over)
    assert merged(laid, over) == laid  # laying it on twice changes nothing
    assert set(laid) == set(base) | set(over)
    for key, value in over.items():
        if not isinstance(value, dict):
            assert laid[key] == value
    for key in set(base) - set(over):
        assert laid[key] == base[key]


@given(tables)
def test_laying_on_nothing_and_nothing_on_top(tree: dict[str, Any]) -> None:
    assert merged(tree, {}) == merged({}, tree) == without_nulls(tree) == tree


@given(tables, tables, tables)
def test_three_layers_may_be_joined_in_any_grouping(a: Any, b: Any, c: Any) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@given(tables, st.lists(texts, min_size=1, max_size=3), texts)
def test_put_sets_one_entry_and_leaves_the_original_alone(root: Any, path: list[str], value: str) -> None:
    before = repr(root)
    try:
        changed = put(Tree(root), tuple(path), value, Place("x", None, None)).root
    except KeyError:  # the path runs through a plain value or past a list
        return
    for step in path:
        changed = changed[int(step)] if isinstance(changed, list) else changed[step]
    assert changed == value
    assert repr(root) == before


# ---- chains and overlays -------------------------------------------------------------------------------------------


def test_a_scenario_takes_from_its_base_what_it_does_not_say(town: Path) -> None:
    base, mine = load("town"), load("more_staff")
    assert (mine.start_week, mine.weeks, mine.municipality) == (
        base.start_week,
        base.weeks,
        base.municipality,
    )
    assert mine.parents == ("town",)
    assert mine.question == "What do two more caseworkers give?"
    assert (base.kind, mine.kind, mine.evidence_class) == ("baseline", "strategy", "C")


def test_two_parents_on_one_base(write: Write) -> None:
    write("continuity", "extends: town\nlevers: {continuity: {handover_meeting_share: 1.0}}\n")
    write("both", "extends: [more_staff, continuity]\n")
    both = load("both")
    assert set(both.levers) == {"staffing", "continuity"}
    assert both.parents == ("town", "more_staff", "continuity")


def test_two_parents_on_different_ground_are_refused(write: Write, town: Path) -> None:
    (town / "village.yaml").write_text((town / "town.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    write("other", "extends: village\n")
    write("both", "extends: [more_staff, other]\n")
    assert problems("both") == [
        "scenarios/both.yaml:1:10: 'other' stands on 'village', the others on 'town'; all must share one base"
    ]


def test_overlay_on_another_base(write: Write, town: Path) -> None:
    text = (town / "town.yaml").read_text(encoding="utf-8")
    (town / "later.yaml").write_text(text.replace("2027-W01", "2029-W01"), encoding="utf-8")
    mine = load("more_staff@later")
    assert mine.name == "more_staff@later"
    assert mine.start_week == week_of("2029-W01")
    assert mine.levers["staffing"].from_week == mine.start_week  # begins with its own scenario
    assert mine == load("more_staff", base="later")


def test_overlay_on_an_overlay(write: Write) -> None:
    write("recession", "extends: town\ndemand: [{from: start+26, to: start+51, job_loss_factor: 1.6}]\n")
    mine = load("more_staff@recession")
    assert set(mine.levers) == {"staffing"}
    (spell,) = mine.demand
    assert (spell.from_week, spell.to_week) == (mine.start_week + 26, mine.start_week + 51)


def test_a_base_cannot_be_laid_on_another(town: Path) -> None:
    (found,) = problems("town@more_staff")
    assert "is a base itself" in found


def test_an_overlay_needs_both_names(town: Path) -> None:
    (found,) = problems("more_staff@")
    assert "write NAME@BASE" in found


def test_a_lever_can_be_taken_away(write: Write) -> None:
    write("mine", "extends: more_staff\nlevers: {staffing: null}\n")
    assert not load("mine").levers


# ---- overrides -----------------------------------------------------------------------------------------------------


def test_overrides_reach_into_every_file(town: Path) -> None:
    mine = load(
        "town",
        overrides=[
            "weeks=52",
            "municipality.staff.teams.young.fte=9",
            "municipality.population.insured_share=80 %",
            "behaviour.trust.gain=0.2",
            "effects.meetings.contrast=1.1",
            "law.as_of=2024-07-01",
            "law.transitions.dagpenge_limit_weeks=52",
            "law.transitions.ressourceforloeb_open.1.value=1",
            "levers.staffing.extra_fte.young=1.5",
            "demand=[{from: start, to: start+9, posting_factor: 0.5}]",
        ],
    )
    assert mine.weeks == 52
    assert mine.municipality.staff.teams["young"].fte == 9
    assert mine.municipality.population.insured_share == 0.8
    assert mine.behaviour["trust.gain"] == mine.behaviour_rows["trust.gain"].value == 0.2
    assert mine.effects["meetings"].contrast.value == 1.1
    assert str(mine.law.as_of) == "2024-07-01"
    assert mine.law.transition("dagpenge_limit_weeks", mine.start_week) == 52
    assert mine.law.transitions["ressourceforloeb_open"][1].value == 1
    assert mine.levers["staffing"].model_dump()["extra_fte"] == {"young": 1.5}
    assert mine.demand[0].posting_factor == 0.5


def test_set_block_and_option_the_option_wins(write: Write) -> None:
    write("mine", "extends: town\nset: {weeks: 20, behaviour.trust.gain: 0.2}\n")
    mine = load("mine", overrides=["weeks=30"])
    assert (mine.weeks, mine.behaviour["trust.gain"]) == (30, 0.2)
    assert mine.overrides == (
        "weeks=20",
        "behaviour.trust.gain=0.2",
        "weeks=30",
    )  # outputs say what was typed in


def test_an_override_does_not_leak_into_the_next_load(town: Path) -> None:
    assert load("town", overrides=["behaviour.trust.gain=0.2"]).behaviour["trust.gain"] == 0.2
    assert load("town").behaviour["trust.gain"] == 0.3


def test_beyond_the_range_only_with_the_range(town: Path) -> None:
    (found,) = problems("town", "behaviour.trust.gain=0")
    assert found.startswith("--set behaviour.trust.gain=0: ")
    assert "value 0 lies outside its range 0.15 to 0.5" in found
    assert "{value: 0, low: 0, high: 0.5}" in found
    assert load("town", overrides=["behaviour.trust.gain={value: 0, low: 0}"]).behaviour["trust.gain"] == 0


def test_a_fact_put_in_by_hand_says_so_and_leaves_its_range_behind(town: Path) -> None:
    paths = [
        "municipality.population.insured_share=60 %",
        "municipality.budgets.wage_subsidies.kr_per_year=2",
    ]
    mine = load(
        "town", overrides=[*paths, "law.measures.placement_weeks_dagpenge=8", "law.contact_plan.1.meetings=9"]
    )
    assert mine.municipality.population.insured_share == 0.6
    known = mine.provenance["municipality.population.insured_share"]
    assert (known.source, known.status, known.low, known.note) == ("set by hand", "judgement", None, "")
    assert mine.municipality.budgets["wage_subsidies"].kr_per_year == 2_000_000  # in the unit the file states
    assert mine.law.measures["placement_weeks_dagpenge"][0].source == "set by hand"
    assert mine.law.contact_plan[1].source == "set by hand"
    assert mine.law.contact_plan[0].source == "made up"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "law.refusion_parameters.nope=1",
            "--set law.refusion_parameters.nope=1: rule set half has no parameter 'nope'",
        ),
        ("behaviour=zzz", "no behaviour file is called 'zzz'. allowed: default (looked in"),
        ("weeks", "write key.path=value"),
        ("=3", "write key.path=value"),
        ("weeks=x", "--set weeks=x: 'weeks': a whole number of weeks is needed"),
        ("wheeks=3", "--set wheeks=3: unknown key 'wheeks', did you mean 'weeks'?"),
        ("behaviour.trust.gian=3", "unknown key 'behaviour.trust.gian', did you mean 'gain'?"),
        ("law.transition.x=3", "unknown key 'law.transition', did you mean 'transitions'?"),
        ("law.transitions.ressourceforloeb_open.7.value=1", "is a list of 2 (0 to 1); it has no entry '7'"),
        ("municipality.name.x=1", "'municipality.name' is a plain value; it has no entry 'x'"),
        ("levers.staffing.extra_fte.yung=1", "unknown name 'yung', did you mean 'young'?"),
        ("demand=[", "cannot be read as YAML"),
    ],
)
def test_wrong_overrides(town: Path, override: str, message: str) -> None:
    (found,) = problems("town", override)
    assert message in found


# ---- where names point ---------------------------------------------------------------------------------------------


def test_own_scenarios_come_before_packaged_ones(town: Path) -> None:
    (town / "baseline.yaml").write_text((town / "town.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert load("baseline").files_used[0] == "scenarios/baseline.yaml"


def test_a_path_works_from_anywhere_and_finds_its_neighbours(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    mine = load(str(town / "more_staff.yaml"))
    assert mine.municipality.name == "Smallby"
    assert mine.name == "more_staff"


def test_files_used_names_everything_read(town: Path) -> None:
    used = load("more_staff").files_used
    assert used[:2] == ("scenarios/town.yaml", "scenarios/more_staff.yaml")
    assert "scenarios/law/refusion/half.yaml" in used
    assert len(set(used)) == len(used)


def test_user_error_without_a_place() -> None:
    assert str(UserError("one sentence")) == "one sentence"
