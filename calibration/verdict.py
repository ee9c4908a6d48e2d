"""Paper against model, one row per published number, and a verdict by a rule that is said beside it.

The rules are in `RULES`. A number that informed a parameter checks that the coding returns what went in; a number that
informed none tests the model. Whether a model without any effect would have passed too is said with every row.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from calibration.estimators import Found, Sums, doses, effect, estimate, jackknife
from calibration.published import Effect, Experiment, Outcome
from calibration.register_study import Met
from calibration.replay import Replica
from sim.scenario import Scenario

RULES: Final = {
    "returns": "a solved replay must return its contrast, worked out from each person's own chance of a job: within the"
    " calculation error or a tenth of the effect (in logs), where the contrast is nothing within 2 %; and jobs as"
    " counted must lie in the range explored for the contrast, give or take their calculation error",
    "interval": "the difference must be no more than 1.96 times the two standard errors together",
    "range": "the model, give or take its calculation error, must lie in the range of point estimates published",
    "value": "no error is known: the sign must be right and the size between half and one and a half times the"
    " published (give or take the calculation error, which may be a quarter of it at most)",
    "direction": "only the direction is known: the model must lie on that side of nothing by more than its calculation"
    " error",
    "pattern": "the dose is unknown: with all published effects scaled so that the first fits, the others must lie"
    " within 1.96 standard errors; the first must have the right sign",
    "beside": "a register study: the study's own estimator on the model's lives must come out as published (rule"
    " 'value')",
    "none": "not modelled",
}  # fmt: skip
AGREES, MISSES, UNDECIDED, NOT_MODELLED = "agrees", "misses", "too few runs", "not modelled"


@dataclass(frozen=True)
class Row:
    """One published number against the model."""

    experiment: str
    title: str
    outcome: str
    coverage: float  # share of a market treated; NaN where it does not apply
    unit: str
    ratio: bool
    weeks: int
    paper: float  # NaN where only a direction is known
    paper_low: float
    paper_high: float
    paper_words: str
    expected: float  # the part of the published effect that what is replayed can give
    model: float
    error: float  # half-width of the 95 % calculation error
    verdict: str
    rule: str
    role: str  # tests | checks the coding
    nothing_passes: bool  # a model without any effect would agree too
    evidence: str
    note: str
    true: float = math.nan  # register studies: what the model holds to be true
    at_nothing: float = math.nan  # and what their estimator finds when that is nothing
    at_nothing_error: float = math.nan


def role_of(experiment: Experiment) -> str:
    """Whether a study tests the model or, having informed a parameter, checks its coding."""
    return "checks the coding" if experiment.file.informs else "tests"


def rows_of(replica: Replica) -> list[Row]:
    """Every published number of a replayed study."""
    experiment, file = replica.experiment, replica.experiment.file
    by = file.design.by
    out = []
    coverages = file.design.coverage if by == "market" else (math.nan,)
    for at, coverage in enumerate(coverages):
        first: tuple[Outcome, Found] | None = None
        for name, outcome in file.outcomes.items():
            if outcome.arm == "untreated" and coverage == 1:
                continue  # nobody is left untreated
            logs = estimate(outcome, name, by, replica.sums, at, log=True)
            first = first or (outcome, logs)
            note = _deliver(replica, at)
            if file.solves is not None and file.solves.outcome == name:
                chance = estimate(outcome, name, by, replica.sums, at, log=True, expected=True)
                verdict = _returns(replica.scenario, file.solves.effect, chance, logs)
                note = f"by chances {math.exp(chance.value):.3f} ± {math.exp(chance.value) * chance.error:.3f}; {note}"
            else:
                verdict = _judge(experiment, outcome, logs, first)
            out.append(_row(experiment, name, outcome, coverage, logs, *verdict, note))
    return out + _ordering(replica) if len(coverages) > 1 else out


def _ordering(replica: Replica) -> list[Row]:
    """By market: the more are treated, the less each of them gains, and what is left for all of them together.

    Published is that the treated gain, the others lose and the net is small; so the gain at the largest share must be
    smaller than at the smallest.
    """
    experiment, coverages = replica.experiment, replica.experiment.file.design.coverage
    first, last = coverages.index(min(coverages)), coverages.index(max(coverages))
    rows = []
    for name, outcome in experiment.file.outcomes.items():
        direction = outcome.published.direction
        if outcome.arm != "treated" or direction not in ("positive", "negative"):
            continue

        def less(chosen: Sequence[Sums], name: str = name, outcome: Outcome = outcome) -> float:
            gains = [effect(outcome, "market", sum(one[name][at] for one in chosen)) for at in (first, last)]
            return gains[1] - gains[0]

        value, error = jackknife(less, replica.sums)
        logs = Found(value, error, len(replica.sums))
        wanted = "negative" if direction == "positive" else "positive"
        paper = outcome.published.model_copy(update={"direction": wanted, "note": "ordering by coverage"})
        judged = _by_direction(wanted, logs)
        told = outcome.model_copy(update={"published": paper})
        what = f"{name}, {coverages[last]:.0%} against {coverages[first]:.0%}"
        rows.append(_row(experiment, what, told, math.nan, logs, *judged, ""))
    return rows


def rows_of_register(experiment: Experiment, met: Met) -> list[Row]:
    """A register study: its estimator in the model, what is true there, and what is found when nothing is."""
    name, outcome = next(iter(experiment.file.outcomes.items()))
    logs = _log(met.naive)
    verdict, _, passes = _by_value(outcome, outcome.published, logs)
    note = (
        f"naive in the model {met.naive.value:.2f} ± {met.naive.error:.2f}, true in the model {met.true.value:.2f} ±"
        f" {met.true.error:.2f}, naive when the true effect is nothing {met.naive_at_nothing.value:.2f} ±"
        f" {met.naive_at_nothing.error:.2f}; {met.exposed:,} exposed"
    )
    row = _row(experiment, name, outcome, math.nan, logs, verdict, "beside", passes, note)
    more = {"true": met.true.value, "at_nothing": met.naive_at_nothing.value}
    return [Row(**{**asdict(row), **more, "at_nothing_error": met.naive_at_nothing.error})]


def rows_not_modelled(experiment: Experiment) -> list[Row]:
    """A study the model has no mechanism for: printed and counted, never left out."""
    nothing = Found(math.nan, math.nan, 0)
    note = f"{experiment.file.reason}; needs {experiment.file.needs}"
    return [
        _row(experiment, name, outcome, math.nan, nothing, NOT_MODELLED, "none", False, note)
        for name, outcome in experiment.file.outcomes.items()
    ]


def _log(found: Found) -> Found:
    return Found(math.log(found.value), found.error / found.value, found.seeds)


def _deliver(replica: Replica, at: int) -> str:
    """What reached the treated, in words."""
    found = doses(replica.experiment.file.design.by, replica.sums, at)
    return (
        f"delivered: {found['meetings'].value:+.1f} meetings, {found['contact'].value:+.2f} contact dose,"
        f" {found['trust'].value:+.2f} trust"
    )


def _row(
    experiment: Experiment, name: str, outcome: Outcome, coverage: float, logs: Found, verdict: str, rule: str,
    passes: bool, note: str,
) -> Row:  # fmt: skip
    paper = outcome.published
    model = (
        Found(math.exp(logs.value), math.exp(logs.value) * logs.error, logs.seeds)
        if outcome.is_ratio
        else logs
    )
    low, high = interval(outcome)
    nan = math.nan
    expected = nan if paper.value is None else _plain(outcome, _expected(outcome, paper.value))
    return Row(
        experiment.name, experiment.file.title, name, coverage, outcome.unit, outcome.is_ratio, outcome.weeks,
        nan if paper.value is None else paper.value, low, high, words(outcome), expected, model.value, model.error,
        verdict, rule, role_of(experiment), passes, " ".join(paper.evidence),
        "; ".join(part for part in (note, paper.note) if part),
    )  # fmt: skip


def interval(outcome: Outcome) -> tuple[float, float]:
    """95 % interval of the published number, or the range of point estimates; NaN where none is known."""
    paper = outcome.published
    if paper.low is not None and paper.high is not None:
        return paper.low, paper.high
    if paper.value is not None and paper.standard_error is not None:
        return paper.value - 1.96 * paper.standard_error, paper.value + 1.96 * paper.standard_error
    return math.nan, math.nan


def words(outcome: Outcome) -> str:
    """The published number as it is printed."""
    paper = outcome.published
    low, high = interval(outcome)
    digits = 2 if outcome.is_ratio else (1 if outcome.unit == "% points" else 0)
    sign = "" if outcome.is_ratio else "+"
    spread = "" if math.isnan(low) else f"{low:{sign}.{digits}f} to {high:{sign}.{digits}f}"
    if paper.value is None:
        return " ".join(part for part in (paper.direction or "", f"({spread})" if spread else "") if part)
    text = f"{paper.value:{sign}.{digits}f}"
    if spread:
        text += f" ({spread}{', point estimates' if paper.range_is == 'point_estimates' else ''})"
    return text


# ---- rules: everything in logs for ratios, as it is for differences -----------------------------------------------


def _scale(outcome: Outcome, value: float) -> float:
    return math.log(value) if outcome.is_ratio else value


def _plain(outcome: Outcome, value: float) -> float:
    return math.exp(value) if outcome.is_ratio else value


def _expected(outcome: Outcome, value: float) -> float:
    """The part of a published effect that what is replayed can give."""
    return _scale(outcome, value) * outcome.share_of_effect


def _judge(
    experiment: Experiment, outcome: Outcome, model: Found, first: tuple[Outcome, Found]
) -> tuple[str, str, bool]:
    """(verdict, rule, whether a model without effect would pass)."""
    file, paper = experiment.file, outcome.published
    if paper.direction in ("positive", "negative"):
        return _by_direction(paper.direction, model)
    if file.dose == "unknown" and paper.value is not None:
        return _by_pattern(outcome, model, first)
    if paper.standard_error is not None or (paper.low is not None and paper.range_is == "interval"):
        return _by_interval(outcome, paper, model)
    if paper.low is not None:
        return _by_range(outcome, paper, model)
    return _by_value(outcome, paper, model)


def target_log(world: Scenario, effect: str) -> float:
    """What a solved replay must return, log: the contrast's part that is not the share of channels no lever gives."""
    found = world.effects[effect]
    return math.log(found.contrast.value) * found.channel_share.value


