"""`jobcenter shadow-price`: the table, JSON, and mistakes."""

import json

import pytest
from typer.testing import CliRunner

from jobcenter.cli import app

SMALL = ["--set", "world.share=0.04", "--weeks", "56", "--seeds", "2"]


def ask(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["shadow-price", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_a_table_of_pots_and_posts() -> None:
    code, said, _ = ask("budget_cut_10_percent", "--krone", "3 mio. kr.", "--teams", *SMALL)
    assert code == 0
    for row in ("in_house_courses", "external_courses", "wage_subsidies", "posts, all teams", "posts, young"):
        assert f"\n{row} " in said
    assert "2 runs of each" in said and "±" in said and "calculation error" in said


def test_json_holds_every_number() -> None:
    code, said, _ = ask("baseline", "--krone", "3 mio. kr.", "--json", *SMALL)
    told = json.loads(said)
    assert code == 0 and told["krone_kr"] == 3e6 and told["seeds"] == 2
    assert [row["margin"] for row in told["prices"]][-1] == "posts, all teams"
    for row in told["prices"]:
        assert row["authorised_kr"] > 0
        assert row["net"] == pytest.approx(
            row["saved"] - row["spent"], abs=0.6
        )  # the state shares wage subsidies


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["baseline", "--krone", "3"], "write it as '5 mio. kr.'"),
        (["baseline", "--krone", "20 mio. kr."], "wage_subsidies holds"),
        (["baseline", "--krone", "30000 kr."], "a quarter of a post costs"),
        (["baseline", "--weeks", "30"], "no whole budget year"),
        (["investment_model"], "cannot be the base"),
    ],
)
def test_mistakes_are_told(arguments: list[str], message: str) -> None:
    code, _, said = ask(*arguments, *(["--set", "world.share=0.04"] if "--weeks" in arguments else SMALL))
    assert code == 2 and message in said and "Traceback" not in said
