"""Refusion rule sets: what part of a benefit week the state pays, by benefit, activity and benefit weeks so
far.

Every rule set has one form for the simulation and the calculator: tables of basis points and of step numbers,
indexed [benefit][activity][week], where week is the person's refusion clock or, where the rule counts so, the
weeks of the spell. `RuleSet.tables` gives the same as NumPy arrays. Rule sets are files in
scenarios/law/refusion; docs/refusion.md.

Source: act no. 994 of 30 August 2015 on the financing of certain public benefits, §§ 3, 5, 6, 7, 29, 30.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from sim.calendar import week_of
from sim.codes import (
    ACT_LEGACY,
    ACTIVITIES,
    BENEFITS,
    EDUCATION,
    FIRST_BENEFIT,
    FLEKSJOB,
    JOB,
    N_STATUSES,
    N_STEPS,
    ON_LEAVE,
    OUTSIDE,
    SUBSIDISED_JOB,
)
from sim.errors import UserError
from sim.law import clock
from sim.law.rule_files import parse_rule_file
from sim.law.rule_form import LAST_WEEK, Parameter, RuleFile, Step, with_parameters
from sim.law.switches import SWITCHES, SwitchValue, check_switch
from sim.law.yaml_lines import load_tables
from sim.money.amounts import FULL_BP, share_bp

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "COUNTER_CLOCK",
    "COUNTER_SPELL",
    "LAST_WEEK",
    "ClockRules",
    "RefusionTables",
    "RuleSet",
    "build",
    "find_rule_set",
    "load_rule_set",
    "week_classes",
]

COUNTER_CLOCK: Final = 0  # the person's refusion clock decides the step
COUNTER_SPELL: Final = 1  # the weeks of the current spell decide the step
NO_END: Final = 10**9  # sorts a step without an end behind those with one

Plane = tuple[tuple[tuple[int, ...], ...], ...]


class RefusionTables(NamedTuple):
    """A rule set as int64 arrays for the weekly loop; look up at min(weeks, LAST_WEEK), weeks >= 1."""

    share_bp: "np.ndarray"  # (benefits, activities, LAST_WEEK + 1): the state's part, basis points
    step: "np.ndarray"  # (benefits, activities, LAST_WEEK + 1): index into RuleSet.steps
    counter: "np.ndarray"  # (benefits,): COUNTER_CLOCK or COUNTER_SPELL
    operating_bp: "np.ndarray"  # (benefits, activities): the state's part of course costs, basis points
    week_class: "np.ndarray"  # (statuses,): clock.FROZEN, SELF_SUPPORT or BENEFIT
    bracket: "np.ndarray"  # as share_bp: row of `brackets`
    brackets: (
        "np.ndarray"  # (brackets, 3): benefit, step and share; weeks of one bracket are paid and split alike
    )


class ClockRules(NamedTuple):
    """Everything a person's clock depends on: equal ClockRules give everyone the same clock."""

    week_class: tuple[int, ...]
    reset_weeks: int
    window_weeks: int
    clear: bool
    history_from: int


