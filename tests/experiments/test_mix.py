"""The best mix on made-up answers whose optimum is known, and what rule 20 of the economics keeps out of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_decision import decision

from experiments.decisions.mix import (
    FRESH_FROM,
    Behind,
    Mix,
    Plan,
    _finalists,
    experiment_of,
    plan_mix,
    solve,
)
from experiments.decisions.mix_design import coefficients, corners, design, feasible, within_budget
from experiments.decisions.mix_figures import mix_figures
from experiments.decisions.mix_levers import Split, instruments, possible, why_not
from experiments.decisions.mix_response import Response, terms
from experiments.decisions.mix_search import Space, best, flat, front, last_krone
from experiments.decisions.mix_words import _behind, _error, mix_tables, mix_texts
from experiments.experiment_file import load_experiment
from experiments.plan import Planned
from sim.errors import UserError
from sim.scenario import load

PAIRS = 40


def response(u: np.ndarray, truth: np.ndarray, noise: float = 0.0, seed: int = 1) -> Response:
    """Pairs around the true answer to each split."""
    chance = np.random.default_rng(seed)
    return Response(u, truth + noise * chance.normal(0, 1, (PAIRS, len(u))))


def space(
    u: np.ndarray, harm: float = 0.0, budget: float = 10.0, noise: float = 0.01, seed: int = 1
) -> Space:
    """Two levers of 8 each. Weeks: best at (0.5, 0.25); money: every krone of the first saves 1, of the second costs 1.
    The second lever costs the sick `harm` returns."""
    weeks = 100 * (u[:, 0] - u[:, 0] ** 2) + 100 * (u[:, 1] - 2 * u[:, 1] ** 2)
    money = -8 * u[:, 0] + 8 * u[:, 1]
    zero = np.zeros(len(u))
    return Space(
        (8.0, 8.0),
        budget,
        {
            "municipal": response(u, money, noise, seed),
            "public": response(u, money, noise, seed + 1),
            "weeks": response(u, weeks, noise, seed + 2),
            "vulnerable_weeks": response(u, 10 * u[:, 1], noise, seed + 3),
            "activityready_jobs": response(u, zero),
            "sick_jobs": response(u, -harm * u[:, 1], noise * harm, seed + 5),
            "plan_compliance": response(u, zero),
        },
    )


U = design(2, (8.0, 8.0), 10.0, 10)


def test_a_design_has_its_corners_keeps_the_budget_and_fills_the_rest() -> None:
    for levers, most, budget in (
        (2, (8.0, 8.0), 10.0),
        (3, (3.6, 1.9, 10.0), 10.0),
        (4, (2.0, 9.0, 9.0, 5.0), 6.0),
    ):
        splits = coefficients(levers) + 5
        u = design(levers, most, budget, splits)
        assert len(u) >= splits and within_budget(u, most, budget).all() and (u <= 1.0).all()
        assert np.linalg.matrix_rank(terms(u)) == coefficients(levers)
        for corner in corners(levers, most, budget):
            assert (np.abs(u - corner).max(axis=1) < 1e-9).any()
        assert within_budget(feasible(levers, most, budget), most, budget).all()


def test_a_response_finds_a_quadratic_and_says_how_sure_it_is() -> None:
    def truth(u: np.ndarray) -> np.ndarray:
        return np.asarray(3 * u[:, 0] - 2 * u[:, 0] ** 2 + u[:, 1] + 4 * u[:, 0] * u[:, 1])

    new = np.array([[0.3, 0.9], [0.6, 0.1]])
    exact = response(U, truth(U))
    assert exact.mean(new) == pytest.approx(truth(new)) and exact.worst_miss() == 0.0
    inside = 0
    for seed in range(100):
        noisy = response(U, truth(U), 1.0, seed)
        inside += int((abs(noisy.mean(new) - truth(new)) <= noisy.error(new)).sum())
    assert 0.9 < inside / 200 <= 0.99  # a 95 % interval
    curved = response(U, np.sin(9 * U[:, 0]), 0.05)
    assert curved.worst_miss() > 3.5


def test_common_luck_does_not_blur_the_difference_of_two_splits() -> None:
    """Luck that moves every split of a pair alike in its first lever is in the mean and not in the difference."""
    shared = np.random.default_rng(3).normal(0, 5, (PAIRS, 1)) * U[:, 0]
    one = Response(U, U[:, 0] + shared)
    assert one.error(np.array([[1.0, 0.0]]))[0] > 1.0
    assert one.error(np.array([[1.0, 0.0]]), np.array([[1.0, 0.2]]))[0] < 1e-9


def test_the_known_optimum_is_found() -> None:
    made = space(U)
    assert best(made, "people") == pytest.approx([0.5, 0.25], abs=0.06)
    assert best(made, "municipality") == pytest.approx([1.0, 0.0], abs=0.01)


def test_a_budget_that_binds_is_spent_where_it_gives_most() -> None:
    """Budget 2 of 6 wanted: the optimum lies on the line where both levers' last krone gives the same."""
    made = space(U, budget=2.0)
    at = best(made, "people")
    assert at @ np.array([8.0, 8.0]) == pytest.approx(2.0, rel=0.03)
    # Lagrange: 100 (1 - 2a) = 100 (1 - 4b), a + b = 0.25, so a = 1/6, b = 1/12; the last krone gives 100 (1 - 2a) / 8.
    assert at == pytest.approx([1 / 6, 1 / 12], abs=0.04)
    last = last_krone(made, "people", at)
    assert last.value == pytest.approx(100 * (1 - 2 / 6) / 8, rel=0.15)
    free = last_krone(space(U), "people", best(space(U), "people"))
    assert free.value == 0.0 and free.unspent_kr == pytest.approx(4.0, abs=0.7)


