"""Refusion rule sets: what the files say, how they become tables, and what a wrong file is told."""

import re
from pathlib import Path

import numpy as np
import pytest

from sim.calendar import iso, week_of
from sim.codes import ACT_LEGACY, ACTIVITIES, BENEFITS, N_STEPS, SYGEDAGPENGE
from sim.errors import UserError
from sim.law.refusion import COUNTER_CLOCK, COUNTER_SPELL, LAST_WEEK, load_rule_set
from sim.law.rule_files import parse_rule_file
from sim.law.switches import SWITCHES

NAMES = ("ladder_2016", "before_2016", "flat_50", "reform_2016")


def write(folder: Path, text: str, name: str = "mine") -> str:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_set_covers_every_cell(name: str) -> None:
    rules = load_rule_set(name)
    tables = rules.tables
    assert rules.name == name
    assert tables.share_bp.shape == tables.step.shape == (len(BENEFITS), len(ACTIVITIES), LAST_WEEK + 1)
    assert ((tables.share_bp >= 0) & (tables.share_bp <= 10_000)).all()
    assert 0 < len(rules.steps) <= N_STEPS
    assert set(np.unique(tables.step)) <= set(range(len(rules.steps)))
    assert tables.share_bp.tolist() == [[list(row) for row in rows] for rows in rules.share_bp]


def test_the_ladder_is_the_same_for_all_benefits_and_activities() -> None:
    rules = load_rule_set("ladder_2016")
    shares = rules.tables.share_bp[:, :ACT_LEGACY, 1:]
    ladder = [8000] * 4 + [4000] * 22 + [3000] * 26 + [2000] * (LAST_WEEK - 52)
    assert (shares == np.array(ladder)).all()
    assert set(rules.counter) == {COUNTER_CLOCK}
    assert rules.steps[:4] == ("1-4", "5-26", "27-52", "53+")
    assert not np.array(rules.operating_bp).any()


def test_before_2016_counts_sickness_by_spell_and_refunds_courses() -> None:
    rules = load_rule_set("before_2016")
    assert rules.counter[SYGEDAGPENGE] == COUNTER_SPELL
    operating = np.array(rules.operating_bp)
    assert operating[0, ACTIVITIES.index("ordinary_education")] == 5000
    assert operating[0, ACTIVITIES.index("guidance")] == 0


def test_both_laws_keep_the_same_clock() -> None:
    """One history serves both, so a comparison of the two is one of shares alone."""
    assert load_rule_set("ladder_2016").clock_rules == load_rule_set("before_2016").clock_rules
    assert load_rule_set("ladder_2016").clock_rules == load_rule_set("flat_50").clock_rules


@pytest.mark.parametrize("name", ["ladder_2016", "before_2016"])
def test_what_was_not_read_is_a_parameter_with_a_range(name: str) -> None:
    rules = load_rule_set(name)
    for benefit, activity, step in rules.rows():
        assert step.mark != "own_rule", (benefit, activity)
        assert "://" in step.source, (benefit, activity, step.label)
        if step.mark == "low_confidence":
            assert isinstance(step.share, str), (benefit, activity, step.label)
    for item in rules.parameters.values():
        assert item.mark in ("inferred", "low_confidence", "not_found")
        assert item.meaning
        if item.mark == "not_found":
            assert item.value is None
        else:
            assert item.low is not None and item.high is not None and item.value is not None
            assert item.low <= item.value <= item.high and item.low < item.high


def test_a_users_rule_is_a_few_lines(tmp_path: Path) -> None:
    text = """
name: mine
meaning: Half for half a year, then nothing.
benefits: [dagpenge, sygedagpenge]
extends: ladder_2016
ladder:
  - {from_week: 1, to_week: 26, state_share: 0.5}
  - {from_week: 27, state_share: 0}
"""
    rules = load_rule_set(write(tmp_path, text))
    shares = rules.tables.share_bp
    assert shares[0, 0, 26] == 5000 and shares[0, 0, 27] == 0
    assert shares[SYGEDAGPENGE, 2, LAST_WEEK] == 0
    assert (shares[1] == load_rule_set("ladder_2016").tables.share_bp[1]).all()
    assert rules.steps == ("1-4", "1-26", "5-26", "27-52", "27+", "53+", "old award")


def test_parameters_and_switches_make_variants() -> None:
    rules = load_rule_set("ladder_2016", {"education_is_self_support": True}, {"fleksbidrag_share": 0.1})
    assert rules.parameters["fleksbidrag_share"].value == 0.1
    assert rules.share_bp[BENEFITS.index("fleksjob")][0][60] == 3000
    back = rules.variant({"education_is_self_support": False})
    assert back.share_bp == rules.share_bp
    assert back.clock_rules == load_rule_set("ladder_2016").clock_rules != rules.clock_rules


def test_a_parameter_becomes_exact_basis_points() -> None:
    """0.57 x 10,000 is 5,699.99... in binary arithmetic."""
    rules = load_rule_set("before_2016", parameters={"fleksjob_2013": 0.57})
    assert rules.share_bp[BENEFITS.index("fleksjob")][0][1] == 5700