@dataclass(frozen=True)
class RuleSet:
    """A refusion rule set, ready to look up. Shares are the state's part in basis points."""

    file: RuleFile
    switches: Mapping[str, SwitchValue]
    steps: tuple[str, ...]  # printable labels of the steps, e.g. '1-4', '5-26', '27-52', '53+'
    share_bp: Plane
    step: Plane
    counter: tuple[int, ...]
    applies_from: tuple[
        tuple[int, ...], ...
    ]  # by benefit and activity: first week that is rated; earlier weeks are only counted
    operating_bp: tuple[tuple[int, ...], ...]
    week_class: tuple[int, ...]
    # Rates the weeks before `applies_from`, all under one step of its own name.
    earlier: "RuleSet | None" = None

    @property
    def name(self) -> str:
        """The name the file gives itself."""
        return self.file.name

    @property
    def path(self) -> str:
        """The file the rules were read from."""
        return self.file.path

    @property
    def change_weeks(self) -> set[int]:
        """Weeks in which the rules of some benefit take over from the earlier ones."""
        return set() if self.earlier is None else {row[0] for row in self.applies_from}

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Numbers that could not be read, with their ranges."""
        return self.file.parameters

    @property
    def reset_weeks(self) -> int:
        """Weeks of self-support in the window that start the count over."""
        return self.file.reset_after_weeks

    @property
    def window_weeks(self) -> int:
        """Weeks over which self-support adds up."""
        return int(self.switches["reset_window_weeks"])

    @property
    def clear(self) -> bool:
        """Whether self-support weeks are used up when the count starts over."""
        return bool(self.switches["clear_self_support_at_reset"])

    @property
    def history_from(self) -> int:
        """First week that counts."""
        return week_of(str(self.switches["history_from"]))

    @cached_property
    def clock_rules(self) -> ClockRules:
        """What the clock depends on, as one comparable value."""
        return ClockRules(self.week_class, self.reset_weeks, self.window_weeks, self.clear, self.history_from)

    @property
    def unread(self) -> tuple[str, ...]:
        """Names of the numbers of this rule set that were not read in a source."""
        return tuple(item.name for item in self.parameters.values() if item.mark != "own_rule")

    def rows(self) -> list[tuple[str, str, Step]]:
        """Every step with the benefit and activity it holds for, to print the rule set with its sources."""
        own = [
            (BENEFITS[benefit], ACTIVITIES[activity], step)
            for (benefit, activity), row in sorted(self.file.rows.items())
            for step in row.steps
        ]
        before = self.earlier.rows() if self.earlier else []
        return own + [
            (benefit, activity, replace(step, label=f"{step.label} of {self.steps[-1]}"))
            for benefit, activity, step in before
        ]

    def variant(
        self,
        switches: Mapping[str, SwitchValue] | None = None,
        parameters: Mapping[str, float] | None = None,
        where: str = "refusion",
    ) -> "RuleSet":
        """The same rule set under another reading of an inferred rule or another value of a parameter."""
        file = with_parameters(self.file, parameters or {}, where)
        return build(file, {**self.switches, **(switches or {})}, where)

    def require_simulable(self, where: str = "refusion") -> None:
        """Refuses switches the simulation keeps no memory for; it never ignores one silently."""
        for name, value in self.switches.items():
            if SWITCHES[name].calculator_only and value != SWITCHES[name].default:
                raise UserError(
                    f"{where}: switch '{name}' works in `jobcenter refusion` only; in a simulation it must be"
                    f" {SWITCHES[name].default!r}, found {value!r}"
                )

    @cached_property
    def tables(self) -> RefusionTables:
        """The rule set as NumPy arrays (int64, so that compiled and plain arithmetic agree)."""
        return self._as_arrays(())

    def tables_at(self, week: int) -> RefusionTables:
        """The arrays that rate `week`: a benefit whose rules do not apply yet is rated by the earlier ones."""
        waiting = [b for b in range(len(BENEFITS)) if self.earlier and week < self.applies_from[b][0]]
        return self._as_arrays(waiting) if waiting else self.tables

    def _as_arrays(self, waiting: Sequence[int]) -> RefusionTables:
        """Arrays with the benefits `waiting` under the earlier rules. Brackets are the same whoever waits."""
        import numpy as np

        sets = [self] if self.earlier is None else [self, self.earlier]
        share, step = (
            np.array([getattr(one, name) for one in sets], np.int64) for name in ("share_bp", "step")
        )
        counter, operating = (
            np.array([getattr(one, name) for one in sets], np.int64) for name in ("counter", "operating_bp")
        )
        benefit = np.broadcast_to(np.arange(len(BENEFITS))[:, None, None], share.shape)
        rows = np.stack([benefit, step, share], axis=-1).reshape(-1, 3)
        brackets, bracket = np.unique(rows, axis=0, return_inverse=True)
        bracket = bracket.reshape(share.shape).astype(np.int64)
        for table in (share, step, counter, operating, bracket):
            for b in waiting:
                table[0, b] = table[1, b]
        return RefusionTables(
            share[0],
            step[0],
            counter[0],
            operating[0],
            np.array(self.week_class, np.int64),
            bracket[0],
            brackets,
        )


def week_classes(switches: Mapping[str, SwitchValue]) -> tuple[int, ...]:
    """What a whole week in each status does to the clock: benefit week, self-support, or neither."""
    out = [clock.FROZEN] * N_STATUSES
    out[JOB] = out[OUTSIDE] = clock.SELF_SUPPORT
    for benefit in range(len(BENEFITS)):
        out[FIRST_BENEFIT + benefit] = clock.BENEFIT
    if switches["education_is_self_support"]:
        out[EDUCATION] = clock.SELF_SUPPORT
    if switches["on_leave_is_self_support"]:
        out[ON_LEAVE] = clock.SELF_SUPPORT
    if switches["subsidised_job_is_benefit_week"]:
        out[SUBSIDISED_JOB] = clock.BENEFIT
    if not switches["fleksjob_is_benefit_week"]:
        out[FIRST_BENEFIT + FLEKSJOB] = clock.FROZEN
    return tuple(out)


def _bp(step: Step, parameters: Mapping[str, Parameter]) -> int:
    """A step's share in basis points, its parameters filled in."""

    def value(name: str) -> int:
        number = parameters[name].value
        if number is None:
            raise UserError(
                f"{step.where}: parameter '{name}' has no value; give it one to use this rule set"
            )
        return share_bp(number)

    total = value(step.share) if isinstance(step.share, str) else step.share
    if step.plus:
        total += value(step.plus)
    if total > FULL_BP:
        raise UserError(f"{step.where}: state_share and '{step.plus}' together exceed 1")
    return total


