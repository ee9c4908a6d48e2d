"""The refusion calculator: a history and a rule set in; clock, step and shares of every row out.

Needs no simulation. The clock is the one of `sim.law.clock`, the shares are the tables of `sim.law.refusion`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sim.codes import ACT_LEGACY, BENEFITS, FIRST_BENEFIT
from sim.law import clock
from sim.law.history import OTHER, History
from sim.law.refusion import COUNTER_SPELL, LAST_WEEK, RuleSet
from sim.law.switches import SWITCHES, SwitchValue
from sim.money.amounts import municipal_part, state_part

NOT_RATED = -1  # a row without a benefit, or before the rule set applies


@dataclass
class Outcome:
    """Per row, in the order of the file: the clock after the week, step number, state share, and money if known."""

    rules: RuleSet
    clock_weeks: list[int]
    step: list[int]
    share_bp: list[int]
    state_oere: list[int] = field(default_factory=list)
    municipal_oere: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Total:
    """Rows and money of one benefit at one step; step '' holds rows from before the rule set applies."""

    benefit: str
    step: str
    rows: int
    amount_oere: int
    state_oere: int
    municipal_oere: int


@dataclass(frozen=True)
class Effect:
    """How far the municipality's total moves when one inferred rule is read the other way."""

    name: str
    used: SwitchValue | float | None
    instead: SwitchValue | float
    municipal_oere: int
    meaning: str


def _class_of_week(rules: RuleSet, history: History) -> Callable[[list[int]], int]:
    """What a week's rows together do to the clock (financing act §§ 5-6; the unread parts are switches)."""
    classes = [*rules.week_class, clock.FROZEN]
    if rules.switches["other_is_self_support"]:
        classes[OTHER] = clock.SELF_SUPPORT
    touched_is_enough = rules.switches["partial_week_is_benefit_week"]
    part_is_enough = rules.switches["partial_week_is_self_support"]
    legacy_counts = rules.switches["legacy_week_is_benefit_week"]
    status, activity = history.status, history.activity

    def week_class(rows: list[int]) -> int:
        benefit_rows = counted = own = 0
        for row in rows:
            kind = classes[status[row]]
            if FIRST_BENEFIT <= status[row] < OTHER:
                benefit_rows += 1
                if activity[row] == ACT_LEGACY and not legacy_counts:
                    kind = clock.FROZEN
            if kind == clock.BENEFIT:
                counted += 1
            elif kind == clock.SELF_SUPPORT:
                own += 1
        if counted:
            wholly = benefit_rows == len(rows) or counted == len(rows)
            return clock.BENEFIT if wholly or touched_is_enough else clock.FROZEN
        if own and not benefit_rows and (own == len(rows) or part_is_enough):
            return clock.SELF_SUPPORT
        return clock.FROZEN

    return week_class


class _Clock:
    """One person's clock, moved week by week with the functions the simulation uses."""

    def __init__(self, rules: RuleSet):
        self.reset, self.window, self.clear = rules.reset_weeks, rules.window_weeks, rules.clear
        self.expire = int(rules.switches["benefit_weeks_expire_after"])
        self.start()

    def start(self) -> None:
        """A new person: nothing counted yet."""
        self.n = self.w0 = self.w1 = self.w2 = 0
        self.benefit_bits = 0

    def pass_weeks(self, kind: int, k: int) -> None:
        """k weeks of one kind go by."""
        if kind == clock.SELF_SUPPORT:
            before = self.n
            self.n, self.w0, self.w1, self.w2 = clock.self_support_weeks(
                self.n, self.w0, self.w1, self.w2, k, self.reset, self.window, self.clear
            )
            if before and not self.n:
                self.benefit_bits = 0
        else:
            self.n, self.w0, self.w1, self.w2 = clock.other_weeks(
                self.n, self.w0, self.w1, self.w2, k, self.window
            )
            if kind == clock.BENEFIT:
                self.n = clock.benefit_weeks(self.n, k)
        if self.expire:  # the other reading of §§ 5-6: only the benefit weeks of the last years count
            new = (1 << k) - 1 if kind == clock.BENEFIT else 0
            self.benefit_bits = ((self.benefit_bits << k) | new) & ((1 << self.expire) - 1)
            self.n = self.benefit_bits.bit_count()


