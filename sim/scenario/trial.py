"""The trial a scenario may declare: one lever given by lot to some of a target group, the others being the control."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import Field, model_validator

from sim.calendar import iso
from sim.codes import BENEFITS
from sim.scenario.scalars import Count, Frozen, IsoWeek, OneOf, Weeks, item
from sim.scenario.yaml_tree import nearest

if TYPE_CHECKING:
    from sim.policies.registry import Lever  # the registry's files need this package first
    from sim.scenario.validate import Checker

BY: Final = ("person", "team")
INTAKE: Final = ("everybody", "new_spells")
Group = Annotated[str, OneOf(BENEFITS)]


class Trial(Frozen):
    """Who is enrolled when, how many, and how lots are drawn.

    The treated get the lever from their enrolment on; the control group and everybody else do not.
    """

    lever: str = Field(description="the lever the treated get; its dose stands under levers")
    groups: tuple[Group, ...] = Field(min_length=1, description="benefits people are enrolled from")
    size: Count | None = item(
        None, unit="persons", ge=2, meaning="persons enrolled in all, half of them treated"
    )
    treated: Count | None = item(None, unit="persons", ge=1, meaning="persons treated, instead of size")
    control: Count | None = item(
        None, unit="persons", ge=1, meaning="persons in the control group, instead of size"
    )
    by: Annotated[str, OneOf(BY)] = Field(
        "person",
        description="lot per person, or per caseworker: each team is split in two, with all its cases",
    )
    start: IsoWeek = Field(description="first week of enrolment; the lever's posts begin with it")
    enrol_weeks: Weeks = item(13, unit="weeks", ge=1, le=260, meaning="weeks in which people are enrolled")
    intake: Annotated[str, OneOf(INTAKE)] = Field(
        "everybody",
        description="everybody on the benefit in the first week and then who enters it; or new spells only",
    )
    follow_up_weeks: tuple[Annotated[Weeks, Field(ge=1, le=1040)], ...] = Field(
        (52, 104), min_length=1, description="weeks after enrolment at which the evaluator looks"
    )

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        arms = (self.treated, self.control)
        if self.size is None and None in arms:
            raise ValueError("give 'size', or both 'treated' and 'control'")
        if self.size is not None and arms != (None, None):
            raise ValueError("give 'size', or 'treated' and 'control', not both")
        return self

    @property
    def n_treated(self) -> int:
        """Places in the treated arm; of an odd size the larger half."""
        return self.treated if self.treated is not None else ((self.size or 0) + 1) // 2

    @property
    def n_control(self) -> int:
        """Places in the control arm."""
        return self.control if self.control is not None else (self.size or 0) // 2

    @property
    def n_enrolled(self) -> int:
        """Places in both arms."""
        return self.n_treated + self.n_control

    def of_size(self, size: int) -> "Trial":
        """The same trial with `size` places, shared between the arms as before."""
        treated = min(max(round(size * self.n_treated / self.n_enrolled), 1), size - 1)
        if 2 * treated in (size, size + 1):
            return self.model_copy(update={"size": size, "treated": None, "control": None})
        return self.model_copy(update={"size": None, "treated": treated, "control": size - treated})

    def weeks_needed(self, scenario_start: int, follow_up: int) -> int:
        """Horizon in weeks at which everybody has been followed for `follow_up` weeks."""
        return self.start - scenario_start + self.enrol_weeks + follow_up


def check_trial(
    trial: Trial | None, levers: Mapping[str, "Lever"], start: int, weeks: int, checker: "Checker"
) -> None:
    """Notes what does not fit between a trial and the scenario that declares it."""
    if trial is None:
        return
    path = ("trial", "lever")
    lever = levers.get(trial.lever)
    if lever is None:
        have = (
            nearest(trial.lever, tuple(levers))
            if levers
            else "; the scenario has none, declare it under 'levers'"
        )
        checker.wrong(path, f"'{trial.lever}' is not a lever of this scenario{have}")
        return
    if not lever.per_person:
        checker.wrong(
            path, f"'{trial.lever}' acts on a whole office and cannot be given by lot; allowed: {_by_lot()}"
        )
        return
    for name, other in levers.items():
        if getattr(other, "coverage_share", 1.0) < 1.0:
            checker.wrong(
                ("levers", name, "coverage_share"),
                "coverage_share below 1 draws a lot of its own; beside a trial it must be 1 (leave it out)",
            )
    named = getattr(lever, "groups", None)
    reached = BENEFITS if named is None else named
    for at, group in enumerate(trial.groups):
        if group not in reached and not lever.is_zero_dose():
            checker.wrong(
                ("trial", "groups", at),
                f"the lever '{trial.lever}' does nothing for '{group}'; its groups: {', '.join(reached)}",
            )
    if trial.start < start:
        checker.wrong(
            ("trial", "start"),
            f"the trial begins in {iso(trial.start)}, before the scenario's start {iso(start)}",
        )
    if trial.start >= start + weeks:
        checker.wrong(
            ("trial", "start"),
            f"the trial begins in {iso(trial.start)}, after the scenario's last week {iso(start + weeks - 1)}",
        )
    if lever.from_week > trial.start >= start:
        checker.wrong(
            ("levers", trial.lever, "from"),
            f"the lever begins in {iso(lever.from_week)}, after the trial's start {iso(trial.start)}; leave 'from' out",
        )


def _by_lot() -> str:
    from sim.policies.registry import levers

    return ", ".join(name for name, lever in sorted(levers().items()) if lever.per_person)