def _returns(world: Scenario, effect_name: str, chance: Found, counted: Found) -> tuple[str, str, bool]:
    target = target_log(world, effect_name)
    room = max(chance.error, 0.1 * abs(target) if target else 0.02)
    if target and chance.error > abs(target):
        return UNDECIDED, "returns", False
    known = world.effects[effect_name]
    ends = (math.log(end) * known.channel_share.value for end in (known.contrast.low, known.contrast.high))
    low, high = sorted(ends)
    inside = low - counted.error <= counted.value <= high + counted.error
    agrees = inside and abs(chance.value - target) <= room
    return (AGREES if agrees else MISSES), "returns", abs(target) <= room


def _by_direction(direction: str, model: Found) -> tuple[str, str, bool]:
    side = model.value if direction == "positive" else -model.value
    if math.isnan(model.value):
        return UNDECIDED, "direction", False
    if abs(model.value) <= model.error:
        return UNDECIDED, "direction", False
    return (AGREES if side > 0 else MISSES), "direction", False


def _by_interval(outcome: Outcome, paper: Effect, model: Found) -> tuple[str, str, bool]:
    low, high = (_scale(outcome, end) for end in interval(outcome))
    error = (high - low) / 2 / 1.96 * outcome.share_of_effect
    middle = _expected(outcome, paper.value) if paper.value is not None else (low + high) / 2
    within = 1.96 * math.hypot(error, model.standard_error)
    return _with_runs(
        abs(model.value - middle) <= within, "interval", abs(middle) <= 1.96 * error, model, within
    )


