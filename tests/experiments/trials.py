"""Small worlds with a trial in them."""

from worlds import world

from sim.scenario import Scenario

DOSE = (
    "levers.early_intervention={groups: [dagpenge, kontanthjaelp_jobready], meetings_per_26_weeks: 52, until_week: 104,"
    " first_meeting_within_weeks: 1}"
)
# A dose that works far better than any ever published: small worlds then show it.
STRONG = {"contact.saturation_meetings": 20.0}
DESKS = "municipality.staff.teams.dagpenge_jobready.fte=250"  # ten caseworkers, so that lots can be drawn among them
NO_DOSE = "levers.early_intervention={}"
WEEKS = 45


def block(**changes: object) -> str:
    values = {
        "lever": "early_intervention", "groups": "[dagpenge, kontanthjaelp_jobready]", "size": 40, "start": "start+9",
        "enrol_weeks": 6, "follow_up_weeks": "[13, 26]",
    } | changes  # fmt: skip
    return (
        "trial={" + ", ".join(f"{key}: {value}" for key, value in values.items() if value is not None) + "}"
    )


def trial_world(*overrides: str, dose: str = DOSE, weeks: int = WEEKS, **changes: object) -> Scenario:
    return world("baseline", DESKS, dose, block(**changes), *overrides, weeks=weeks)