def test_who_is_to_be_kept_from_harm_is_kept_from_it() -> None:
    """The second lever gives weeks and takes returns of the sick: not used, however many weeks it gives."""
    assert best(space(U, harm=5.0), "people")[1] < 0.02
    made = space(U, harm=5.0)
    held, free = (last_krone(space(U, harm), "people", best(space(U, harm), "people")) for harm in (5.0, 0.0))
    assert held.held_back and not free.held_back
    assert (front(made)[:, 1] < 0.05).all()
    assert made.allowed(np.zeros((1, 2))).all() and not made.allowed(np.array([[0.2, 0.5]])).any()


def test_the_front_holds_nothing_that_is_beaten() -> None:
    made = space(U)
    found = front(made)
    assert len(found) > 10 and made.allowed(found).all()
    losses = np.column_stack([made.loss(key, found) for key in ("municipal", "weeks", "vulnerable_weeks")])
    for row in losses:
        assert not ((losses < row - 1e-9).all(axis=1)).any()
    assert (np.diff(made.loss("municipal", found)) >= 0).all()
    assert (found[:, 1].max() > 0.25) and found[0] == pytest.approx([1.0, 0.0], abs=0.05)


def test_the_flat_region_grows_with_luck_and_holds_the_optimum() -> None:
    sharp, blurred = space(U, noise=0.5), space(U, noise=20.0)
    narrow, wide = (flat(one, "people", best(one, "people")) for one in (sharp, blurred))
    assert narrow.share < wide.share <= 1.0
    assert narrow.low[0] - 0.05 <= 0.5 <= narrow.high[0] + 0.05
    assert wide.high[0] - wide.low[0] > narrow.high[0] - narrow.low[0]


def test_splits_without_effect_are_all_in_the_flat_region() -> None:
    """No split has any effect: one is left out in 5 % of 60 sets, comparing each by itself in 65 %.
    12 sets: 4 or more in 0.2 %."""
    u, left_out, by_itself = design(3, (1.0,) * 3, 1.0, 20), 0, 0
    for seed in range(12):
        chance = np.random.default_rng(seed)
        made = Space(
            (1.0,) * 3, 1.0, {"municipal": Response(u, chance.normal(size=(40, len(u))))}, keep=False
        )
        splits = made.evenly()
        loss = made.loss("municipal", splits)
        at = splits[int(loss.argmin())]
        left_out += flat(made, "municipality", at).share < 1.0
        alone = made.responses["municipal"].error(splits, at[None])
        by_itself += bool((loss - loss.min() > alone + 1e-9).any())
    assert left_out <= 3 < by_itself


