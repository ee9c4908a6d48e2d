"""Every mistake gets one sentence: file and line, what was found, what is allowed, the nearest known name."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from told import line_of, problems

from sim.errors import UserError
from sim.scenario import load
from sim.scenario.yaml_tree import nearest, parse

Write = Callable[[str, str], Path]
Edit = Callable[[str, str, str], None]
CASES = yaml.safe_load((Path(__file__).parent / "bad_input.yaml").read_text(encoding="utf-8"))
TOWN = "scenarios/municipalities/smallby.yaml"


def test_unknown_key_names_the_nearest(write: Write) -> None:
    write("mine", "extends: town\nlevers:\n  staffing:\n    extra_ftee: {young: 1.0}\n")
    assert problems("mine") == [
        "scenarios/mine.yaml:4:5: unknown key 'extra_ftee', did you mean 'extra_fte'? allowed: from, to, extra_fte"
    ]


def test_all_problems_of_a_file_are_told_at_once(write: Write) -> None:
    write(
        "mine",
        "extends: town\nworld: {share: 1.2}\nweeks: many\nlevers:\n  staffin: {}\n  staffing: {extra_fte: {yung: 1}}\n",
    )
    found = problems("mine")
    assert [text.split(": ")[0] for text in found] == [
        "scenarios/mine.yaml:2:16",
        "scenarios/mine.yaml:3:8",
        "scenarios/mine.yaml:5:3",
        "scenarios/mine.yaml:6:26",
    ]
    assert "did you mean 'staffing'?" in found[2]
    assert "did you mean 'young'?" in found[3]


def test_unknown_key_at_the_top(write: Write) -> None:
    write("mine", "extends: town\nwheeks: 10\n")
    (found,) = problems("mine")
    assert found.startswith(
        "scenarios/mine.yaml:2:1: unknown key 'wheeks', did you mean 'weeks'? allowed: schema, "
    )


def test_unknown_key_in_a_file_below_is_told_with_that_file(write: Write) -> None:
    write("below", "extends: town\nbudgett: 1\n")
    write("mine", "extends: below\n")
    (found,) = problems("mine")
    assert found.startswith("scenarios/below.yaml:2:1: unknown key 'budgett'")


def test_duplicate_key(write: Write) -> None:
    write("mine", "extends: town\nweeks: 10\nlevers: {}\nweeks: 20\n")
    assert problems("mine") == ["scenarios/mine.yaml:4:1: duplicate key 'weeks'; it already stands in line 2"]


@pytest.mark.parametrize(
    "case", CASES["numbers"], ids=lambda case: case["new"] if "new" in case else case["text"]
)
def test_a_wrong_number(town: Path, edit: Edit, case: dict[str, str]) -> None:
    edit("municipalities/smallby.yaml", case["old"], case["new"])
    found = problems("town")
    assert found[0].startswith(f"{TOWN}:{line_of(town / 'municipalities/smallby.yaml', case['new'])}:")
    assert case["message"] in found[0]


def test_shares_of_sectors_must_make_a_whole(town: Path, edit: Edit) -> None:
    edit("municipalities/smallby.yaml", "jobs_share: 0.65", "jobs_share: 0.75")
    (found,) = problems("town")
    line = line_of(town / "municipalities/smallby.yaml", "companies:")
    assert found.startswith(f"{TOWN}:{line}:")
    assert "the jobs_share of all sectors must add up to 1, found 1.100" in found


def test_a_forgotten_team_is_not_filled_in(edit: Edit) -> None:
    edit("municipalities/smallby.yaml", "    young: {fte: 1.5, clients: 50}\n", "")
    (found,) = problems("town")
    assert "teams without a row: young (a team without staff is {fte: 0, clients: 0})" in found


def test_a_missing_key(edit: Edit) -> None:
    edit("municipalities/smallby.yaml", "  mentors_fte: 1.0\n", "")
    (found,) = problems("town")
    assert "'mentors_fte' is missing in 'staff'" in found


@pytest.mark.parametrize(
    "case", CASES["rows"], ids=lambda case: case["new"] if "new" in case else case["text"]
)
def test_a_wrong_row(edit: Edit, case: dict[str, str]) -> None:
    edit(case["file"], case["old"], case["new"])
    found = problems("town")
    assert case["message"] in found[0]
    assert found[0].startswith(f"scenarios/{case['file']}:")


def test_rates_out_of_order(town: Path) -> None:
    path = town / "law/benefit_rates.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines.index("dagpenge:")
    lines[at + 2] = lines[at + 2].replace("2024-01-01", "2019-01-01")
    path.write_text("\n".join(lines), encoding="utf-8")
    (found,) = problems("town")
    assert found == (
        f"scenarios/law/benefit_rates.yaml:{at + 3}:12: dates out of order: 2019-01-01 does not come after 2020-01-01"
    )


@pytest.mark.parametrize(
    "case", CASES["scenarios"], ids=lambda case: case["new"] if "new" in case else case["text"]
)
def test_a_wrong_scenario(write: Write, case: dict[str, str]) -> None:
    write("mine", f"extends: town\n{case['text']}\n")
    found = problems("mine")
    assert case["message"] in found[0]
    assert found[0].startswith("scenarios/mine.yaml:")


def test_missing_question(town: Path) -> None:
    (town / "mine.yaml").write_text("extends: town\n", encoding="utf-8")
    assert problems("mine") == [
        "scenarios/mine.yaml:1:1: 'question' is missing: say in plain words what the scenario asks"
    ]


def test_a_base_without_its_parts(write: Write) -> None:
    write("mine", "kind: baseline\nmunicipality: smallby\nbehaviour: default\n")
    found = problems("mine")
    for name in ("start", "weeks", "world", "law", "prices"):
        assert f"scenarios/mine.yaml:1:1: '{name}' is missing" in found


def test_a_base_without_municipality(write: Write) -> None:
    write("mine", "kind: baseline\n")
    (found,) = problems("mine")
    assert "'municipality' is missing; a base names municipality, start, weeks" in found


def test_missing_file(town: Path) -> None:
    assert problems("nowhere.yaml") == ["nowhere.yaml: no such file"]
    (found,) = problems("twon")
    assert found.startswith("no scenario is called 'twon', did you mean 'town'?")


def test_missing_parent_is_told_where_it_is_named(write: Write) -> None:
    write("mine", "question: x\nextends: [more_staff, twon]\n")
    (found,) = problems("mine")
    assert found.startswith("scenarios/mine.yaml:2:10: no scenario is called 'twon', did you mean 'town'?")


def test_cycle(write: Write) -> None:
    write("a", "extends: b\n")
    write("b", "extends: c\n")
    write("c", "extends: a\n")
    assert problems("a") == ["scenarios/c.yaml:1:10: 'extends' goes round in a circle: a -> b -> c -> a"]


def test_extends_itself(write: Write) -> None:
    write("a", "extends: a\n")
    assert problems("a") == ["scenarios/a.yaml:1:10: 'extends' goes round in a circle: a -> a"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("question: [a\n", 2, "cannot be read as YAML"),
        ("a: b: c\n", 1, "cannot be read as YAML"),
        ("a:\n\tb: c\n", 2, "indent with blanks, not with tabs"),
        ("a: !!python/name:os.system x\n", 1, "is not understood; write the plain value"),
        ("a: &x [*x]\n", 1, "an alias (*name) stands inside the entry it points to"),
        ("? [a]\n: b\n", 1, "a key must be plain text"),
        ("", 1, "the file is empty"),
        ("a: 1\n---\nb: 2\n", 2, "cannot be read as YAML"),
    ],
)
def test_yaml_mistakes(text: str, line: int, message: str) -> None:
    with pytest.raises(UserError) as wrong:
        parse(text, "a.yaml")
    assert wrong.value.problems[0].line == line
    assert message in str(wrong.value)


def test_nested_aliases_do_not_fill_the_memory() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
    )
    with pytest.raises(UserError, match="aliases"):
        parse(bomb, "bomb.yaml")


def test_not_text(town: Path) -> None:
    (town / "mine.yaml").write_bytes(b"\xff\xfe\x00")
    assert problems("mine") == ["scenarios/mine.yaml: is not UTF-8 text (byte 0)"]


def test_a_mistake_in_the_rule_set_is_told_by_check(edit: Edit) -> None:
    edit("law/refusion/half.yaml", "state_share: 0.5", "state_share: 1.5")
    (found,) = problems("town")
    assert "scenarios/law/refusion/half.yaml:5" in found


@pytest.mark.parametrize(
    "override",
    [
        "municipality.companies={workplaces: 0, jobs: 0}",
        "municipality.budgets.in_house_courses.kr_per_year=0",
        "municipality.staff.teams={dagpenge_jobready: {fte: 0}, activityready: {fte: 0}, young: {fte: 0}}",
        "weeks=1",
    ],
)
def test_extremes_that_are_allowed(town: Path, override: str) -> None:
    """No company, no caseworker, an empty pot, a single week: sensible runs, not errors."""
    assert load("town", overrides=[override]).weeks >= 1


def test_levers_that_cut_more_posts_than_a_team_has_are_told_by_check(town: Path) -> None:
    fte = load("town").municipality.staff.teams["young"].fte
    (town / "cut.yaml").write_text(
        f"question: q\nextends: town\nkind: strategy\nlevers:\n  staffing:\n    extra_fte: {{young: -{fte + 1.25}}}\n"
    )
    with pytest.raises(
        UserError, match=rf"cut\.yaml:6:\d+: cuts 1\.25 more posts than team 'young' has \({fte:g}\)"
    ):
        load("cut")
    assert load("cut", overrides=[f"levers.staffing.extra_fte.young=-{fte}"]).levers  # all of them may go


def test_an_open_quote_is_told_where_it_opens() -> None:
    with pytest.raises(UserError, match=r"x\.yaml:1:11: .*the quote opened here is never closed"):
        parse('question: "What?\nextends: baseline\n', "x.yaml")


def test_a_tab_is_told_what_to_do() -> None:
    with pytest.raises(UserError, match=r"indent with blanks, not with tabs"):
        parse("question: q\n\textends: baseline\n", "x.yaml")


def test_another_town_is_no_misspelling() -> None:
    assert "did you mean" not in nearest("odense", ("slagelse", "hedensted", "silkeborg"))
    assert "did you mean 'silkeborg'" in nearest("silkebor", ("slagelse", "hedensted", "silkeborg"))


def test_a_place_in_a_list_is_named_with_its_list() -> None:
    with pytest.raises(UserError, match=r"'demand\.0': dates out of order"):
        load("recession", overrides=["demand.0.to=2020-W01"])