def test_the_simulation_refuses_what_it_cannot_follow() -> None:
    load_rule_set("ladder_2016").require_simulable()
    rules = load_rule_set("ladder_2016", {"benefit_weeks_expire_after": 156})
    with pytest.raises(UserError, match="benefit_weeks_expire_after.*jobcenter refusion"):
        rules.require_simulable()


def test_switch_defaults_are_not_among_their_alternatives() -> None:
    for switch in SWITCHES.values():
        assert switch.alternatives and switch.default not in switch.alternatives
        assert switch.meaning and switch.source


def test_the_documented_switches_are_the_ones_there_are() -> None:
    def word(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    text = (Path(__file__).parents[2] / "docs" / "refusion.md").read_text(encoding="utf-8")
    table = {
        name: rest for name, *rest in re.findall(r"^\| `(\w+)` \| (\S+) \| (\S+) \|", text, re.MULTILINE)
    }
    for switch in SWITCHES.values():
        assert table.pop(switch.name) == [word(switch.default), word(switch.alternatives[0])]


HEAD = "name: mine\nmeaning: words\n"
STEP = "ladder: [{state_share: 0.5}]\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD + "leder: [{state_share: 0.5}]", 3, "did you mean 'ladder'"),
        (HEAD + "ladder: [{state_share: 1.5}]", 3, "0 to 1"),
        (HEAD + "ladder: [{state_share: 180 %}]", 3, "share"),
        (HEAD + "ladder: [{state_share: .nan}]", 3, "not an amount"),
        (HEAD + "ladder: [{from_week: 1}]", 3, "needs state_share"),
        (
            HEAD + "ladder:\n  - {to_week: 4, state_share: 1}\n  - {from_week: 6, state_share: 0}",
            5,
            "week 5 is next",
        ),
        (HEAD + "ladder:\n  - {to_week: 4, state_share: 1}", 4, "weeks from 5 have no share"),
        (HEAD + "ladder:\n  - {state_share: 1}\n  - {from_week: 5, state_share: 1}", 4, "give it to_week: 4"),
        (HEAD + "ladder: [{to_week: 400, state_share: 0.5}]", 3, "to_week"),
        (HEAD + STEP + "benefits: [dagpeng]", 4, "did you mean 'dagpenge'"),
        (HEAD + STEP + "benefits: [dagpenge]", 1, "no rule covers kontanthjaelp_jobready"),
        (HEAD + STEP + "meaning: again", 4, "stands twice"),
        (
            HEAD + STEP + "switches: {educaton_is_self_support: true}",
            4,
            "did you mean 'education_is_self_support'",
        ),
        (HEAD + STEP + "switches:\n  education_is_self_support: 1", 5, "true or false"),
        (HEAD + STEP + "switches: {reset_window_weeks: 200}", 4, "1 to 156"),
        (HEAD + STEP + "switches: {history_from: 2014-W60}", 4, "2014"),
        (HEAD + STEP + "counter: year", 4, "clock, spell"),
        (HEAD + STEP + "reset_after_weeks: 0", 4, "1 to 156"),
        (HEAD + STEP + "applies_from: 2015-W60", 4, "2015"),
        (HEAD + STEP + "schema: 2", 4, "schema must be 1"),
        (HEAD + STEP + "rules: [{state_share: 0.5}]", 4, "not both"),
        (HEAD + "rules: [{state_share: 0.5}, {state_share: 0.4}]", 3, "already has a rule"),
        (HEAD + "rules: [{state_share: 0.5, source: star}]", 3, "neither an address"),
        (HEAD + "rules: [{state_share: 0.5, mark: sure}]", 3, "mark must be"),
        (
            HEAD + "rules: [{state_share: flks}]\nparameters: {fleks: {value: 0.1, meaning: x}}",
            3,
            "did you mean 'fleks'",
        ),
        (
            HEAD + STEP + "parameters: {a: {value: 0.6, low: 0, high: 0.5, meaning: x}}",
            4,
            "between low and high",
        ),
        (HEAD + STEP + "parameters: {a: {value: 0.6}}", 4, "meaning"),
        (HEAD + STEP + "parameters: {a: {value: yes, meaning: x}}", 4, "must be a number"),
        (HEAD + "ladder: 5", 3, "must be a list"),
        (HEAD + "ladder: [5]", 3, "must be a table"),
        ("meaning: words\n" + STEP, 1, "'name'"),
        (HEAD, 1, "needs ladder, rules, or extends"),
        ("- a\n- b\n", 1, "table of keys"),
        ("name: [\n", 2, "not readable as YAML"),
    ],
)
def test_a_wrong_file_is_told_where_and_what(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UserError) as wrong:
        load_rule_set(path)
    assert f"{path}:{line}:" in str(wrong.value)
    assert says in str(wrong.value)


