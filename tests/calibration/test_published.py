"""Published experiments as files: what comes along, what a mistake is told; no number is copied wrong or used twice."""

import re
from pathlib import Path

import pytest
from own_trial import MINE

from calibration.evidence_rows import evidence_rows
from calibration.one_effect import check, double_counting, leaks
from calibration.published import Experiment, Solves, known_experiments, read, read_all
from sim.errors import UserError
from sim.scenario import load

WANTED = (
    "early_meetings_2005", "caseload_austria", "caseload_austria_new", "caseload_germany", "absence_switzerland",
    "ips_18_months", "sick_leave_three_sites", "mentor_young", "displacement_france", "register_caseworker_change",
    "register_caseworker_belief", "register_placement",
)  # fmt: skip
WRONG = {
    "measure: share_at": (
        "measure: share_et",
        r"mine\.yaml:13:14: unknown .*'share_et', did you mean 'share_at'",
    ),
    "groups: [dagpenge], enrol": (
        "groups: [dagpeng], enrol",
        r":5:23: unknown .*'dagpeng'.*did you mean 'dagpenge'",
    ),
    "levers: {early_intervention:": (
        "levers: {early_intervantion:",
        r":8:12: unknown lever 'early_intervantion'",
    ),
    "{early_intervention: {groups: [dagpenge], meetings_per_26_weeks: 26, until_week: 26}}": (
        "{staffing: {}}",
        r":8:12: 'staffing' acts on a whole office; write by: office",
    ),
    "by: person": ("by: market", r":10:\d+: by: market needs 'coverage'"),
    "value: 4, standard_error: 2, ": (
        "",
        r":15:\d+: .*give a 'value', a range 'low' to 'high', or a 'direction'",
    ),
    "my paper": ("EV999", r":15:\d+: 'EV999' is not a row of the evidence table"),
    "dose: known": ("status: not_modelled\ndose: known", "a study that is not modelled must say 'reason'"),
    "  levers: {early_intervention: {groups: [dagpenge], meetings_per_26_weeks: 26, until_week: 26}}\n": (
        "",
        r":\d+:\d+: nothing is given to the treated",
    ),
}


def test_the_studies_named_in_the_plan_come_along() -> None:
    assert set(WANTED) <= set(known_experiments())
    for one in read_all():
        assert one.file.status == "modelled" or (one.file.reason and one.file.needs), one.name
        assert one.evidence, one.name


def test_numbers_are_those_of_the_evidence_table() -> None:
    """Where a study's number stands as a plain number in the table, value and interval are the same."""
    table, compared = evidence_rows(), 0
    for one in read_all():
        for outcome in one.file.outcomes.values():
            paper = outcome.published
            if len(paper.evidence) > 1:
                continue
            row = table[paper.evidence[0]]
            if paper.value is not None and re.fullmatch(r"[+-]?\d+(\.\d+)?", row["effect"]):
                effect = float(row["effect"])
                if "odds" in row["effect_unit"]:
                    continue  # told as odds there, as a difference of the two shares here
                relative = "relative pct" in row["effect_unit"]
                expected = 1 + effect / 100 if relative else effect
                assert paper.value == pytest.approx(expected), (one.name, paper)
                compared += 1
            if paper.low is not None and row["ci_low"]:
                assert (paper.low, paper.high) == (float(row["ci_low"]), float(row["ci_high"])), one.name
            if paper.standard_error is not None:
                half = (float(row["ci_high"]) - float(row["ci_low"])) / 2
                assert 1.96 * paper.standard_error == pytest.approx(half, rel=0.05), one.name
    assert compared >= 15


@pytest.mark.parametrize("right", WRONG)
def test_mistakes_are_told_with_file_and_line(right: str, tmp_path: Path) -> None:
    assert MINE.count(right) == 1
    wrong, message = WRONG[right]
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    assert read(str(file)).file.title == "Mine"
    file.write_text(MINE.replace(right, wrong))
    with pytest.raises(UserError) as told:
        read(str(file))
    assert re.search(message, str(told.value)), str(told.value)


def test_unknown_names_are_met_with_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'caseload_germany'"):
        read("caseload_germani")
    with pytest.raises(UserError, match="no such file"):
        read("mine.yaml")


def changed(one: Experiment, **changes: object) -> Experiment:
    return Experiment(one.name, one.path, one.file.model_copy(update=changes))


def test_nothing_counts_twice_and_nothing_leaks() -> None:
    studies, world = read_all(), load("slagelse_2024")
    check(studies, world)
    meetings, change, germany = (
        read(name) for name in ("early_meetings_2005", "caseworker_change_by_lot", "caseload_germany")
    )
    # A package that gives both its meetings (6 tenths) and another whole effect on the same groups is counted twice.
    both = [meetings, changed(change, package=meetings.file.package)]
    assert "make up 160% of it" in double_counting(both, world)[0]
    # One row of evidence behind two coefficients.
    twice = changed(meetings, solves=Solves(effect="caseworker_change", outcome="job_finding"))
    assert "EV001 stands behind both" in " ".join(double_counting([meetings, twice], world))
    # A study a parameter cites would pass for a test.
    assert "EV001 is cited by effects.meetings_jobready" in leaks([changed(meetings, informs=())], world)[0]
    assert "which is no parameter" in leaks([changed(germany, informs=("trust.gein",))], world)[0]
    with pytest.raises(UserError, match="a package, its threat and its meetings are one effect"):
        check(both, world)
