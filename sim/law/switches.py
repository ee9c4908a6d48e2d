"""Every rule of refusion that was inferred and not read, as a switch with a name, a default and the other
reading.

The calculator prints how many kroner each switch moves (`jobcenter refusion --switches`). A switch says what
the clock does with a kind of week; shares that could not be read are parameters of the rule set instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from sim.calendar import week_of
from sim.errors import UserError
from sim.law.clock import WINDOW_WEEKS

SwitchValue = bool | int | str


@dataclass(frozen=True)
class Switch:
    """One inferred rule: the reading the model follows (`default`), the others, and where it stems from."""

    name: str
    default: SwitchValue
    alternatives: tuple[SwitchValue, ...]
    meaning: str
    source: str
    calculator_only: bool = False  # the simulation does not keep what the other reading would need


_SWITCHES: Final = (
    Switch(
        "partial_week_is_benefit_week",
        True,
        (False,),
        "A week partly on a benefit and partly not is a whole benefit week; otherwise it moves neither counter.",
        "'weeks touched' (STAR) is read, that one day is enough is inferred",
    ),
    Switch(
        "partial_week_is_self_support",
        False,
        (True,),
        "A week partly of self-support, partly of education, leave or wage subsidy counts as self-support.",
        "§ 6(1) 'whole calendar weeks' read, its use for such weeks inferred",
    ),
    Switch(
        "benefit_weeks_expire_after",
        0,
        (WINDOW_WEEKS,),
        "Benefit weeks drop out of the count after this many weeks (0 = never).",
        "§§ 5-6 name no such rule; that there is none is inferred",
        calculator_only=True,
    ),
    Switch(
        "reset_window_weeks",
        WINDOW_WEEKS,
        (WINDOW_WEEKS - 1,),
        "The last three years of § 6(1) in whole weeks: three years hold 155 or 156 of them.",
        "§ 6(1) 'the last 3 years' read, the number of weeks inferred",
    ),
    Switch(
        "clear_self_support_at_reset",
        True,
        (False,),
        "Self-support weeks that started the count over are used up; otherwise they may serve again.",
        "inferred from 'starts over'",
    ),
    Switch(
        "history_from",
        "2014-W27",
        ("2016-W01",),
        "First week that counts, for benefit and for self-support.",
        "§ 30(1) names 1 July 2014 (read); counting that whole week is inferred",
    ),
    Switch(
        "education_is_self_support",
        False,
        (True,),
        "A week of education on SU counts as self-support; otherwise it moves neither counter.",
        "§ 6(3) leaves the list to an order that could not be read",
    ),
    Switch(
        "on_leave_is_self_support",
        False,
        (True,),
        "A week on barsel or efterloen counts as self-support; otherwise it moves neither counter.",
        "§ 6(3) leaves the list to an order that could not be read",
    ),
    Switch(
        "other_is_self_support",
        False,
        (True,),
        "A week with status 'other' counts as self-support; otherwise it moves neither counter.",
        "inferred: a week that is neither moves neither counter",
    ),
    Switch(
        "subsidised_job_is_benefit_week",
        False,
        (True,),
        "A week in wage subsidy (loentilskud) counts as a benefit week; otherwise it moves neither counter.",
        "that it is no self-support is read (§ 6(2)); whether it is no. 13 of § 3(1) could not be read",
    ),
    Switch(
        "fleksjob_is_benefit_week",
        True,
        (False,),
        "A week in fleksjob counts as a benefit week; otherwise it moves neither counter.",
        "fleksloentilskud is § 3(1) no. 12 (read); that its weeks drive the clock is inferred",
    ),
    Switch(
        "legacy_week_is_benefit_week",
        True,
        (False,),
        "A week on an award from before the ladder is a benefit week; otherwise it moves neither counter.",
        "§ 30(2)-(4) keep such awards off the ladder (read); their place in the count is inferred",
        calculator_only=True,
    ),
)
SWITCHES: Final[Mapping[str, Switch]] = {item.name: item for item in _SWITCHES}


def _right_kind(value: Any, like: SwitchValue) -> bool:
    if isinstance(like, bool):
        return isinstance(value, bool)
    if isinstance(like, int):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)


def check_switch(name: str, value: Any, where: str) -> SwitchValue:
    """The value of a switch if it is a possible one. `where` opens the message (file and line)."""
    switch = SWITCHES.get(name)
    if switch is None:
        close = get_close_matches(name, SWITCHES, 1)
        hint = f"; did you mean '{close[0]}'?" if close else "."
        raise UserError(f"{where}: no switch is called '{name}'{hint} Known: {', '.join(SWITCHES)}")
    if not _right_kind(value, switch.default):
        kinds = {bool: "true or false", int: "a whole number of weeks", str: "a week such as 2014-W27"}
        raise UserError(f"{where}: switch '{name}' must be {kinds[type(switch.default)]}, found {value!r}")
    if name == "history_from":
        try:
            week_of(value)
        except ValueError as wrong:
            raise UserError(f"{where}: switch '{name}': {wrong}") from None
    if name == "reset_window_weeks" and not 1 <= value <= WINDOW_WEEKS:
        raise UserError(f"{where}: switch '{name}' must be 1 to {WINDOW_WEEKS} weeks, found {value}")
    if name == "benefit_weeks_expire_after" and value < 0:
        raise UserError(f"{where}: switch '{name}' must be 0 (never) or a number of weeks, found {value}")
    checked: SwitchValue = value
    return checked