def calculate(history: History, rules: RuleSet, gaps: str | None = None) -> Outcome:
    """Applies a rule set to a history. `gaps` says what weeks without a row are (self_support, other)."""
    size = len(history.week)
    out = Outcome(rules, [0] * size, [NOT_RATED] * size, [NOT_RATED] * size)
    person, week, status, order = history.person, history.week, history.status, history.order
    week_class = _class_of_week(rules, history)
    other_counts = rules.switches["other_is_self_support"]
    gap_kind = clock.SELF_SUPPORT if gaps == "self_support" or other_counts else clock.FROZEN
    first = rules.history_from
    hand = _Clock(rules)
    spells: dict[int, tuple[int, int]] = {}  # benefit -> last week on it, weeks of the spell
    who, last_week = -1, 0
    at = 0
    while at < size:
        row = order[at]
        now = week[row]
        rows = [row]
        at += 1
        while at < size and week[order[at]] == now and person[order[at]] == person[row]:
            rows.append(order[at])
            at += 1
        if person[row] != who:
            who, last_week = person[row], now - 1
            hand.start()
            spells.clear()
        if now > last_week + 1:  # before `first` there is nothing on the clock that a gap could move
            hand.pass_weeks(gap_kind, now - last_week - 1)
        last_week = now
        if now >= first:
            hand.pass_weeks(week_class(rows), 1)
        for row in rows:
            out.clock_weeks[row] = hand.n
            if FIRST_BENEFIT <= status[row] < OTHER:
                _rate(history, rules, out, row, hand.n, spells)
    if history.has_amounts:
        _split(history, out)
    return out


def _rate(
    history: History, rules: RuleSet, out: Outcome, row: int, counted: int, spells: dict[int, tuple[int, int]]
) -> None:
    """Finds a benefit row's step and share."""
    benefit, now = history.status[row] - FIRST_BENEFIT, history.week[row]
    last, length = spells.get(benefit, (now - 2, 0))
    if last != now:
        length = length + 1 if last == now - 1 else 1
    if history.spell_week[row]:
        length = history.spell_week[row]
    spells[benefit] = (now, length)
    while now < rules.applies_from[benefit][history.activity[row]]:
        if rules.earlier is None:
            return
        rules = rules.earlier
    weeks = length if rules.counter[benefit] == COUNTER_SPELL else counted
    weeks = min(max(weeks, 1), LAST_WEEK)
    out.step[row] = rules.step[benefit][history.activity[row]][weeks]
    out.share_bp[row] = rules.share_bp[benefit][history.activity[row]][weeks]


def _split(history: History, out: Outcome) -> None:
    """Splits every rated amount between state and municipality."""
    rated = list(zip(history.amount, out.share_bp, strict=True))
    out.state_oere = [state_part(amount, bp) if bp >= 0 else 0 for amount, bp in rated]
    out.municipal_oere = [municipal_part(amount, bp) if bp >= 0 else 0 for amount, bp in rated]


def totals(history: History, outcome: Outcome) -> list[Total]:
    """Rows and money by benefit and step."""
    cells: dict[tuple[int, int], list[int]] = {}
    for row, status in enumerate(history.status):
        if not FIRST_BENEFIT <= status < OTHER:
            continue
        cell = cells.setdefault((status - FIRST_BENEFIT, outcome.step[row]), [0, 0, 0, 0])
        cell[0] += 1
        if history.has_amounts:
            cell[1] += history.amount[row]
            cell[2] += outcome.state_oere[row]
            cell[3] += outcome.municipal_oere[row]
    labels = outcome.rules.steps
    return [
        Total(BENEFITS[benefit], labels[step] if step >= 0 else "", *cells[benefit, step])
        for benefit, step in sorted(cells)
    ]


def effects(
    history: History, rules: RuleSet, gaps: str | None = None, tell: Callable[[str], None] | None = None
) -> list[Effect]:
    """What reading each inferred rule, and each number not read, the other way does to the municipality's total."""
    base = sum(calculate(history, rules, gaps).municipal_oere)
    out = []
    for switch in SWITCHES.values():
        used = rules.switches[switch.name]
        for value in (switch.default, *switch.alternatives):
            if value == used:
                continue
            if tell:
                tell(switch.name)
            other = calculate(history, rules.variant({switch.name: value}), gaps)
            out.append(Effect(switch.name, used, value, sum(other.municipal_oere) - base, switch.meaning))
    priced = {name for _, _, step in rules.rows() for name in (step.share, step.plus)}
    for parameter in rules.parameters.values():
        if parameter.name not in priced:
            continue  # the price of courses: no benefit week depends on it
        for number in dict.fromkeys((parameter.low, parameter.high)):
            if number is None or number == parameter.value:
                continue
            if tell:
                tell(parameter.name)
            other = calculate(history, rules.variant(parameters={parameter.name: number}), gaps)
            change = sum(other.municipal_oere) - base
            out.append(Effect(parameter.name, parameter.value, number, change, parameter.meaning))
    return out
