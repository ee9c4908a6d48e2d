"""`jobcenter replicate` as a user meets it: verdicts, files, pages, register studies, investment cases, mistakes."""

import json
import math
from pathlib import Path

import pytest
from own_trial import MINE
from typer.testing import CliRunner, Result

from calibration import investment
from calibration.estimators import Found
from calibration.evidence_rows import investment_rows
from calibration.forest import draw
from calibration.published import Outcome, read
from calibration.register_study import meet
from calibration.replicate import update_page
from calibration.verdict import (
    _by_direction,
    _by_interval,
    _by_pattern,
    _by_range,
    _by_value,
    _returns,
    counts,
    rows_not_modelled,
    target_log,
)
from jobcenter.cli import app
from sim.errors import UserError
from sim.scenario import load


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["replicate", *words])


def outcome(measure: str = "share_at", share: float = 1.0, **published: object) -> Outcome:
    paper = {"evidence": ["x"], **published}
    return Outcome.model_validate(
        {"measure": measure, "weeks": 26, "share_of_effect": share, "published": paper}
    )


def found(value: float, error: float, seeds: int = 40) -> Found:
    return Found(value, error, seeds)


def test_verdicts_follow_their_rules() -> None:
    four = outcome(value=4.0, standard_error=1.0)
    assert _by_interval(four, four.published, found(2.5, 0.5)) == ("agrees", "interval", False)
    assert _by_interval(four, four.published, found(1.5, 0.5))[0] == "misses"
    assert _by_interval(four, four.published, found(3.0, 9.0))[0] == "too few runs"
    weak = outcome(value=1.0, standard_error=1.0)
    assert _by_interval(weak, weak.published, found(0.0, 0.1))[2], "a model without effect would agree too"
    # A part of a package: 1.44 to the half is 1.2.
    part = outcome("hazard_ratio", 0.5, value=1.44, low=1.3, high=1.6)
    assert _by_interval(part, part.published, found(math.log(1.2), 0.01))[0] == "agrees"
    assert _by_interval(part, part.published, found(math.log(1.44), 0.01))[0] == "misses"
    spread = outcome("hazard_ratio", low=1.2, high=1.4, range_is="point_estimates")
    assert _by_range(spread, spread.published, found(math.log(1.21), 0.01))[0] == "agrees"
    assert _by_range(spread, spread.published, found(math.log(1.1), 0.01))[0] == "misses"
    bare = outcome(value=-10.0)
    assert [_by_value(bare, bare.published, found(value, 0.5))[0] for value in (-6.0, -4.0, 8.0)] == [
        "agrees", "misses", "misses",
    ]  # fmt: skip
    assert _by_value(bare, bare.published, found(-9.0, 5.0))[0] == "too few runs"
    assert [_by_direction("negative", found(value, 1.0))[0] for value in (-2.0, -0.5, 2.0)] == [
        "agrees", "too few runs", "misses",
    ]  # fmt: skip


def test_a_solved_replay_must_return_its_contrast() -> None:
    world = load("slagelse_2024")
    target = target_log(world, "meetings_jobready")

    def verdict(chance: Found, counted: Found, effect: str = "meetings_jobready") -> str:
        return _returns(world, effect, chance, counted)[0]

    right = found(target, 0.02)
    assert verdict(found(target * 1.05, 0.001), right) == "agrees"
    assert verdict(found(target * 2, 0.001), right) == "misses"
    assert verdict(found(target, 0.5), right) == "too few runs"
    assert (
        verdict(found(target, 0.001), found(2 * target, 0.02)) == "misses"
    )  # what chances do not hold leaks in
    nothing = "meetings_activityready"
    assert verdict(found(0.019, 0.001), found(0.05, 0.02), nothing) == "agrees"
    assert verdict(found(0.03, 0.001), found(0.05, 0.02), nothing) == "misses"
    assert verdict(found(0.0, 0.001), found(0.2, 0.02), nothing) == "misses"


def test_an_unknown_dose_tests_the_pattern_only() -> None:
    """Half the published size is fine as long as everything is half; a wrong sign of the first undoes all."""
    lead, other = outcome(value=-36.0, standard_error=4.0), outcome(value=20.0, standard_error=4.0)
    half = found(-18.0, 0.5)
    assert _by_pattern(lead, half, (lead, half))[0] == "agrees"
    assert _by_pattern(other, found(10.0, 0.5), (lead, half))[0] == "agrees"
    assert _by_pattern(other, found(-2.0, 0.5), (lead, half))[0] == "misses"
    assert _by_pattern(other, found(10.0, 0.5), (lead, found(18.0, 0.5)))[0] == "misses"


