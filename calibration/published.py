"""Published experiments as files: who was studied, what they got, how it was compared, and what came out.

One file per study in `experiments_published`; a user's own file is read the same way. Every problem is told with file
and line. docs/replicas.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from sim.codes import BENEFITS, STATUSES
from sim.errors import UserError
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.scalars import Frozen, OneOf, Share, Weeks
from sim.scenario.validate import Checker

FOLDER: Final = Path(__file__).parent / "experiments_published"
# How the compared groups came about. Lots per person; whole offices, each lived with and without the treatment; local
# labour markets of which different shares are treated; or no lots at all: a register in which things happen to people.
BY: Final = ("person", "office", "market", "register")
DOSES: Final = ("known", "partly", "unknown")
DIRECTIONS: Final = ("positive", "negative", "zero")
ESTIMATORS: Final = ("caseworker_change", "caseworker_belief", "placement")
# What a study counts, with its unit, and whether effects are ratios.
MEASURES: Final = {
    "hazard_ratio": ("factor on the weekly chance", True),
    "chance_ratio": ("factor on the chance", True),
    "share_by": ("% points", False),
    "share_at": ("% points", False),
    "days": ("days", False),
    "duration_ratio": ("factor on the length of the spell", True),
    "duration_days": ("days", False),
}
# Where people can be, in the words of studies; single statuses of the model work too.
PLACES: Final = {
    "any_job": ("job", "subsidised_job"),
    "out_of_labour_force": ("outside", "on_leave", "education", "foertidspension", "sygedagpenge"),
    "unemployed": ("dagpenge", "kontanthjaelp_jobready", "subsidised_job"),
    "self_support": ("job", "education", "outside", "on_leave"),
    "off_benefit": ("job", "education", "outside", "on_leave", "subsidised_job"),
}
Place = Annotated[str, OneOf((*STATUSES, *PLACES))]


class Population(Frozen):
    """Who took part."""

    groups: tuple[Annotated[str, OneOf(BENEFITS)], ...] = Field(min_length=1)
    intake: Annotated[str, OneOf(("new_spells", "everybody"))] = "new_spells"
    start_after_weeks: Weeks = Field(9, ge=0, le=260, description="weeks lived before enrolment begins")
    enrol_weeks: Weeks = Field(13, ge=1, le=104)
    spell_weeks_at_least: Weeks = Field(0, ge=0, le=520)
    age_at_least: int = Field(16, ge=16, le=67)
    age_below: int = Field(99, ge=17, le=99)


class Treatment(Frozen):
    """What the treated got, as doses in the model's terms."""

    meaning: str
    levers: dict[str, Any] = {}
    mentor_weeks: Weeks = Field(0, ge=0, le=104, description="a mentor for so long, from enrolment")
    meetings_lost: int = Field(0, ge=0, le=1, description="1: the first meeting after enrolment falls out")
    caseworker_changes: int = Field(0, ge=0, le=1, description="1: a new caseworker at enrolment")


class Design(Frozen):
    """How groups are compared."""

    by: Annotated[str, OneOf(BY)]
    treated_share: Share = 0.5
    coverage: tuple[Share, ...] = Field((), description="by market: shares of a market's people treated")
    estimator: Annotated[str, OneOf(ESTIMATORS)] | None = None
    placement_kind: Annotated[str, OneOf(("placement_private", "placement_public", "course"))] = (
        "placement_private"
    )


class Effect(Frozen):
    """The published number: a value with what is known of its error, or only a direction."""

    value: float | None = None
    standard_error: float | None = Field(None, gt=0)
    low: float | None = Field(None, description="95 % interval, or the range named in `range_is`")
    high: float | None = None
    range_is: Annotated[str, OneOf(("interval", "point_estimates"))] = "interval"
    direction: Annotated[str, OneOf(DIRECTIONS)] | None = None
    evidence: tuple[str, ...] = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.value is None and self.direction is None and self.low is None:
            raise ValueError("give a 'value', a range 'low' to 'high', or a 'direction'")
        if (self.low is None) != (self.high is None):
            raise ValueError("give both 'low' and 'high'")
        return self


