"""Progress where there is no terminal: a line now and then, and nothing for what is over at once."""

import time

import pytest

from jobcenter import screen


def test_a_log_is_told_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with screen._line_a_minute("Runs", 120, every_seconds=0.02) as step:
        time.sleep(0.1)
        first = capsys.readouterr().err
        step(40)
        time.sleep(0.1)
    later = capsys.readouterr().err
    assert "Runs: 0 of 120 after 0 min; the model may be compiling" in first
    assert later.endswith("Runs: 40 of 120 after 0 min\n")
    time.sleep(0.05)
    assert capsys.readouterr().err == ""  # it is over


def test_what_is_over_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with screen.progress("Runs", 3) as step:
        step(3)
    assert capsys.readouterr().err == ""