# ---- the levers ---------------------------------------------------------------------------------------------------


def test_the_instruments_of_ten_million_and_what_each_can_use() -> None:
    found, refused = instruments(load_experiment("ten_million"))
    assert {one.strategy: round(one.most_kr / 1e6, 1) for one in found} == {
        "early_intervention": 3.6, "one_caseworker": 1.8, "ips": 10.0}  # fmt: skip
    assert refused == {}  # class B and C are never asked


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("jobstart", (), "non_danish_origin_only"),
        ("ips", ("levers.programme.ips.age_below=30",), "age_below"),
        ("ips", ("levers.programme.ips.age_from=50",), "age_from"),
        ("early_and_one_caseworker", (), "combination"),
        ("early_intervention", ("levers.early_intervention.threat_share=0.5",), "threat"),
        ("stricter_sanctions", (), "threat and sanctions"),
        ("ips", (), ""),
    ],
)
def test_what_is_no_instrument_says_why(name: str, change: Sequence[str], told: str) -> None:
    why = why_not(load(name, overrides=change))
    assert told in why and bool(why) == bool(told)


def test_splits_are_scenarios_that_authorise_what_they_say() -> None:
    from experiments.equal_budget import authorised_kr

    plan = plan_mix(load_experiment("ten_million"))
    assert len(plan.splits) >= coefficients(3) + 1
    for split in plan.splits:
        assert authorised_kr(split.scenario) == pytest.approx(sum(split.kr), rel=1e-6)
        assert sum(split.kr) <= 10e6 * 1.01
        assert len(split.scenario.levers) == sum(kr > 0 for kr in split.kr)
    assert any(len(split.scenario.levers) == 3 for split in plan.splits)


def test_what_costs_before_its_dose_begins_is_bought_whole_or_not_at_all() -> None:
    """One caseworker pays every caseworker more before it adds a post: a tenth of it does not exist."""
    plan = plan_mix(load_experiment("ten_million"))
    pay = plan.instruments[1]
    assert 1.0e6 < pay.least_kr < pay.most_kr
    assert all(split.kr[1] == 0.0 or split.kr[1] >= pay.least_kr - 1.0 for split in plan.splits)
    u = possible(np.array([[0.1, 0.2], [0.3, 0.4], [0.9, 0.6], [0.0, 0.0]]), (1.0, 1.0), (0.0, 0.5))
    assert u.tolist() == [[0.1, 0.0], [0.3, 0.5], [0.9, 0.6], [0.0, 0.0]]


def test_fresh_pairs_share_no_draw_and_no_seed_with_the_design() -> None:
    plan = plan_mix(load_experiment("ten_million"))
    seen = [
        {
            (pair.draw, pair.seed)
            for pair in Planned(experiment_of(plan.experiment, plan.splits, 40, first)).pairs()
        }
        for first in (0, FRESH_FROM)
    ]
    draws, seeds = ([{pair[k] for pair in one} for one in seen] for k in range(2))
    assert not draws[0] & draws[1] and not seeds[0] & seeds[1]
    assert len(draws[1]) == 40 and 0 not in seeds[0] | seeds[1]


