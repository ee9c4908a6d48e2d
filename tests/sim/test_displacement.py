"""What a policy does for some is partly taken from others: the estimates of benchmarks/displacement.py."""

import math

import numpy as np
import pytest

from benchmarks.displacement import (
    CONTROL,
    COVERAGES,
    TREATED,
    Effects,
    Lives,
    compare,
    displacement,
    lines,
    live,
    scenario_of,
    study,
)

# Meetings that work far better than any ever published, so that a small world shows what it costs others.
STRONG = (
    "effects.meetings_jobready.contrast={value: 6.0, low: 1.0, high: 8.0}",
    "effects.meetings_jobready.channel_share={value: 1.0, low: 0.4, high: 1.0}",
)


def lives(support: list[float], found: list[float], arm: list[int], residents: int, others: int) -> Lives:
    outsiders = {"resident_in_work": residents, "non_resident": others}
    return Lives(np.array(support), np.array(found), np.array(arm), outsiders)


def test_effects_of_a_world_made_by_hand() -> None:
    """Two treated save 10 weeks each; one of two controls loses 4; a bystander on another benefit loses nothing."""
    without = lives([50, 60, 30, 20], [0, 1, 1, 1], [0, 0, 0, 0], 100, 40)
    policy = lives([40, 50, 34, 20], [1, 2, 0, 1], [TREATED, TREATED, CONTROL, CONTROL], 99, 39)
    effects = compare(without, policy)
    assert effects == Effects(2, 12.0, 16.0, 2.0, -1.0, -1.0, -1.0)
    rate, _ = displacement([effects, effects])
    assert rate == pytest.approx(1 - 16 / 24)
    everybody = lives([40, 50, 30, 20], [1, 2, 1, 1], [0, 0, 0, 0], 100, 40)
    full = compare(without, everybody)
    assert full.treated == 4
    assert math.isnan(full.trial_view)
    assert displacement([full, full], trial_view=6.0)[0] == pytest.approx(1 - 20 / 24)


def test_nothing_is_displaced_where_nothing_is_done() -> None:
    scenario = scenario_of(0.5, 0.0, share=0.05, weeks=30)
    effects = compare(live(scenario, 1), live(scenario, 1))
    assert (
        effects.total,
        effects.jobs_treated,
        effects.jobs_non_residents,
        effects.jobs_residents_in_work,
    ) == (0, 0, 0, 0)


@pytest.mark.slow
def test_others_lose_part_of_what_the_treated_gain() -> None:
    """A strong policy in 15,000 adults, 12 seeds: counted by who they are, and less where firms answer with more posts.

    Each comparison is a mean over seeds against zero with t > 3 (11 degrees of freedom): false alarm 0.6 % each.
    """
    by_response = {response: study(range(1, 13), 0.3, 104, response, STRONG) for response in (0.0, 1.0)}
    for response, effects in by_response.items():
        assert set(effects) == set(COVERAGES)
        assert len(lines(response, effects)) == len(COVERAGES)
        for coverage, of in effects.items():
            assert mean_over_error([e.total for e in of]) > 3, (response, coverage)
            assert mean_over_error([e.jobs_treated for e in of]) > 3, (response, coverage)
    fixed, answering = by_response[0.0], by_response[1.0]
    # The trial flatters: what the controls lose is counted as gain.
    assert displacement(fixed[0.5])[0] > 2 * displacement(fixed[0.5])[1]
    # Non-residents lose jobs to residents; residents in work find fewer new ones.
    assert mean_over_error([-e.jobs_non_residents for e in fixed[1.0]]) > 3
    assert mean_over_error([-e.jobs_residents_in_work for e in fixed[1.0]]) > 3
    # More coverage saves more in all, less per person.
    total = [np.mean([e.total for e in fixed[coverage]]) for coverage in COVERAGES]
    assert total == sorted(total)
    per_person = [np.mean([e.total / e.treated for e in fixed[coverage]]) for coverage in (0.5, 1.0)]
    assert per_person[1] < per_person[0]
    # Firms that answer with more posts leave more for everybody.
    more = [a.total - f.total for a, f in zip(answering[1.0], fixed[1.0], strict=True)]
    assert np.mean(more) > 0


def mean_over_error(values: list[float]) -> float:
    """Student's t of a mean against zero."""
    array = np.array(values)
    return float(array.mean() / (array.std(ddof=1) / math.sqrt(array.size)))
