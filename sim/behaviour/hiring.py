"""How companies post vacancies, rank applicants and decide."""

import math
from collections import namedtuple

from sim.compiled import rule

MarketTable = namedtuple(
    "MarketTable",
    [
        "posting",  # float64 (sectors): vacancies a week per job at the reference demand and filling time
        "cycle",  # float64 (sectors): factor this week from the scenario's demand
        "finding",  # float64: the same on job finding, all sectors: what usual hazards are usual against
        "posting_response",  # float64
        "lapse",  # float64
        "acceptance",  # float64
        "residents",  # float64: qualified applications a vacancy gets a week from residents in work
        "non_residents",  # float64
        "repost_share",  # float64
        "own_sector_share",  # float64
        "duration_weight",  # float64: weight of an applicant unemployed eight months or more
        "education_weight",  # float64 (3)
        "sector_first",  # int64 (sectors + 1): first ticket of each sector
        "learning",  # float64: weight of a new week in the market's memory
    ],
)

MOST_VACANCIES = 31  # new posts of one company in a week


@rule
def poisson(u, mean, most):
    """A Poisson number from a uniform number, at most `most`. 1 - exp(-x) <= x, so rarely an exponential is taken."""
    if u >= mean:
        return 0
    rest = 1.0 - u  # small u, many: so that the test above is right for none
    term = math.exp(-mean)
    total = term
    count = 0
    while rest >= total and count < most:
        count += 1
        term *= mean / count
        total += term
    return count


@rule
def posting_factor(fill_weeks, usual_fill_weeks, response):
    """How much more firms post when posts fill faster than usual: (expected filling time / usual)^(-response)."""
    if response == 0.0 or fill_weeks <= 0.0 or usual_fill_weeks <= 0.0:
        return 1.0
    return math.exp(-response * math.log(fill_weeks / usual_fill_weeks))


@rule
def applicant_weight(table, education, weeks_without_work):
    """Standing among applicants: falls with time without work until the eighth month, rises with schooling."""
    progress = min(max(weeks_without_work - 4, 0), 31) / 31.0
    return table.education_weight[education] * (1.0 - (1.0 - table.duration_weight) * progress)
