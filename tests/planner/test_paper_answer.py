"""What the sentences of a committee paper say of given effects: signs, cuts, ceilings, whole years; nothing lived."""

import math
import re
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from experiments.bounds import Bound
from experiments.draws import ranges
from experiments.equal_budget import whole_years
from experiments.four_spreads import Spreads
from experiments.splits import ExitSplit
from experiments.stored import NET, Stored
from jobcenter.planner import soem
from jobcenter.planner.paper import Page
from jobcenter.planner.paper_answer import assumption, would_change
from jobcenter.planner.words import Words, read_words
from sim.records.outcomes import Key
from sim.scenario import load

NAMES = ["early_intervention", "extra_caseworkers"]
NEAR = Spreads(0.3, 0.5, (0.1, 0.4), None, 1.0, 12, 10, 0.3)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    """A finished batch of 209 weeks from 2027 as a paper asks for it, its numbers typed and not lived."""
    base, *others = (load(name).for_weeks(209) for name in ("baseline", *NAMES))
    monkeypatch.setattr(Page, "money", lambda *a, **k: math.nan)
    monkeypatch.setattr(Page, "lines", lambda *a: [])

    def level(key: Key) -> float:
        whole = key.year == "all" or int(key.year) in whole_years(base)
        return 100.0 if key.outcome == "full_time_persons" else 1e6 if whole else 2e4

    made: Any = SimpleNamespace(
        base=base, others=others, names=NAMES, years=[2027, 2028, 2029, 2030, 2031], weeks=209, horizon_years=4.0,
        draw_of=lambda: np.arange(10), effect=lambda *a, **k: NEAR, level=level, known=lambda key: True,
        split=lambda name: None, bound=lambda name: None, pairs={"": []}, luck_share=lambda name: 0.0,
        experiment=SimpleNamespace(worlds={"": ()}, name="two"),
    )  # fmt: skip
    return cast(Stored, made)


@pytest.mark.parametrize("mean", [-2.3e6, -0.4, 0.0, 0.4, 2.3e6])
@pytest.mark.parametrize("language", ["da", "en"])
def test_what_is_stated_lies_inside_its_interval(
    stored: Stored, monkeypatch: pytest.MonkeyPatch, mean: float, language: str
) -> None:
    """What is saved, or fewer, is told with the interval of what is saved, or fewer; with the wide end on its side."""
    near = Spreads(mean, 0.5, (mean - 1.7e6, mean + 0.6e6), None, 1.0, 12, 10, 0.3)
    monkeypatch.setattr(stored, "effect", lambda *a, scale=1.0, **k: near)
    page = Page(stored, Words(language))
    said = page.sentence(page.strategies[0]).replace("\u2212", "-")
    number = r"([-+]?[\d.,]+)"
    to = {"da": "til", "en": "to"}[language]
    ends = re.findall(rf"80 %: {number} {to} {number}", said)
    assert len(ends) == 2

    def read(text: str) -> float:
        thousands, point = (".", ",") if language == "da" else (",", ".")
        return float(text.replace(thousands, "").replace(point, "."))

    (low, high), (fewest, most) = ([read(end) for end in pair] for pair in ends)
    assert low < high and fewest < most
    for unit, (a, b) in ((1e6, (low, high)), (1.0, (fewest, most))):
        stated = abs(mean) / unit
        assert a <= round(stated, 1) <= b
        if abs(mean) > 1.0:  # the wide end is that of cheaper and fewer
            assert (b - stated > stated - a) == (mean < 0)