def test_finals_take_rows_of_a_file_that_nobody_has_searched_with(tmp_path: Path) -> None:
    rows = 85  # 1,000,000 is 55 after a multiple of it: the finals would begin at row 55 and go round
    values = np.random.default_rng(1).uniform(0.05, 0.15, rows)
    (tmp_path / "draws.csv").write_text("trust.gain\n" + "\n".join(f"{one:.6f}" for one in values) + "\n")
    plan = load_experiment("ten_million")
    plan = replace(plan, file=plan.file.model_copy(update={"draws": str(tmp_path / "draws.csv")}))
    made = plan_mix(plan)
    seen = [
        [pair.draw for pair in Planned(experiment_of(plan, made.splits, 40, first)).pairs()]
        for first in (0, FRESH_FROM)
    ]
    assert seen == [list(range(40)), list(range(40, 80))]
    (tmp_path / "draws.csv").write_text("trust.gain\n" + "0.1\n" * 79)
    with pytest.raises(UserError, match="79 draws; pairs 40 and fresh_pairs 40 need 80"):
        plan_mix(plan)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scenarios: [early_intervention, one_caseworker]\ndecide: {mix: {splits: 5}}", "too few for 2 levers"),
        ("scenarios: [early_intervention, extra_caseworkers]", "two levers of class A, found 1"),
        ("scenarios: [ips, mentor_young]", "mentor_young: it serves people by age_from"),
        ("scenarios: [early_intervention, one_caseworker]\nequal_budget: 50000", "the budget buys nothing of its dose"),
        ('scenarios: [early_intervention, one_caseworker]\nequal_budget: 1300000',
         "3 splits differ"),
    ],
)  # fmt: skip
def test_a_mix_that_cannot_be_searched_is_refused(tmp_path: object, text: str, told: str) -> None:
    file = tmp_path / "mix.yaml"  # type: ignore[operator]
    budget = "" if "equal_budget" in text else "equal_budget: 10 mio. kr.\n"
    file.write_text(f"base: baseline\n{budget}{text}\n")
    with pytest.raises(UserError) as wrong:
        plan_mix(load_experiment(str(file)))
    assert told in str(wrong.value)


# ---- the whole ----------------------------------------------------------------------------------------------------


def made_answer(plan: Plan, splits: Sequence[Split], pairs: int, seed: int) -> dict[str, np.ndarray]:
    """Early intervention saves half its price a year, one caseworker costs as much as it is given, ips gives the
    weak weeks; everything in mio. kr. times five years."""
    kr = np.array([split.kr for split in splits]) / 1e6
    chance = np.random.default_rng(seed)
    truth = {
        "municipal": 5e6 * (-0.5 * kr[:, 0] + kr[:, 1] + 0.8 * kr[:, 2]),
        "public": 5e6 * (-0.7 * kr[:, 0] + kr[:, 1] + 0.7 * kr[:, 2]),
        "weeks": 2000 * kr[:, 0] + 10 * kr[:, 1] + 300 * kr[:, 2],
        "vulnerable_weeks": 150 * kr[:, 2],
        "activityready_jobs": 0 * kr[:, 0],
        "sick_jobs": 0 * kr[:, 0],
        "plan_compliance": 0 * kr[:, 0],
    }
    scale = {"municipal": 2e6, "public": 2e6, "weeks": 100.0, "vulnerable_weeks": 100.0}
    return {
        key: values + scale.get(key, 0.0) * chance.normal(0, 1, (pairs, len(splits)))
        for key, values in truth.items()
    }


def made_mix() -> Mix:
    plan = plan_mix(load_experiment("ten_million"))
    asked: list[int] = []

    def fresh(splits: list[Split]) -> dict[str, np.ndarray]:
        asked.append(len(splits))
        return made_answer(plan, splits, 30, 2)

    found = solve(plan, made_answer(plan, plan.splits, PAIRS, 1), fresh)
    assert asked == [len(found.finalists)]
    return found


def test_a_made_mix_is_answered_and_judged_on_fresh_luck() -> None:
    found = made_mix()
    early, one, ips = found.best_kr["municipality"]
    assert early == pytest.approx(found.instruments[0].most_kr, rel=0.05) and one + ips < 1.0e6
    assert found.best_kr["people"][0] == pytest.approx(found.instruments[0].most_kr, rel=0.05)
    assert found.best_kr["people"][2] > 4e6
    assert found.last["municipality"].value == 0.0  # the cheapest split leaves money
    assert found.last["people"].value * 1e6 == pytest.approx(
        300, abs=20 + 2 * found.last["people"].error * 1e6
    )
    assert max(found.worst_miss.values()) < 4.5
    names = [name for one in found.finalists for name in one.names]
    assert {"best: municipality", "best: people", "ips alone"} <= set(names)
    for one in found.finalists:
        kr = np.array(one.kr) / 1e6
        truth = 5e6 * (-0.5 * kr[0] + kr[1] + 0.8 * kr[2])
        assert abs(one.values["municipal"][0] - truth) < 2 * one.values["municipal"][1]
    firsts = [one.behind["municipality"] for one in found.finalists]
    assert (0.0, 0.0) in firsts and all(loss >= 0.0 for loss, _ in firsts)
    assert found.runs == PAIRS * (1 + found.splits) + 30 * (1 + len(found.finalists))