class Outcome(Frozen):
    """One thing a study reports."""

    measure: Annotated[str, OneOf(tuple(MEASURES))]
    into: tuple[Place, ...] = ("job",)
    weeks: Weeks = Field(ge=1, le=260)
    share_of_effect: Share = Field(
        1.0, description="part of the published effect that what is replayed can give"
    )
    published: Effect
    per_meeting: bool = False
    arm: Annotated[str, OneOf(("treated", "untreated"))] = "treated"

    @property
    def unit(self) -> str:
        """Unit of the effect."""
        return MEASURES[self.measure][0]

    @property
    def is_ratio(self) -> bool:
        """Whether 1 means no effect."""
        return MEASURES[self.measure][1]

    @property
    def statuses(self) -> tuple[int, ...]:
        """Codes of `into`."""
        names = [name for place in self.into for name in PLACES.get(place, (place,))]
        return tuple(STATUSES.index(name) for name in names)


class Solves(Frozen):
    """The coefficient that is set so that this replay returns its contrast."""

    effect: str
    outcome: str


class PublishedFile(Frozen):
    """One study as it is written."""

    schema_number: Literal[1, "1"] = Field(1, alias="schema")
    title: str
    package: str = Field(description="studies of one programme share this name; their effects are one effect")
    source: str
    status: Annotated[str, OneOf(("modelled", "not_modelled"))] = "modelled"
    reason: str = ""
    needs: str = ""
    base: str = "slagelse_2024"
    set: tuple[str, ...] = ()
    population: Population | None = None
    treatment: Treatment | None = None
    dose: Annotated[str, OneOf(DOSES)]
    design: Design
    outcomes: dict[str, Outcome] = Field(min_length=1)
    informs: tuple[str, ...] = ()
    solves: Solves | None = None
    likely_reason: str = Field("", description="why the model misses, where it does")


@dataclass(frozen=True)
class Experiment:
    """A study with the file it stands in."""

    name: str
    path: Path
    file: PublishedFile

    @property
    def follow_up(self) -> int:
        """Weeks everybody is followed."""
        return max(outcome.weeks for outcome in self.file.outcomes.values())

    @property
    def evidence(self) -> tuple[str, ...]:
        """Rows of the evidence table the study's numbers come from."""
        return tuple(
            dict.fromkeys(
                row for outcome in self.file.outcomes.values() for row in outcome.published.evidence
            )
        )


def known_experiments() -> list[str]:
    """Names of the studies that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(name: str) -> Path:
    """The file a study's name stands for. Raises UserError with the nearest known name."""
    direct = Path(name)
    if direct.suffix in (".yaml", ".yml"):
        if direct.is_file():
            return direct
        raise UserError(f"{name}: no such file")
    path = FOLDER / f"{name}.yaml"
    if path.is_file():
        return path
    raise UserError(
        f"no published experiment is called '{name}'{yaml_tree.nearest(name, known_experiments())}"
        " (a path to a file of your own works too)"
    )


def read(name: str) -> Experiment:
    """Reads and checks one study. Raises UserError with file and line of every problem."""
    path = find(name)
    tree = yaml_tree.read(path)
    checker = Checker(tree)
    file = checker.build(PublishedFile)
    if file is not None:
        _check(file, checker)
    checker.done()
    assert file is not None  # `done` raised otherwise
    return Experiment(path.stem, path, file)


def read_all() -> list[Experiment]:
    """Every study that comes along."""
    return [read(name) for name in known_experiments()]