def test_a_cut_is_told_as_one(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six posts less save 4 mio. and cost 1 on benefits: it comes out even if that becomes four times as much."""
    page, name = Page(stored, Words("en")), Page(stored, Words("en")).strategies[0]

    def effects(spent: float, net: float) -> None:
        of = {"gross_operating_spending": spent, NET.outcome: net}
        monkeypatch.setattr(
            stored,
            "effect",
            lambda name, key, *a, **k: Spreads(of[key.outcome], 0.5, None, None, 1.0, 12, 10, 0.3),
        )

    effects(-4e6, -3e6)
    assert would_change(page, name).startswith("Operation is cut: it comes out even if what the cut costs")
    assert "becomes 4.0 times" in would_change(page, name)
    effects(-4e6, -5e6)
    assert would_change(page, name).startswith("Operation is cut, and no cost on other accounts was computed")
    effects(4e6, 3e6)
    assert would_change(page, name).startswith("Pays for itself if the saving becomes at least 4.0 times")


def test_posts_of_an_idle_team_are_warned_of_in_the_papers_language(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(stored, Words("da"))
    monkeypatch.setattr("jobcenter.planner.paper.idle_teams", lambda scenario, used: {"young": 0.55})
    said = " ".join(page.warnings("extra_caseworkers"))
    assert "flytter stillinger i team, der har timer til overs (brugt: unge 55 %)" in said


def test_the_bound_stands_beside_the_gain_and_the_share_neither_in_the_answer(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(stored, Words("da"))
    monkeypatch.setattr(stored, "bound", lambda name: Bound("x", 100.0, 1.5e6, "EV003"))
    row = next(row for row in page.certainty().rows if row[0].startswith("Sparet på ydelser"))
    for name, cell in zip(page.strategies, row[1:], strict=True):
        assert cell.endswith(" / 1.500") == (page.scenario[name].evidence_class == "A")
    split = ExitSplit(10.0, {"job": 6.0, "ordinary education": 0.0, "other benefit": 0.0, "neither": 4.0})
    monkeypatch.setattr(stored, "split", lambda name: split)
    assert "40 % af de sparede ydelsesuger gik hverken til job" in page.sentence(page.strategies[0])


def test_a_year_cut_short_is_neither_shown_nor_priced(stored: Stored) -> None:
    """209 weeks from 2027: four whole years, and a week of a fifth that would be priced at a fiftieth."""
    assert stored.years[-1] not in whole_years(stored.base)
    page = Page(stored, Words("da"))
    assert page.years == whole_years(stored.base) and page.cut == [stored.years[-1]]
    assert f"Beregningen slutter midt i {page.cut[0]}" in page.frames().note
    found = soem.rows(stored)
    assert {row[3] for row in found} == set(page.years)
    prices = {row[3]: row[9] for row in found if row[1] == "foertidspension" and row[11] == "municipality"}
    assert max(prices.values()) < 1.2 * min(prices.values())


@pytest.mark.parametrize(("language", "said", "beyond"), [
    ("da", "Alle sparede ydelsesuger gik til job", "årsgennemsnit for 2027–2031; ikke i kolonnerne her: 2031."),
    ("en", "All saved benefit weeks went to work", "mean over 2027–2031; not in these columns: 2031."),
])  # fmt: skip
def test_saved_weeks_are_told_positively_and_the_year_no_column_holds_is_named(
    stored: Stored, monkeypatch: pytest.MonkeyPatch, language: str, said: str, beyond: str
) -> None:
    """The headline is a mean of the whole horizon, the table ends with budget year + 3."""
    page = Page(stored, Words(language))
    split = ExitSplit(10.0, {"job": 12.0, "ordinary education": 0.0, "other benefit": 0.0, "neither": -2.0})
    monkeypatch.setattr(stored, "split", lambda name: split)
    assert said in page.sentence(page.strategies[0])
    assert beyond not in page.frames().note
    monkeypatch.setattr(page, "cut", [])  # five whole years
    assert beyond in page.frames().note


def test_every_assumption_a_paper_can_name_has_words(stored: Stored) -> None:
    for language in ("da", "en"):
        known = read_words(language)
        assert [name for name in ranges(stored.base) if f"assumption.{name}" not in known] == []
    page = Page(stored, Words("da"))
    page.say._words = {}  # a parameter nobody has given words to: as its own file explains it
    assert assumption(page, "trust.at_entry") == "»trust when a case is opened«"
    assert assumption(page, "effects.of_mine") == "effects.of mine"
