"""Teams with hours to spare: what posts added or cut there can mean, said beside the result."""

import math
from collections.abc import Mapping, Sequence

from sim.codes import TEAMS_WITH_CASES
from sim.records.outcomes import Key
from sim.scenario import Scenario

BUSY = 0.8  # share of a team's hours used; above about 0.87 what is left of a week is shorter than a meeting


def idle_teams(scenario: Scenario, used: Mapping[str, float]) -> dict[str, float]:
    """Teams with hours to spare in the base whose posts a scenario moves: the share of their hours that is used."""
    moved: dict[str, float] = {}
    for lever in scenario.levers.values():
        for team, fte in lever.posts_from(scenario, lever.first_week(scenario)).items():
            moved[team] = moved.get(team, 0.0) + fte
    return {
        team: used[team]
        for team, fte in moved.items()
        if fte and team in used and not math.isnan(used[team]) and used[team] < BUSY
    }


def idle_notes(names: Sequence[str], others: Sequence[Scenario], baseline: Mapping[Key, float]) -> list[str]:
    """A warning for every scenario that moves posts of a team with hours to spare in the base.

    baseline: mean outcomes of the base. There posts added find little to do, and posts cut are hardly missed: the money
    is real, the lack of harm is the model's idle office.
    """
    used = {team: baseline[Key("hours_used_share", team, "all")] for team in TEAMS_WITH_CASES}
    notes = []
    for name, scenario in zip(names, others, strict=True):
        idle = [f"{team} {100 * share:.0f} %" for team, share in idle_teams(scenario, used).items()]
        if idle:
            notes.append(
                f"{name} moves posts of teams with hours to spare in the base (used: {', '.join(idle)}): posts added"
                " there find little to do and posts cut are hardly missed. Not a saving to rely on before the hours"
                " are known."
            )
    return notes