def test_doing_nothing_comes_to_the_finals() -> None:
    """It costs nothing and the finalists cost 3 and 8: it alone is best, and they are behind it by what they cost."""
    plan = plan_mix(load_experiment("ten_million"))
    asked = [((f"split {k}",), split) for k, split in enumerate(plan.splits[:2])]
    chance = np.random.default_rng(1)
    cost = np.array([3e6, 8e6]) + 1e5 * chance.normal(0, 1, (30, 2))
    seen = {key: np.zeros((30, 2)) for key in made_answer(plan, plan.splits[:2], 30, 1)} | {
        "municipal": cost,
        "public": cost,
    }
    found, nothing = _finalists(asked, seen, {}, np.ones(len(plan.instruments)))
    assert [one.behind["municipality"][0] for one in found] == pytest.approx([3e6, 8e6], rel=0.05)
    mix = replace(made_mix(), finalists=found, nothing_behind=nothing)
    told = [[row[3] for row in rows] for rows in mix_tables(mix)][0]
    assert told[1] == "best" and told[2:] == ["3.0 mio.", "8.0 mio."]


def test_it_is_said_when_fresh_luck_tells_another_apart_from_the_fitted_best() -> None:
    mix = made_mix()

    def behind(name: str, loss: float) -> Behind:
        return Behind(0.0 if name == "ips alone" else loss, 0.0 if name == "ips alone" else 500.0)

    def told(loss: float) -> str:
        finalists = tuple(
            replace(one, behind=one.behind | {"people": behind(one.names[-1], loss)}) for one in mix.finalists
        )
        own = replace(
            mix, finalists=finalists, nothing_behind=mix.nothing_behind | {"people": behind("", loss)}
        )
        return next(text for text in mix_texts(own) if "best for weeks in work" in text)

    assert "On fresh luck it is 900 weeks behind 'ips alone', which is told apart as better." in told(900.0)
    assert "On fresh luck" not in told(400.0)


def test_small_amounts_of_a_mix_are_seen() -> None:
    assert _error((2e4, 4e4), 1e6, 1) == "+0.02 ± 0.04" and _error((3e6, 1e6), 1e6, 1) == "+3.0 ± 1.0"
    assert _behind(Behind(2e4, 1e4), "municipality") == "0.02 mio."


def test_equal_finalists_are_not_told_apart() -> None:
    """7 equal finalists: one is called behind in 4.5 % of 200 sets, with a t interval of each in 44 %.
    15 sets: 4 or more in 0.5 %."""
    told, asked = 0, [((str(k),), Split((1.0,), load("baseline"))) for k in range(7)]
    for seed in range(15):
        y = 1e6 * (np.random.default_rng(seed).normal(size=(PAIRS, 7)) - 3)
        found, nothing = _finalists(asked, {"municipal": y, "public": y, "weeks": -y}, {}, np.ones(1))
        words = [_behind(one.behind["municipality"], "municipality") for one in found]
        told += any(one.endswith("mio.") for one in words)
        assert "best" in words
        assert _behind(nothing["municipality"], "municipality").endswith(
            "mio."
        )  # 3 behind, 19 standard errors
    assert told <= 3


def test_a_mix_is_told_and_drawn() -> None:
    found = made_mix()
    told = " ".join(mix_texts(found))
    assert f"{found.runs:,} runs" in told and "1 of the municipality, 260 weeks" in told
    assert "nothing that may be bought next is shown to help" in told and "cannot be told apart" in told
    assert "By the fitted answer best for weeks in work: " in told and "On fresh luck" not in told
    for rows in mix_tables(found):
        assert len({len(row) for row in rows}) == 1
        assert "simulated" not in rows[0][0]
    assert "by the fitted answer" in mix_tables(found)[1][0][0]
    part = replace(found, world_share=0.05)
    assert all("in the 5 % simulated" in rows[0][0] for rows in mix_tables(part))
    assert "kroner and weeks below are of this part" in mix_texts(part)[0]
    assert len(mix_figures(found)) == 2
    assert decision().names  # the rest of the decision does not need a mix
