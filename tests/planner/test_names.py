"""Strategies and contexts that come along have a short name in both languages: a paper calls none by its question."""

from pathlib import Path

import pytest

from jobcenter.planner.words import Words
from sim.scenario import load

ROOT = Path(__file__).parents[2]
OPTIONS = [
    path.stem
    for path in sorted((ROOT / "scenarios").glob("*.yaml"))
    if "slagelse_2024" not in (scenario := load(path)).parents and scenario.kind != "baseline"
]


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_option_that_comes_along_has_a_short_name(language: str) -> None:
    say = Words(language)
    long = {name: say.option(name, "A QUESTION") for name in OPTIONS}
    assert len(OPTIONS) > 40
    assert not [name for name, said in long.items() if "A QUESTION" in said or len(said) > 48]
    assert say.option("my_own", "A QUESTION").strip("»«“”\"'") == "A QUESTION"
