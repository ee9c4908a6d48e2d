"""Enrolment in a trial: who gets a place in a week, and by lot in which arm.

Chance is addressed: a person's lots for a place and for an arm belong to the person (seed, stream, id), so that one
person more or less on the benefit changes nobody else's lot.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.chance import S_TRIAL_ARM
from sim.codes import BENEFITS, FIRST_BENEFIT, TEAM_OF_BENEFIT, TEAMS
from sim.errors import UserError
from sim.population.synthesis import draws

if TYPE_CHECKING:
    from sim.scenario.trial import Trial

OUTSIDE_TRIAL, CONTROL, TREATED = 0, 1, 2
# Which of a person's lots of the stream says what; number 0 belongs to `coverage_share`.
_PLACE, _ARM, _SEATS, _LOTS = 1, 2, 3, 4
_PAIRS_PER_TEAM: Final = 4096


def enrol(columns: Mapping[str, np.ndarray], trial: "Trial", seed: int, week: int) -> None:
    """Enrols this week's people while places last: writes the column `arm`, changes nothing else.

    Everybody on the benefit in the first week, and in the weeks after it those whose spell began in the trial's time;
    among more people than places the lot decides. By team, an arm belongs to the caseworker who holds the case.
    """
    if not trial.start <= week < trial.start + trial.enrol_weeks:
        return
    if trial.by == "team" and week == trial.start:
        _require_two_caseworkers(columns["seat_team"], trial)
    arm = columns["arm"]
    places = {
        TREATED: trial.n_treated - int(np.count_nonzero(arm == TREATED)),
        CONTROL: trial.n_control - int(np.count_nonzero(arm == CONTROL)),
    }
    if not any(places.values()):
        return
    wanted = np.array([FIRST_BENEFIT + BENEFITS.index(group) for group in trial.groups])
    eligible = np.isin(columns["status"], wanted) & (arm == OUTSIDE_TRIAL)
    if week > trial.start or trial.intake == "new_spells":
        eligible &= columns["since"] >= trial.start
    if trial.by == "team":
        eligible &= columns["caseworker"] >= 0
    rows = np.flatnonzero(eligible)
    lots = draws(columns["id"][rows], seed, S_TRIAL_ARM, _LOTS)
    if trial.by == "team":
        arms = arms_of_seats(columns["seat_team"], seed)[columns["caseworker"][rows]]
    else:
        arms = np.where(lots[:, _ARM] * trial.n_enrolled < trial.n_treated, TREATED, CONTROL)
    for one, free in places.items():
        mine = np.flatnonzero(arms == one)
        first = mine[np.argsort(lots[mine, _PLACE])[:free]]
        arm[rows[first]] = one


def arms_of_seats(teams: np.ndarray, seed: int) -> np.ndarray:
    """The arm of every caseworker's seat, int64: in each team one of two neighbours is treated, the lot says which.

    teams: uint8 (seats). A seat added later changes no other seat's arm.
    """
    number = np.zeros(teams.size, np.int64)
    for team in np.unique(teams):
        own = np.flatnonzero(teams == team)
        number[own] = np.arange(own.size)
    pair = teams.astype(np.int64) * _PAIRS_PER_TEAM + number // 2
    first_is_treated = draws(pair, seed, S_TRIAL_ARM, _LOTS)[:, _SEATS] < 0.5
    return np.where((number % 2 == 0) == first_is_treated, TREATED, CONTROL)


def _require_two_caseworkers(teams: np.ndarray, trial: "Trial") -> None:
    for group in trial.groups:
        team = TEAM_OF_BENEFIT[BENEFITS.index(group)]
        have = int(np.count_nonzero(teams == team))
        if have < 2:
            name = TEAMS[team] if team < len(TEAMS) else "no team"
            raise UserError(
                f"trial by team: people on {group} belong to {name} with {have} caseworkers, lots need at least"
                " two; write 'by: person', or simulate a larger part of the municipality (world.share)"
            )
