"""What the commands that simulate print: numbers in their unit, tables of plain text, a progress bar on terminals."""

import math
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

from sim.calendar import iso
from sim.scenario import Scenario

MIO = 1e6
LINE_EVERY_SECONDS: Final = 60.0


def number(value: float, unit: str) -> str:
    """A value in the unit it is printed in: shares in percent, kroner in millions. NaN is a dash."""
    if math.isnan(value):
        return "-"
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "kr.":
        return f"{value / MIO:,.1f}"
    if unit == "changes per citizen-year":
        return f"{value:.3f}" if 0.0 < abs(value) < 0.01 else f"{value:.2f}"
    if unit == "0-1":
        return f"{value:.2f}"
    if unit in ("weeks", "FTE"):
        return f"{value:,.1f}"
    return f"{value:,.0f}"


def signed(value: float, error: float, unit: str) -> str:
    """A difference with its calculation error: '+12.3 ± 1.4', in the unit of `number`; exactly nothing is '0'."""
    if math.isnan(value):
        return "-"
    if value == 0 and (error == 0 or math.isnan(error)):
        return "0"
    scale, digits = {
        "share": (100.0, 2),
        "kr.": (1.0 / MIO, 2),
        "changes per citizen-year": (1.0, 3),
        "0-1": (1.0, 3),
        "weeks": (1.0, 2),
        "FTE": (1.0, 2),
    }.get(unit, (1.0, 1))
    text = f"{value * scale:+,.{digits}f}"
    return text if math.isnan(error) else f"{text} ± {error * scale:,.{digits}f}"


def unit_words(unit: str) -> str:
    """How a unit is called where its numbers were printed by `signed`."""
    return {"share": "% points", "kr.": "mio. kr.", "full-time persons": "persons"}.get(unit, unit)


def columns(rows: Sequence[Sequence[str]], left: int = 1, gap: str = "  ") -> Iterator[str]:
    """Rows as lines of aligned text; the first `left` columns flush left, numbers flush right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = (
            f"{cell:<{w}}" if k < left else f"{cell:>{w}}"
            for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        yield gap.join(cells).rstrip()


def heading(scenario: Scenario, weeks: int) -> str:
    """Which scenario from which file, over which weeks, and what part of the municipality."""
    last = scenario.start_week + weeks - 1
    part = "" if scenario.world.share == 1 else f", {scenario.world.share:g} of the municipality simulated"
    own = scenario.files_used[len(scenario.parents)] if scenario.files_used else scenario.name
    return (
        f"{scenario.name} ({own}): {scenario.municipality.name}, {iso(scenario.start_week)} to {iso(last)}"
        f" ({weeks} weeks){part}"
    )


def command_line(*words: str | None, **options: Any) -> str:
    """The command that repeats a result. Options that are None, False or empty are left out; lists are repeated."""
    out = ["jobcenter", *(word for word in words if word is not None)]
    for name, value in options.items():
        flag = f"--{name.rstrip('_').replace('_', '-')}"
        if value is True:
            out.append(flag)
        elif value not in (None, False) and value != []:
            for one in value if isinstance(value, list) else [value]:
                out += [flag, str(one)]
    return shlex.join(out)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal's error stream; where there is none, a line a minute. Called with how much is done."""
    if not sys.stderr.isatty():
        with _line_a_minute(what, total) as step:
            yield step
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=total or None)  # how many there will be may not be known
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _line_a_minute(
    what: str, total: int, every_seconds: float = LINE_EVERY_SECONDS
) -> Iterator[Callable[[int], None]]:
    """What is done, on the error stream, for a log that somebody waits at; nothing when it is over sooner."""
    done, over, begun = [0], Event(), monotonic()

    def say() -> None:
        while not over.wait(every_seconds):
            of = f" of {total}" if total else ""
            nothing = "; the model may be compiling for this machine, once" if not done[0] else ""
            minutes = (monotonic() - begun) / 60.0
            print(f"{what}: {done[0]}{of} after {minutes:.0f} min{nothing}", file=sys.stderr, flush=True)

    speaker = Thread(target=say, daemon=True)
    speaker.start()
    try:
        yield lambda now: done.__setitem__(0, now)
    finally:
        over.set()
        speaker.join()


def json_number(value: float) -> float | None:
    """A number JSON can hold: what is not known is null."""
    return None if math.isnan(value) or math.isinf(value) else value