def _check(file: PublishedFile, checker: Checker) -> None:
    """Notes what does not fit together in one file."""
    _check_evidence(file, checker)
    if file.status == "not_modelled":
        for key in ("reason", "needs"):
            if not getattr(file, key):
                checker.wrong(
                    (), f"a study that is not modelled must say '{key}': why, and which lever it takes"
                )
        return
    if file.design.by == "register":
        if file.design.estimator is None:
            checker.wrong(("design",), f"by: register needs an 'estimator'; allowed: {', '.join(ESTIMATORS)}")
        if file.population is None:
            checker.wrong((), "a register study needs 'population': whom it looks at")
        return
    if file.population is None or file.treatment is None:
        missing = "population" if file.population is None else "treatment"
        checker.wrong((), f"a study that is replayed needs '{missing}'")
        return
    treatment, by = file.treatment, file.design.by
    per_person = (treatment.mentor_weeks, treatment.meetings_lost, treatment.caseworker_changes)
    if not treatment.levers and not any(per_person):
        checker.wrong(
            ("treatment",),
            "nothing is given to the treated; give levers, mentor_weeks, meetings_lost or caseworker_changes",
        )
    if by == "office" and any(per_person):
        checker.wrong(
            ("treatment",),
            "mentor_weeks, meetings_lost and caseworker_changes are per person; write by: person",
        )
    if by == "market" and not file.design.coverage:
        checker.wrong(("design",), "by: market needs 'coverage', for example [0.25, 0.5, 0.75, 1]")
    if treatment.levers and by != "office":
        _check_by_lot(treatment.levers, checker)
    for name, outcome in file.outcomes.items():
        if outcome.per_meeting and not treatment.meetings_lost:
            checker.wrong(
                ("outcomes", name, "per_meeting"), "per_meeting needs meetings_lost: 1 in the treatment"
            )
    if file.solves is not None and file.solves.outcome not in file.outcomes:
        close = yaml_tree.nearest(file.solves.outcome, file.outcomes)
        checker.wrong(("solves", "outcome"), f"'{file.solves.outcome}' is no outcome of this file{close}")


def _check_by_lot(given: Mapping[str, Any], checker: Checker) -> None:
    from sim.policies.registry import levers

    known = levers()
    by_lot = [name for name, lever in sorted(known.items()) if lever.per_person]
    for name in given:
        if name not in known:
            where = ("treatment", "levers", name)
            checker.wrong(where, f"unknown lever '{name}'{yaml_tree.nearest(name, known)}", key=True)
        elif name not in by_lot:
            checker.wrong(
                ("treatment", "levers", name),
                f"'{name}' acts on a whole office; write by: office. By lot: {', '.join(by_lot)}",
                key=True,
            )
    if len(given) > 1:
        checker.wrong(("treatment", "levers"), "one lever can be given by lot; write the others under 'set'")


def _check_evidence(file: PublishedFile, checker: Checker) -> None:
    from calibration.evidence_rows import evidence_rows

    known = evidence_rows()
    for name, outcome in file.outcomes.items():
        for at, row in enumerate(outcome.published.evidence):
            # A user's own study has a source of its own; an id that looks like ours must be ours.
            if row.startswith("EV") and row not in known:
                checker.wrong(
                    ("outcomes", name, "published", "evidence", at),
                    f"'{row}' is not a row of the evidence table{yaml_tree.nearest(row, known)}",
                )


def base_scenario(experiment: Experiment, share: float | None = None, more: tuple[str, ...] = ()) -> Scenario:
    """The world the study is replayed in, without its treatment, over the weeks it takes."""
    file = experiment.file
    people = file.population
    assert people is not None  # `read` asks for it wherever something is replayed
    weeks = people.start_after_weeks + people.enrol_weeks + experiment.follow_up + 1
    changes = [*file.set, f"weeks={weeks}", *more]
    if share is not None:
        changes.append(f"world.share={share}")
    try:
        return load(file.base, overrides=tuple(changes))
    except UserError as wrong:
        raise UserError(f"{yaml_tree.display(experiment.path)}: {wrong}") from None


def with_levers(experiment: Experiment, base: Scenario) -> Scenario:
    """The same world with the levers of the treatment acting on everybody."""
    from dataclasses import replace

    treatment = experiment.file.treatment
    if treatment is None or not treatment.levers:
        return base
    changes = (*base.overrides, f"levers={json.dumps(treatment.levers)}")
    try:
        return replace(
            load(experiment.file.base, overrides=changes), behaviour=base.behaviour, effects=base.effects
        )
    except UserError as wrong:
        raise UserError(f"{yaml_tree.display(experiment.path)}: treatment: {wrong}") from None