def _by_range(outcome: Outcome, paper: Effect, model: Found) -> tuple[str, str, bool]:
    assert paper.low is not None and paper.high is not None
    low, high = sorted(_expected(outcome, end) for end in (paper.low, paper.high))
    inside = low - model.error <= model.value <= high + model.error
    return _with_runs(inside, "range", low <= 0 <= high, model, (high - low) / 2)


def _by_value(outcome: Outcome, paper: Effect, model: Found) -> tuple[str, str, bool]:
    assert paper.value is not None
    target = _expected(outcome, paper.value)
    inside = abs(model.value - target) <= 0.5 * abs(target) + model.error
    return _with_runs(inside, "value", False, model, 0.25 * abs(target))


def _by_pattern(outcome: Outcome, model: Found, first: tuple[Outcome, Found]) -> tuple[str, str, bool]:
    leader, found = first
    assert outcome.published.value is not None and leader.published.value is not None
    lead = _expected(leader, leader.published.value)
    if found.value * lead <= 0:
        return (MISSES if abs(found.value) > found.error else UNDECIDED), "pattern", False
    if outcome is leader:
        return (AGREES if abs(found.value) > found.error else UNDECIDED), "pattern", False
    factor = found.value / lead
    expected = _expected(outcome, outcome.published.value) * factor
    own = (outcome.published.standard_error or 0.0) * factor
    of_factor = expected * math.hypot(
        found.standard_error / found.value, (leader.published.standard_error or 0.0) / lead
    )
    within = 1.96 * math.hypot(math.hypot(own, of_factor), model.standard_error)
    return _with_runs(
        abs(model.value - expected) <= within,
        "pattern",
        abs(expected) <= 1.96 * math.hypot(own, of_factor),
        model,
        within,
    )