def test_a_parameter_without_value_must_get_one(tmp_path: Path) -> None:
    text = (
        HEAD
        + "ladder: [{state_share: a}]\nparameters: {a: {value: null, mark: not_found, meaning: unread}}\n"
    )
    path = write(tmp_path, text)
    with pytest.raises(UserError, match="'a' has no value"):
        load_rule_set(path)


def test_shares_that_add_up_to_more_than_all_are_refused(tmp_path: Path) -> None:
    text = HEAD + "ladder: [{state_share: 0.9, plus: a}]\nparameters: {a: {value: 0.2, meaning: x}}\n"
    with pytest.raises(UserError, match="exceed 1"):
        load_rule_set(write(tmp_path, text))


def test_too_many_spans_are_refused(tmp_path: Path) -> None:
    steps = [f"  - {{from_week: {k}, to_week: {k}, state_share: 0.5}}" for k in range(1, 9)]
    text = HEAD + "ladder:\n" + "\n".join(steps) + "\n  - {from_week: 9, state_share: 0.1}\n"
    with pytest.raises(UserError, match="at most 8"):
        load_rule_set(write(tmp_path, text))


def test_extends_in_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, HEAD + "extends: b\n", "a")
    write(tmp_path, HEAD + "extends: a\n", "b")
    with pytest.raises(UserError, match="circle"):
        load_rule_set(tmp_path / "a.yaml")


def test_unknown_names_are_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'ladder_2016'"):
        load_rule_set("lader_2016")
    with pytest.raises(UserError, match="no such rule set file"):
        load_rule_set(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="did you mean 'fleksbidrag_share'"):
        load_rule_set("ladder_2016", parameters={"fleksbidrag": 0.1})
    with pytest.raises(UserError, match="0 to 1"):
        load_rule_set("ladder_2016", parameters={"fleksbidrag_share": 3})
    with pytest.raises(UserError, match="no switch is called 'su'"):
        load_rule_set("ladder_2016", {"su": True})


# ---- rules that give way to others on a date ---------------------------------------------------------------------


def test_each_benefit_turns_on_its_own_date() -> None:
    rules, old, new = (load_rule_set(name) for name in ("reform_2016", "before_2016", "ladder_2016"))
    assert {iso(week) for week in rules.change_weeks} == {"2015-W53", "2016-W01"}
    for week in ("2015-W52", "2015-W53", "2016-W01"):
        tables = rules.tables_at(week_of(week))
        for benefit in range(len(BENEFITS)):
            waits = week_of(week) < new.applies_from[benefit][0]
            assert waits == (week == "2015-W52" or (week == "2015-W53" and benefit != SYGEDAGPENGE))
            expected = old if waits else new
            assert np.array_equal(tables.share_bp[benefit], expected.tables.share_bp[benefit])
            assert tables.counter[benefit] == expected.counter[benefit]
            assert np.array_equal(tables.operating_bp[benefit], expected.operating_bp[benefit])
        # What is paid alike is one bracket: benefit, step, share; the brackets of every week are the same.
        cells = tables.brackets[tables.bracket]
        assert np.array_equal(cells[..., 2], tables.share_bp) and np.array_equal(cells[..., 1], tables.step)
        assert np.array_equal(tables.brackets, rules.tables.brackets)
    assert rules.clock_rules == new.clock_rules


def test_a_parameter_of_the_earlier_rules_is_the_sets_own() -> None:
    rules = load_rule_set("reform_2016", parameters={"kontanthjaelp_passive": 0.2})
    before = rules.tables_at(week_of("2015-W30"))
    assert before.share_bp[BENEFITS.index("kontanthjaelp_jobready"), 0, 10] == 2000
    assert set(load_rule_set("before_2016").unread) < set(rules.unread)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: ladder_2016\nearlier: mine\n", "goes round in a circle: mine -> mine"),
        ("extends: before_2016\nearlier: before_2016\n", "stand in before_2016 too"),
        ("extends: ladder_2016\nearlier: before_2015\n", "did you mean 'before_2016'"),
        (
            "extends: ladder_2016\nearlier: flat_50\nrules:\n  - {benefits: [dagpenge], activities: [placement],"
            " applies_from: 2018-W01, state_share: 0.5}\n",
            "the rules for dagpenge apply from different weeks",
        ),
    ],
)
def test_what_is_wrong_with_earlier_rules_is_told(text: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"name: mine\nmeaning: a try\n{text}")
    with pytest.raises(UserError, match=said):
        load_rule_set(path)


def test_a_step_without_an_end_is_told_which_end_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    steps = "ladder:\n  - {from_week: 1, state_share: 0.8}\n  - {from_week: 9, state_share: 0.4}\n"
    path.write_text(HEAD + steps, encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.yaml:4: another step follows this one; give it to_week: 8"):
        parse_rule_file(path)


def test_a_share_may_be_written_in_per_cent(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + "ladder: [{to_week: 8, state_share: 80 %}, {from_week: 9, state_share: 12.5%}]\n")
    (row, *_) = parse_rule_file(path).rows.values()
    assert [step.share for step in row.steps] == [8000, 1250]