def build(file: RuleFile, switches: Mapping[str, SwitchValue], where: str = "refusion") -> RuleSet:
    """Fills the tables of a rule set from its file and the readings chosen for the inferred rules."""
    chosen = {name: item.default for name, item in SWITCHES.items()}
    for name, value in {**file.switches, **switches}.items():
        chosen[name] = check_switch(name, value, where)

    # Steps in the order they are printed: by weeks, those that only old awards use last.
    places: dict[str, tuple[bool, int, int]] = {}
    for (_, activity), row in file.rows.items():
        for step in row.steps:
            place = (activity == ACT_LEGACY, step.from_week, step.to_week or NO_END)
            places[step.label] = min(place, places.get(step.label, place))
    labels = tuple(sorted(places, key=lambda label: places[label]))
    if file.earlier is not None:
        labels = (*labels, file.earlier.name)
    if len(labels) > N_STEPS:
        raise UserError(
            f"{file.path}: at most {N_STEPS} different steps can be kept apart, found {', '.join(labels)};"
            " give some of them the same label"
        )

    shares, numbers, counters, applies = [], [], [], []
    for benefit in range(len(BENEFITS)):
        share_rows, step_rows = [], []
        spell = False
        for activity in range(len(ACTIVITIES)):
            row = file.rows[benefit, activity]
            share, number = [0] * (LAST_WEEK + 1), [0] * (LAST_WEEK + 1)
            for step in row.steps:
                bp, at = _bp(step, file.parameters), labels.index(step.label)
                for week in range(step.from_week, (step.to_week or LAST_WEEK) + 1):
                    share[week], number[week] = bp, at
            # Index 0 is never paid; it repeats week 1 so that a look-up of an empty clock is harmless.
            share[0], number[0] = share[1], number[1]
            share_rows.append(tuple(share))
            step_rows.append(tuple(number))
            spell = spell or (len(row.steps) > 1 and row.counter == "spell")
        shares.append(tuple(share_rows))
        numbers.append(tuple(step_rows))
        counters.append(COUNTER_SPELL if spell else COUNTER_CLOCK)
        applies.append(tuple(file.rows[benefit, a].applies_from for a in range(len(ACTIVITIES))))
    operating = tuple(
        tuple(
            _bp(file.operating[b, a], file.parameters) if (b, a) in file.operating else 0
            for a in range(len(ACTIVITIES))
        )
        for b in range(len(BENEFITS))
    )
    earlier = None
    if file.earlier is not None:
        before = build(replace(file.earlier, parameters=file.parameters), chosen, where)
        one = tuple(tuple((len(labels) - 1,) * (LAST_WEEK + 1) for _ in ACTIVITIES) for _ in BENEFITS)
        earlier = replace(before, steps=labels, step=one)
    return RuleSet(
        file,
        chosen,
        labels,
        tuple(shares),
        tuple(numbers),
        tuple(counters),
        tuple(applies),
        operating,
        week_classes(chosen),
        earlier,
    )


_FOLDER: Final = Path("law") / "refusion"


def _places() -> list[Path]:
    """Folders that hold rule sets, first found wins: the current tree, the packaged one, the checkout."""
    root = Path(__file__).resolve().parents[2]
    return [
        Path("scenarios") / _FOLDER,
        root / "jobcenter" / "data" / "scenarios" / _FOLDER,
        root / "scenarios" / _FOLDER,
    ]


def find_rule_set(name: str, beside: Path | None = None) -> Path:
    """The file of a rule set given by path or by name."""
    direct = Path(name)
    if direct.suffix in (".yaml", ".yml"):
        for path in (direct, beside / direct) if beside else (direct,):
            if path.is_file():
                return path
        raise UserError(f"{name}: no such rule set file")
    folders = ([beside] if beside else []) + _places()
    for folder in folders:
        path = folder / f"{name}.yaml"
        if path.is_file():
            return path
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    close = get_close_matches(name, known, 1)
    hint = f" did you mean '{close[0]}'?" if close else ""
    raise UserError(
        f"no refusion rule set is called '{name}';{hint} known: {', '.join(known)}, or give a file"
    )


def _read(path: Path, seen: tuple[Path, ...]) -> RuleFile:
    here = path.resolve()
    if here in seen:
        chain = " -> ".join(item.stem for item in (*seen, here))
        raise UserError(f"{path}: 'extends' or 'earlier' goes round in a circle: {chain}")
    top = load_tables(path)
    base, earlier = (
        _read(find_rule_set(str(top[key]), path.parent), (*seen, here)) if top.get(key) else None
        for key in ("extends", "earlier")
    )
    return parse_rule_file(path, base, earlier)


def load_rule_set(
    name_or_path: str | Path,
    switches: Mapping[str, SwitchValue] | None = None,
    parameters: Mapping[str, float] | None = None,
    where: str = "refusion",
) -> RuleSet:
    """A rule set by name (looked up in ./scenarios/law/refusion, then the packaged ones) or by path to a
    .yaml file.

    `switches` and `parameters` set readings of inferred rules and numbers that could not be read; `where`
    opens the message when one of them is wrong.
    """
    file = _read(find_rule_set(str(name_or_path)), ())
    return build(with_parameters(file, parameters or {}, where), switches or {}, where)
