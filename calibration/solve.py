"""Effect coefficients from replays: the dose each informing study delivers, so that replaying it returns its contrast.

A coefficient is ln(contrast) x share / dose. Contrast and share are knowledge and are drawn; the dose belongs to the
replay and is what is solved: the coefficient is scaled by what the log hazard ratio still lacks, until it returns what
is asked. Ratios are means over paired worlds, from each person's own chance of a job (calibration/chances.py).
The whole replay must return the contrast: what the same meetings also do through trust, offers and corrections is part
of it, so that a package is one effect and nothing counts twice.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from calibration.estimators import estimate
from calibration.one_effect import check
from calibration.published import Experiment, read_all
from calibration.replay import replay
from calibration.verdict import target_log
from sim.errors import UserError
from sim.scenario import Scenario, load

# A change of caseworker first: what meetings do through trust depends on what trust does.
ORDER: Final = ("caseworker_change", "meetings_activityready", "meetings_jobready")
_STEPS: Final = 6
_CLOSE: Final = 0.01  # of the effect, in logs: near enough to stop
_SETTLED: Final = 0.05  # of the effect: farther away after the last step is no solution
_NO_EFFECT: Final = (
    0.02  # contrasts closer to 1 than this (log) cannot show a dose: the far end of the range does
)


@dataclass(frozen=True)
class Solved:
    """One effect with the dose its replay delivers."""

    effect: str
    experiment: str
    dose: float
    error: float  # half-width of its 95 % calculation error
    before: float
    target: float  # log hazard ratio asked for
    returned: float  # log hazard ratio of the replay with the dose solved
    other_channels: float  # of it, what comes through other channels (log hazard ratio with this one shut)
    seeds: int
    probe: (
        float  # contrast at which the dose was found: the effect's own, or the far end where that is nothing
    )

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def solvable() -> list[Experiment]:
    """Studies that give a coefficient, in the order in which they must be solved. Raises UserError if two give one."""
    found: dict[str, Experiment] = {}
    for one in read_all():
        if one.file.solves is None:
            continue
        effect = one.file.solves.effect
        if effect in found:
            raise UserError(
                f"{one.path}: '{effect}' is solved by {found[effect].name} already; a study is one effect"
            )
        found[effect] = one
    return [
        found[name]
        for name in sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else 99, name))
    ]


def with_effect(
    scenario: Scenario, name: str, contrast: float | None = None, dose: float | None = None
) -> Scenario:
    """The same scenario with another contrast or dose of one effect."""
    effect = scenario.effects[name]
    if contrast is not None:
        effect = effect.model_copy(
            update={"contrast": effect.contrast.model_copy(update={"value": contrast})}
        )
    if dose is not None:
        effect = effect.model_copy(update={"dose": effect.dose.model_copy(update={"value": dose})})
    return replace(scenario, effects={**scenario.effects, name: effect})


def solve_one(
    experiment: Experiment,
    seeds: Sequence[int],
    share: float | None = None,
    doses: dict[str, float] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Solved:
    """The dose with which one replay returns its contrast. doses: of effects solved before. Raises UserError."""
    from calibration.published import base_scenario

    solves = experiment.file.solves
    assert solves is not None
    name, outcome = solves.effect, experiment.file.outcomes[solves.outcome]
    known = dict(doses or {})
    base = base_scenario(experiment, share)
    effect = base.effects[name]
    own = effect.contrast.value
    nothing = abs(math.log(own)) < _NO_EFFECT
    probe = (
        max((effect.contrast.low, effect.contrast.high), key=lambda end: abs(math.log(end)))
        if nothing
        else own
    )
    replays = 0

    def log_ratio(contrast: float, dose: float) -> tuple[float, float]:
        nonlocal replays

        def change(scenario: Scenario) -> Scenario:
            for other, value in known.items():
                scenario = with_effect(scenario, other, dose=value)
            return with_effect(scenario, name, contrast, dose)

        found = replay(experiment, seeds, share, change)
        replays += 1
        if progress is not None:
            progress(replays)
        ratio = estimate(
            outcome, solves.outcome, experiment.file.design.by, found.sums, log=True, expected=True
        )
        return ratio.value, ratio.error

    others, _ = log_ratio(1.0, effect.dose.value)
    target = target_log(with_effect(base, name, probe), name) + (others if nothing else 0.0)
    if (target - others) * math.log(probe) <= 0:
        raise UserError(
            f"{experiment.name}: the other channels alone return {math.exp(others):.3f}, more than the"
            f" {math.exp(target):.3f} asked for; no dose of {effect.channel} can mend that"
        )
    inverse = 1.0 / effect.dose.value
    for step in range(_STEPS):
        value, error = log_ratio(probe, 1.0 / inverse)
        lacks, whole = abs(value - target), abs(target - others)
        if lacks <= max(_CLOSE * whole, 0.25 * error) or step == _STEPS - 1:
            break  # nearer than the runs can tell is near enough
        if (value - others) * (target - others) <= 0:
            raise UserError(
                f"{experiment.name}: the replay does not answer to the dose of {effect.channel}; use more --seeds"
            )
        inverse *= (target - others) / (value - others)
    if lacks > max(_SETTLED * whole, error):
        raise UserError(
            f"{experiment.name}: after {_STEPS} replays the dose has not settled (returned {math.exp(value):.3f}, asked"
            f" {math.exp(target):.3f}); use more --seeds or a larger --share"
        )
    slope = (value - others) / inverse
    dose = 1.0 / inverse
    return Solved(
        name, experiment.name, dose, dose * abs(error / (slope * inverse)), effect.dose.value, target, value, others,
        len(seeds), probe,
    )  # fmt: skip


def solve_all(
    seeds: Sequence[int], share: float | None = None, progress: Callable[[int], None] | None = None
) -> list[Solved]:
    """Every coefficient in order, each with the doses found before it."""
    check(read_all(), load("slagelse_2024"))
    out: list[Solved] = []
    for experiment in solvable():
        doses = {one.effect: one.dose for one in out}
        out.append(solve_one(experiment, seeds, share, doses, progress))
    return out


def lines(solved: Sequence[Solved]) -> list[str]:
    """What was solved, in words."""
    out = []
    for one in solved:
        at = "" if one.probe == 1.0 else f" (found at contrast {one.probe:g})"
        out.append(
            f"{one.effect}: dose {one.dose:.3g} ± {one.error:.2g} instead of {one.before:.3g}{at}; replaying"
            f" {one.experiment} returns {math.exp(one.returned):.3f}, asked {math.exp(one.target):.3f};"
            f" other channels alone {math.exp(one.other_channels):.3f}; {one.seeds} seeds"
        )
    return out


def write_effects(solved: Sequence[Solved]) -> Path:
    """Writes doses and status into behaviour/effects.yaml, every other line as it stands; says how each was found.

    Raises UserError where the file does not have the lines expected.
    """
    from sim.scenario.locate import find

    path = find("effects", "behaviour")
    text = path.read_text(encoding="utf-8")
    for one in solved:
        text = _with_dose(text, one, path)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _with_dose(text: str, one: Solved, path: Path) -> str:
    start = re.search(rf"^  {re.escape(one.effect)}:\n", text, re.M)
    if start is None:
        raise UserError(f"{path}: has no effect '{one.effect}'")
    following = re.search(r"^  \w+:\n", text[start.end() :], re.M)
    end = start.end() + following.start() if following else len(text)
    block = text[start.end() : end]
    note = (
        f"solved: replaying {one.experiment} on {one.seeds} seeds returns {math.exp(one.returned):.3f}"
        f" (asked {math.exp(one.target):.3f}); dose ± {one.error:.2g}; other channels alone"
        f" {math.exp(one.other_channels):.3f}"
    )
    block, doses = re.subn(r"(dose: \{value: )[^,]+", rf"\g<1>{one.dose:.4g}", block, count=1)
    block, statuses = re.subn(r"^    status: \w+$", "    status: solved", block, count=1, flags=re.M)
    block = re.sub(r"^    note: .*\n", "", block, flags=re.M).rstrip("\n") + f'\n    note: "{note}"\n'
    if doses != 1 or statuses != 1:
        raise UserError(
            f"{path}: '{one.effect}' needs one line 'dose: {{value: ...' and one line 'status: ...'"
        )
    return text[: start.end()] + block + text[end:]