def _with_runs(inside: bool, rule: str, nothing: bool, model: Found, room: float) -> tuple[str, str, bool]:
    """Agreement that comes from a calculation error as wide as the room allowed is no agreement."""
    if math.isnan(model.value) or (inside and model.error > room):
        return UNDECIDED, rule, nothing
    return (AGREES if inside else MISSES), rule, nothing


# ---- counts ---------------------------------------------------------------------------------------------------------


def counts(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Rows by role and verdict; what is not modelled is counted by itself."""
    out: dict[str, dict[str, int]] = {}
    for row in rows:
        role = NOT_MODELLED if row.verdict == NOT_MODELLED else row.role
        per = out.setdefault(role, {})
        per[row.verdict] = per.get(row.verdict, 0) + 1
    return out


def sentences(rows: Sequence[Row]) -> Iterator[str]:
    """The counts in words."""
    found = counts(rows)
    for role, subject in (
        ("tests", "that informed no parameter"),
        ("checks the coding", "that informed a parameter"),
    ):
        per = found.get(role, {})
        n = sum(per.values())
        if n:
            words = {AGREES: "agree", MISSES: "miss", UNDECIDED: "had too few runs"}
            told = ", ".join(f"{per[v]} {word}" for v, word in words.items() if per.get(v))
            easy = sum(row.role == role and row.verdict == AGREES and row.nothing_passes for row in rows)
            hint = f"; {easy} of the agreeing would agree with a model without any effect too" if easy else ""
            yield f"{n} published numbers {subject}: {told}{hint}."
    if NOT_MODELLED in found:
        names = sorted({row.experiment for row in rows if row.verdict == NOT_MODELLED})
        n = sum(found[NOT_MODELLED].values())
        yield f"{n} published numbers of studies that are not modelled: {', '.join(names)}."


def as_json(row: Row) -> dict[str, Any]:
    """A row with nulls where a number is not known."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(row).items()
    }
