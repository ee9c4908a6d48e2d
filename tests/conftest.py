"""Shared by all tests: which optional tests were left out is counted and said at the end of every run."""

import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

_left_out: Counter[str] = Counter()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs_program"):
        (name,) = mark.args
        if shutil.which(name) is None:
            pytest.skip(f"the program {name} is not installed")


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Counts tests that -m or -k left out; every worker sees the same collection."""
    for item in items:
        slow = item.get_closest_marker("slow") is not None
        _left_out["slow: run by `make test-slow`" if slow else "not chosen by -k, -m or --deselect"] += 1


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    if hasattr(
        session.config, "workeroutput"
    ):  # in a worker of pytest-xdist: hand the counts to the terminal's process
        session.config.workeroutput["left_out"] = dict(_left_out)
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    _left_out.update(
        {k: n for k, n in getattr(node, "workeroutput", {}).get("left_out", {}).items() if k not in _left_out}
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(_left_out)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not run: {count} test{'s' if count > 1 else ''} ({reason})")
