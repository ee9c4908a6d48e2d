"""What a user is told: helpers of the tests of scenario files."""

from pathlib import Path

import pytest

from sim.errors import UserError
from sim.scenario import load


def problems(name: str, *overrides: str) -> list[str]:
    """What is wrong with a scenario, one sentence each; fails when nothing is."""
    with pytest.raises(UserError) as wrong:
        load(name, overrides=overrides)
    return [str(problem) for problem in wrong.value.problems]


def line_of(path: Path, text: str) -> int:
    """The line (from 1) in which a text stands, which must be only one."""
    found = [n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line]
    assert len(found) == 1, f"{text!r} stands in lines {found}"
    return found[0]