def test_what_is_not_modelled_is_counted_and_named() -> None:
    rows = rows_not_modelled(read("ips_18_months"))
    assert counts(rows) == {"not modelled": {"not modelled": 1}}
    done = call("ips_18_months")
    assert done.exit_code == 0
    assert "1 published numbers of studies that are not modelled: ips_18_months" in done.output
    assert "needs the lever IPS" in done.output


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "mine.yaml").write_text(MINE)
    page = folder / "page.md"
    page.write_text("Before\n<!-- replicas: begin -->\nold\n<!-- replicas: end -->\nAfter\n")
    words = ["--seeds", "2", "--share", "0.05", "--out", str(folder / "out"), "--page", str(page), "--json"]
    done = call(str(folder / "mine.yaml"), *words)
    assert done.exit_code == 0, done.output
    (folder / "told.json").write_text(done.output)
    return folder


def test_a_file_of_ones_own_is_replayed_and_stored(mine: Path) -> None:
    (row,) = json.loads((mine / "told.json").read_text())["rows"]
    assert row["experiment"] == "mine" and row["role"] == "tests" and row["rule"] == "interval"
    assert row["verdict"] in ("agrees", "misses", "too few runs") and row["model"] is not None
    names = {file.name for file in (mine / "out").iterdir()}
    assert names == {"replicas.csv", "replicas.md", "forest.svg", "forest.png", "manifest.json"}
    table = (mine / "out" / "replicas.md").read_text()
    assert (
        mine / "page.md"
    ).read_text() == f"Before\n<!-- replicas: begin -->\n{table}<!-- replicas: end -->\nAfter\n"
    assert json.loads((mine / "out" / "manifest.json").read_text())["experiments"]["mine"]["title"] == "Mine"


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("No marks here\n")
    with pytest.raises(UserError, match="needs one line '<!-- replicas: begin -->'"):
        update_page(page, "replicas", "table")
    assert page.read_text() == "No marks here\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["caseload_germani"], "did you mean 'caseload_germany'"),
        (["--write"], "--write: goes with --solve"),
        (["--solve", "mentor_young"], "leave it out beside --solve"),
        (["mentor_young", "--page", "x.md"], "name their folder with --out"),
    ],
)
def test_mistakes(words: list[str], message: str) -> None:
    done = call(*words)
    assert done.exit_code == 2 and message in done.output


def test_a_register_study_finds_what_is_there_and_what_is_not() -> None:
    """Placements that multiply the chance of a job by ten show; with the effect set to nothing they do not, nearly."""
    one = read("register_placement")
    ten = "behaviour.measures.after_private_{}={{value: 10, low: 1, high: 10}}"
    loud = one.file.model_copy(update={"set": tuple(ten.format(g) for g in ("jobready", "activityready"))})
    met = meet(type(one)(one.name, one.path, loud), (1, 2), 0.1)
    assert met.true.value == pytest.approx(10.0)
    assert met.naive.value > 2.5 > 1.5 * met.naive_at_nothing.value
    assert met.exposed > 100


def test_every_investment_case_is_forecast_or_named() -> None:
    behind = {investment.label(row) for case in investment.cases().values() for row in investment.told(case)}
    left_out = set(investment.not_modelled())
    assert behind and not behind & left_out
    assert behind | left_out == {investment.label(row) for row in investment_rows()}


def test_a_forecast_is_a_distribution_beside_promise_and_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "experiments.anchor.anchored", lambda base, draw: draw
    )  # levels are another test's matter
    found = investment.forecast("hjoerring_2015", 2, 0.05)
    assert {one.what for one in found} == set(investment.FORECAST)
    assert all(one.low <= one.middle <= one.high for one in found)
    staff = next(one for one in found if one.what == "spending on staff")
    assert 50 < staff.middle < 150  # 34 posts for four years
    page = investment.markdown(found, "jobcenter replicate --investment")
    assert "No verdict" in page and "1,700 more in job/education" in page and "Fredensborg 2026" in page


def test_the_figure_shows_paper_and_model() -> None:
    done = call("mentor_young", "--seeds", "2", "--share", "0.05", "--json")
    rows = [_row(row) for row in json.loads(done.output)["rows"]]
    drawn = draw(rows)
    assert set(drawn) == {"forest.svg", "forest.png"}
    text = drawn["forest.svg"].decode()
    assert "mentor_young: in job" in text and "published effect = 1" in text


def _row(values: dict[str, object]) -> object:
    from calibration.verdict import Row

    return Row(**{key: math.nan if value is None else value for key, value in values.items()})  # type: ignore[arg-type]
