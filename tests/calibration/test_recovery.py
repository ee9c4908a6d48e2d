"""Recovery in small: worlds with known levels, and intervals that must hold them about as often as they say."""

from dataclasses import replace
from pathlib import Path

import pytest

from calibration.recovery import Trials, coverage, recover, recovery_lines
from calibration.target_file import load_targets
from experiments.store import Store

NAMES = ("events.job_loss", "events.job_to_sickness", "search.dagpenge")
SMALL = Trials(repetitions=8, luck=24, points=(64,), steps=300)


def test_intervals_hold_what_was_put_in(tmp_path: Path) -> None:
    targets = load_targets("slagelse_2024", ("world.share=0.03",))
    wanted = ("dagpenge", "sygedagpenge", "dagpenge_mean_spell", "dagpenge_longer_than_13", "sick_weeks_9_13")
    targets = replace(
        targets,
        scenario=targets.scenario.for_weeks(90),
        window=slice(26, 90),
        targets=tuple(target for target in targets.targets if target.name in wanted),
    )
    store = Store.create_or_open(tmp_path / "store")
    with store.writing():
        frame = recover(targets, store, SMALL, NAMES, lambda _: None, lambda _: None, workers=2)
    assert len(frame) == 24
    # Of 24 right intervals of 90 % fewer than 17 hold the truth once in 500 times.
    assert 17 / 24 <= coverage(frame, 90) <= 1.0
    assert 6 / 24 <= coverage(frame, 50) <= 19 / 24
    assert (frame["sd"] < 0.95 * frame["prior_sd"]).mean() > 0.5  # the targets told something
    assert "24 intervals" in recovery_lines(frame, targets)[0]
    halved = frame.assign(in_90=((frame["truth"] - frame["mean"]).abs() < 0.2 * frame["sd"]))
    assert coverage(halved, 90) < 17 / 24  # the test can fail


@pytest.mark.slow
def test_the_declared_recovery(tmp_path: Path) -> None:
    from calibration.recovery import FULL, LEVELS, SHARE, WANTED_90, WEEKS

    targets = load_targets("slagelse_2024", (f"world.share={SHARE:g}",))
    targets = replace(targets, scenario=targets.scenario.for_weeks(WEEKS), window=slice(52, WEEKS))
    store = Store.create_or_open(tmp_path / "store")
    with store.writing():
        frame = recover(targets, store, FULL, LEVELS, lambda _: None, lambda _: None)
    assert frame["repetition"].nunique() >= 20
    assert WANTED_90[0] <= coverage(frame, 90) <= WANTED_90[1]
