"""A municipality's own shares by refusion step start the clocks: exactly so many, nobody else touched, and no trace
where none are given."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.codes import BENEFITS, FIRST_BENEFIT, FLEKSJOB, FOERTIDSPENSION
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.citizens import LEGACY_AWARD
from sim.population.clock_at_start import set_clocks
from sim.population.history import snapshot_key, starting_state
from sim.scenario import Scenario, load
from sim.scenario.locate import packaged
from sim.scenario.municipality import CLOCK_BANDS

GIVEN = {
    "dagpenge": {"1-4": 0.2, "5-26": 0.5, "27-52": 0.2, "53+": 0.1},
    "kontanthjaelp_activityready": {"27-52": 0.3, "53+": 0.7},
    "fleksjob": {"5-26": 0.25, "53+": 0.75},
}


@pytest.fixture(scope="module")
def town() -> Scenario:
    return load("baseline", overrides=["world.share=0.04", "weeks=20"])


def with_clocks(scenario: Scenario, given: dict[str, dict[str, float]]) -> Scenario:
    return replace(scenario, municipality=scenario.municipality.model_copy(update={"clock_at_start": given}))


def test_shares_at_the_start_are_those_given(town: Scenario) -> None:
    plain, state = (starting_state(s, 3) for s in (town, with_clocks(town, GIVEN)))
    assert np.array_equal(plain["id"], state["id"])
    moved = np.zeros(state["id"].size, bool)
    bands = list(CLOCK_BANDS.values())
    for benefit, shares in GIVEN.items():
        b = BENEFITS.index(benefit)
        mine = state["status"] == FIRST_BENEFIT + b
        if b in (FOERTIDSPENSION, FLEKSJOB):
            mine &= (state["flags"] & LEGACY_AWARD) == 0
        first_paid = state["clock_n"][mine].astype(int) + 1
        n = first_paid.size
        assert n > 8
        for band, low, after in zip(CLOCK_BANDS, bands, [*bands[1:], 40_000], strict=True):
            found = int(((first_paid >= low) & (first_paid < after)).sum())
            assert abs(found - shares.get(band, 0.0) * n) <= 1.0, (benefit, band)
        before = plain["clock_n"][mine].astype(int) + 1
        order = np.lexsort((first_paid, before))
        assert (np.diff(first_paid[order]) >= 0).all()  # nobody overtakes
        moved |= mine
    for name, values in plain.columns.items():
        if name == "clock_n":
            assert np.array_equal(values[~moved], state[name][~moved])
            assert not np.array_equal(values[moved], state[name][moved])
        else:
            assert np.array_equal(values, state[name]), name


def test_a_clock_moves_only_as_far_as_into_its_step(town: Scenario) -> None:
    state = starting_state(town, 3).copy()
    dagpenge = state["status"] == FIRST_BENEFIT + BENEFITS.index("dagpenge")
    first_paid = state["clock_n"][dagpenge].astype(int) + 1
    bands = [*CLOCK_BANDS.values(), 40_000]
    counted = np.histogram(first_paid, bands)[0] / first_paid.size
    own = dict(zip(CLOCK_BANDS, map(float, counted), strict=True))
    before = state["clock_n"].copy()
    set_clocks(state, with_clocks(town, {"dagpenge": own}))
    assert np.array_equal(before, state["clock_n"])  # they stand there already
    set_clocks(state, with_clocks(town, {"dagpenge": {"5-26": 1.0}}))
    assert np.array_equal(state["clock_n"][dagpenge], np.clip(before[dagpenge], 4, 25))


def test_without_it_nothing_changes(town: Scenario) -> None:
    """The key of the start, and the rows of twenty weeks, bit for bit."""
    assert "clock_at_start" not in str(town.municipality.model_dump())
    assert snapshot_key(town, 3) != snapshot_key(with_clocks(town, GIVEN), 3)
    rows: list[np.ndarray] = []
    none: dict[str, dict[str, float]] = {}
    for own in (None, none):
        state = starting_state(town, 3, use_cache=False).copy()
        if own is not None:
            set_clocks(state, with_clocks(town, own))
        rows.append(JobcenterModel(town, 3, state=state).run(20).result().rows)
    assert np.array_equal(rows[0], rows[1])
    given = JobcenterModel(with_clocks(town, GIVEN), 3).run(20).result().rows
    assert not np.array_equal(given, rows[0])


@pytest.mark.parametrize("line, said", [
    ("dagpenge: {1-4: 0.5, 53+: 0.4}", "add up to 0.900"),
    ("dagpenge: {1-5: 1}", "unknown name '1-5'. allowed: 1-4, 5-26"),
    ("dagpnge: {1-4: 1}", "did you mean 'dagpenge'"),
    ("dagpenge: {1-4: 1.5}", "1-4"),
])  # fmt: skip
def test_wrong_shares_name_their_line(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (packaged() / "municipalities" / "slagelse.yaml").read_text(encoding="utf-8")
    (tmp_path / "scenarios" / "municipalities").mkdir(parents=True)
    (tmp_path / "scenarios" / "municipalities" / "byen.yaml").write_text(
        f"{text}\nclock_at_start:\n  {line}\n"
    )
    (tmp_path / "mine.yaml").write_text("question: x\nextends: baseline\nmunicipality: byen\n")
    with pytest.raises(UserError) as wrong:
        load("mine.yaml")
    assert said in str(wrong.value)
    last = len(text.splitlines()) + 3
    assert f"byen.yaml:{last}:" in str(wrong.value)
