"""Decisions under uncertainty on made-up draws whose answer is known."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from made_decision import NAMES, PRIORS, decision, like_ten_million

from experiments.decisions import value
from experiments.decisions.amounts import kroner, percent, weeks
from experiments.decisions.answer import check_whole
from experiments.decisions.discovery import Box, where_better, words
from experiments.decisions.groups import ALL, groups_of
from experiments.decisions.knowledge import without_luck
from experiments.decisions.page import render
from experiments.decisions.pays_back import all_needed, needed, weeks_needed
from experiments.decisions.pilot import Pilot, Reach, pilots, reach_of, verdict
from experiments.decisions.precision import resampled
from experiments.decisions.question import Trials
from experiments.decisions.whole import Whole, _worth, headline, sections
from experiments.money import choices
from experiments.plan import Pair, Run
from sim.errors import UserError
from sim.scenario import load


def test_luck_does_not_send_the_probability_best_towards_equal_shares() -> None:
    """Three strategies, the first better in 97.7 % of draws; luck five times as wide as knowledge hides it."""
    chance = np.random.default_rng(7)
    draws, repeats = 400, 200
    truth = np.column_stack(
        [chance.normal(-2, 1, draws), chance.normal(5, 0.5, draws), chance.normal(5, 0.5, draws)]
    )
    draw = np.concatenate([np.arange(draws), np.arange(repeats)])
    seen = truth[draw] + chance.normal(0, 5, (draws + repeats, 3))

    def best(cost: np.ndarray) -> float:
        return choices({str(k): cost[:, k] for k in range(3)})["0"].probability_best

    noisy, clean = best(seen), best(without_luck(seen, draw))
    assert best(truth) == pytest.approx(0.977, abs=0.02)
    assert noisy < 0.65
    assert clean > 0.85


def test_knowledge_keeps_means_and_has_the_spread_that_is_left() -> None:
    chance = np.random.default_rng(3)
    truth = chance.normal(0, 1, (600, 2)) @ np.array([[2.0, 1.0], [0.0, 1000.0]]) + [3.0, 10.0]
    draw = np.concatenate([np.arange(600), np.arange(300)])
    seen = truth[draw] + chance.normal(0, 1, (900, 2)) * [2.0, 500.0]
    found = without_luck(seen, draw)
    assert found.std(axis=0) == pytest.approx(truth.std(axis=0), rel=0.12)
    assert found.mean(axis=0) == pytest.approx(truth.mean(axis=0), abs=100.0)
    assert np.corrcoef(found[:, 0], truth[:, 0])[0, 1] > 0.7


def test_without_repeats_luck_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="repeat a draw"):
        without_luck(np.ones((20, 2)), np.arange(20))
    draw = np.concatenate([np.arange(40), np.arange(11)])
    with pytest.raises(
        ValueError, match="11 pairs repeat a draw; 12 are needed to take luck out of 4 columns"
    ):
        without_luck(np.ones((51, 4)), draw)


def test_value_of_information_of_a_linear_gaussian_decision() -> None:
    """Act for 3 x + 4 y + 0 or not: perfect information is worth 5 / sqrt(2 pi), x alone 3, a trial of x as its se."""
    chance = np.random.default_rng(1)
    x, y, nothing = chance.normal(0, 1, (3, 2000))
    x, y = x - x.mean(), y - y.mean()
    benefit = np.column_stack([np.zeros(2000), 3 * x + 4 * y])
    unit = 1 / np.sqrt(2 * np.pi)
    assert value.perfect(benefit) == pytest.approx(5 * unit, rel=0.05)
    assert value.partial(benefit, x).kr == pytest.approx(3 * unit, rel=0.1)
    empty = value.partial(benefit, nothing)
    assert empty.kr < 0.3 * unit and np.quantile(empty.by_chance, 0.95) < 0.5 * unit
    assert value.trial(benefit, x, 0.0) == pytest.approx(3 * unit, rel=0.08)
    assert value.trial(benefit, x, 1.0) == pytest.approx(3 * unit / np.sqrt(2), rel=0.08)
    assert value.trial(benefit, x, 100.0) < 0.1 * unit


def test_a_wider_prior_makes_knowledge_worth_more() -> None:
    benefit = np.column_stack([np.zeros(500), np.random.default_rng(2).normal(-1, 1, 500)])
    half, plain, double = (value.perfect(value.widened(benefit, f)) for f in (0.5, 1.0, 2.0))
    assert half < 0.2 * plain < 0.2 * double / 2


def test_value_of_a_group_is_that_of_its_parameters_together() -> None:
    """3 a + 4 b + 12 c: a and b together are worth 5, with three idle ones still 5, the idle ones nothing, all 13."""
    z = np.random.default_rng(2).normal(0, 1, (800, 6))
    total = z @ np.array([3.0, 4.0, 12.0, 0.0, 0.0, 0.0])
    benefit = np.column_stack([np.zeros(800), total - total.mean()])
    unit = 1 / np.sqrt(2 * np.pi)

    def worth(*members: int) -> value.Part:
        return value.partial_of_group(benefit, [z[:, k] for k in members])

    assert worth(0, 1).kr == pytest.approx(5 * unit, rel=0.15)
    assert worth(0, 1, 3, 4, 5).kr == pytest.approx(5 * unit, rel=0.15)
    assert worth(0, 1, 2, 3, 4, 5).kr == pytest.approx(13 * unit, rel=0.1)
    idle = worth(3, 4, 5)
    bound = value.bounds_by_chance({"idle": idle})["idle"]
    assert idle.kr <= bound < 2 * unit < worth(0, 1).kr


def test_a_group_finds_what_its_parameters_do_only_together() -> None:
    """Benefit a x b: neither alone says which option to take, both together say it always."""
    a, b = np.random.default_rng(3).normal(0, 1, (2, 1500))
    benefit = np.column_stack([np.zeros(1500), a * b])
    assert value.partial_of_group(benefit, [a, b]).kr == pytest.approx(1 / np.pi, rel=0.15)
    assert value.partial(benefit, a).kr < 0.07


def test_groups_are_coarse_and_fine_and_never_the_same_set_twice() -> None:
    names = ["effects.meetings.contrast", "effects.meetings.channel_share", "implementation.share",
             "trust.gain", "trust.loss", "market.posting_response", "levers.programme.ips.running_factor"]  # fmt: skip
    found = groups_of(names)
    assert len(found[ALL]) == 7
    assert found["effects: published contrasts and their channels"] == (
        "effects.meetings.channel_share", "effects.meetings.contrast", "implementation.share")  # fmt: skip
    assert found["effect meetings"] == ("effects.meetings.channel_share", "effects.meetings.contrast")
    assert found["trust.*"] == ("trust.gain", "trust.loss")
    assert len(set(found.values())) == len(found) and all(len(group) > 1 for group in found.values())


def test_calculation_error_is_that_of_a_share_and_shrinks_with_draws() -> None:
    """Best in 3 of 4 draws: the error of a share of n draws is 1.96 sqrt(0.75 x 0.25 / n)."""
    errors = [
        decision(draws, draws // 3, luck=0.05).errors["best/municipality/good_if_x"] for draws in (60, 240)
    ]
    assert errors[0] == pytest.approx(1.96 * np.sqrt(0.1875 / 60), rel=0.25)
    assert errors[1] == pytest.approx(1.96 * np.sqrt(0.1875 / 240), rel=0.25)


def test_every_sample_of_draws_keeps_its_repeats() -> None:
    draw = np.array([0, 1, 2, 3, 0, 1])
    for rows, anew in resampled(draw, 20):
        assert len(rows) == 6 and np.unique(anew, return_counts=True)[1].tolist().count(2) == 2
        for number in np.unique(anew):
            assert len(set(draw[rows[anew == number]])) == 1


def test_a_made_decision_is_answered() -> None:
    """One strategy saves x of -1 to 3 mio.: best in 3 of 4 draws, regret 1/8 mio.; the other never."""
    found = decision()
    town = found.views()["municipality"]
    assert town["good_if_x"].probability_best == pytest.approx(0.75, abs=0.12)
    assert town["good_if_x"].expected_regret_kr == pytest.approx(0.125e6, abs=0.08e6)
    assert town["dear"].probability_best == 0.0
    worth = found.information
    assert worth["perfect"]["half"] < worth["perfect"]["evidence range"] < worth["perfect"]["double"]
    assert next(iter(worth["parameters"])) == "group.x"
    assert worth["groups"]["all that is drawn"]["kr"] > worth["groups"]["all that is drawn"]["by_chance"]
    paid = found.money()["good_if_x"]["payback_within"]
    assert paid[1] == 0.0 and paid[2] == pytest.approx(0.75, abs=0.12)


# ---- break-even ---------------------------------------------------------------------------------------------------


def test_weeks_that_pay_back_are_where_the_net_cost_is_nothing() -> None:
    """2 mio. spent, saved x + 2 for 104 (x + 2) weeks: 2 mio. are saved by 208 weeks, reached when x is above 0."""
    good, dear = weeks_needed(decision(luck=0.1))
    assert good.needed == pytest.approx(208, rel=0.03)
    assert good.chance == pytest.approx(0.75, abs=0.1)
    assert np.isnan(dear.needed) and np.isnan(dear.chance)


def test_class_b_is_answered_by_the_effect_it_needs() -> None:
    rows = {
        name: needed(name, load(name)) for name in ("jobstart", "early_intervention", "extra_caseworkers")
    }
    young, early, more = rows.values()
    assert young.evidence_class == "B" and young.effect_needed > 1.0 and "more than any trial" in young.words
    assert early.effect_needed < 0.1 and early.words == "within what has been found for its kind"
    assert more.evidence_class == "C" and "no effect to ask for" in more.words
    cheaper = load("jobstart", overrides=["levers.programme.jobstart.price_kr=10000"])
    assert needed("cheaper", cheaper).effect_needed < young.effect_needed


# ---- trials -------------------------------------------------------------------------------------------------------


def test_a_trial_is_worth_more_with_more_persons_and_never_more_than_knowing_everything() -> None:
    found = decision()
    # 1 week per person is not known by 1.15 x 104 / 208: s.d. 0.58; 100 per arm see it with 40 x sqrt(0.02) = 5.7.
    reach = {"good_if_x": Reach(persons_a_year=104.0, kr_per_person=1000.0, sd_weeks=4.0)}
    trials = Trials.model_validate(
        {"persons_per_arm": [10, 100, 104, 105], "fixed_kr": 10_000, "kr_per_person": 10}
    )
    small, middle, large = pilots(NAMES, found.pairs, reach, trials, PRIORS)
    assert small.standard_error == pytest.approx(4.0 * np.sqrt(2 / 10))
    assert middle.price_kr == 10_000 + 100 * 1000 + 200 * 10
    assert large.persons_per_arm == 104  # a strategy that reaches 104 a year cannot treat 105
    for prior in PRIORS:
        assert 0 <= small.worth_kr[prior] <= middle.worth_kr[prior] <= found.information["perfect"][prior]
    assert small.resolved_share == pytest.approx(
        small.known_sd**2 / (small.known_sd**2 + small.standard_error**2)
    )


def test_the_verdict_follows_the_price_under_each_prior_and_the_calculation_error() -> None:
    worth = {"half": 1e5, "evidence range": 3e5, "double": 9e5}

    def one(price: float, error: float = 0.0) -> Pilot:
        return Pilot("s", 100, 1.0, 1.0, 0.5, worth, dict.fromkeys(worth, error), price)

    assert verdict([one(1e4)]).startswith("May be worth its price under every prior")
    told = verdict([one(5e5, 3e5)])
    assert told.startswith("May be worth its price under the prior double:")
    assert told.endswith("Not under half. Under evidence range it cannot be told.")
    assert verdict([one(1e6)]).startswith("Not worth its price under any prior at the sizes asked for")
    assert verdict([one(1e6, 2e5)]).startswith("Whether it is worth its price cannot be told from these runs")
    # One size of two that cannot be told is enough for the whole not to be told.
    assert verdict([one(2e6, 2e5), one(1e6, 2e5)]).startswith("Whether it is worth its price cannot be told")


def test_persons_a_trial_would_enrol_differ_as_their_weeks_on_support_do() -> None:
    scenario = load("early_intervention", overrides=["world.share=0.05"])
    found = reach_of(scenario, Trials.model_validate({"follow_up_weeks": 52, "persons_per_arm": [100]}))
    assert isinstance(found, Reach)
    assert 5.0 < found.sd_weeks < 26.0  # of 0 to 52 weeks, at most half of it
    assert 1000 < found.persons_a_year < 10_000
    many = Trials.model_validate({"persons_per_arm": [1_000_000]})
    assert "fewer than" in str(reach_of(scenario, many))
    assert "whole office" in str(reach_of(load("extra_caseworkers"), many))


# ---- discovery ----------------------------------------------------------------------------------------------------


def made_draws(seed: int, draws: int = 300) -> dict[str, np.ndarray]:
    values = np.random.default_rng(seed).random((12, draws))
    return {f"p{k}": row for k, row in enumerate(values)}


def test_a_known_box_is_found_with_luck_in_the_way() -> None:
    """Better where p3 > 0.6 and p7 < 0.4: 16 % of draws, and by chance elsewhere."""
    p, chance = made_draws(1), np.random.default_rng(2)
    inside = (p["p3"] > 0.6) & (p["p7"] < 0.4)
    box = where_better("a", "b", np.where(inside, 3.0, -1.5) + chance.normal(0, 1, 300), p, shuffles=39)
    assert not box.why_not and box.chance <= 0.05
    assert {(one.parameter, one.above) for one in box.conditions} == {("p3", True), ("p7", False)}
    assert {one.parameter: one.threshold for one in box.conditions} == pytest.approx(
        {"p3": 0.6, "p7": 0.4}, abs=0.05
    )
    assert box.density > 0.95 and box.coverage > 0.6
    assert re.search(
        r"in 100 % where p3 is above 0.6\d+ \(highest \d+ %.* and p7 is below 0.[34]", words(box)
    )


def test_how_often_a_box_wins_is_counted_on_draws_it_was_not_made_from() -> None:
    """Luck decides, and one weak condition beside it: on its own draws the box wins more often than it will again."""

    def inside(box: Box, parameters: dict[str, np.ndarray]) -> np.ndarray:
        sides = [(parameters[one.parameter] > one.threshold) == one.above for one in box.conditions]
        return np.all(sides, axis=0)

    own, said, again = [], [], made_draws(500, 20_000)
    new = np.random.default_rng(90).normal(0, 1, 20_000) + 1.2 * (again["p3"] > 0.5) - 0.6
    for seed in range(6):
        p, chance = made_draws(seed), np.random.default_rng(50 + seed)
        gain = chance.normal(0, 1, 300) + 1.2 * (p["p3"] > 0.5) - 0.6
        box = where_better("a", "b", gain, p, shuffles=19)
        if not box.why_not:
            truth = (new[inside(box, again)] > 0).mean()
            own.append((gain[inside(box, p)] > 0).mean() - truth)
            said.append(box.density - truth)
            assert "on draws the tree has not seen" in words(box)
    assert len(said) >= 4 and np.mean(own) > 0.04 and np.mean(said) < 0.02


def test_nothing_is_said_of_luck() -> None:
    for seed in range(3):
        gain = np.random.default_rng(100 + seed).normal(0, 1, 300)
        box = where_better("a", "b", gain, made_draws(seed), shuffles=39)
        assert not box.conditions and "cannot be told" in words(box)


def test_a_box_needs_draws_and_two_outcomes() -> None:
    p = made_draws(1)
    assert "nearly every draw" in where_better("a", "b", np.ones(300), p).why_not
    few = {name: values[:30] for name, values in p.items()}
    assert "too few" in where_better("a", "b", few["p1"] - 0.5, few).why_not


# ---- what is shown ------------------------------------------------------------------------------------------------


def made_whole() -> Whole:
    found = decision()
    reach = {"good_if_x": Reach(104.0, 1000.0, 4.0)}
    trials = Trials.model_validate({"persons_per_arm": [10, 100]})
    rows = all_needed([("early_intervention", load("early_intervention"))], [("jobstart", load("jobstart"))])
    return Whole(found, [], pilots(NAMES, found.pairs, reach, trials, PRIORS), {"dear": "it is a <building>"},
                 rows, weeks_needed(found),
                 [where_better("good_if_x", "do nothing", -found.known.municipal[:, 0], found.parameters)])  # fmt: skip


def test_the_page_holds_every_answer_and_nothing_from_outside() -> None:
    everything = made_whole()
    page = render(
        everything, "10 mio. & what?", "Slagelse", "120 draws", "Not calibrated", "jobcenter decide x"
    )
    assert page == render(
        everything, "10 mio. & what?", "Slagelse", "120 draws", "Not calibrated", "jobcenter decide x"
    )
    assert "10 mio. &amp; what?" in page and "it is a &lt;building&gt;" in page and "Not calibrated" in page
    for section in sections(everything):
        assert section.title.replace("'", "&#39;") in page
    assert page.count("<svg") == 5
    assert not re.search(r'(src|href)="(?!#)', page) and len(page) < 1_000_000


def test_what_is_worth_knowing_is_of_the_whole_municipality_as_the_prices_of_trials_are() -> None:
    whole, quarter = made_whole(), replace(made_whole(), world_share=0.25)
    found = whole.decision
    kr, error = found.information["perfect"]["evidence range"], found.errors["perfect"]
    assert f"worth {kroner(kr, error)}, and" in headline(whole)[1]
    assert f"worth {kroner(kr / 0.25, error / 0.25)} to the whole" in headline(quarter)[1]
    assert "to the whole municipality" in headline(quarter)[1]
    assert "over the horizon in the 25 % simulated" in headline(quarter)[0]
    assert "simulated" not in headline(whole)[0]
    [table] = next(one for one in sections(quarter) if one.key == "information").tables
    assert table[0][1] == "mio. kr., whole municipality" and table[1][1] == f"{kr / 0.25 / 1e6:,.2f}"
    for section in sections(whole):
        assert "simulated" not in str(section.tables).replace("simulated, class A", "")
        assert "whole municipality" not in f"{section.texts} {section.tables}"
    heads = {section.key: [rows[0] for rows in section.tables] for section in sections(quarter)}
    for key, at in (("best", 0), ("payback", 0), ("break_even", 1)):
        assert "in the 25 % simulated" in heads[key][at][0]
    assert "whole municipality" in heads["break_even"][0][2] and "whole municipality" in heads["trials"][0][0]


def test_what_is_not_shown_is_not_said_to_be_absent() -> None:
    """A trial within its calculation error of its price, luck as large as all that is found, shares of 0 %."""
    whole = made_whole()
    assert "A trial may be worth its price" in headline(replace(whole, pilots=[priced(1e4)]))[1]
    assert "cannot be told from these runs" in headline(replace(whole, pilots=[priced(2e5, 2e5)]))[1]
    assert (
        "No trial of the sizes asked for is worth" in headline(replace(whole, pilots=[priced(9e5, 2e5)]))[1]
    )
    assert "cannot be told from luck" not in headline(whole)[1]
    only_luck = replace(whole, decision=replace(whole.decision, pairs=like_ten_million(0.0, 1), names=("a", "b", "c"),
                                                parameters={}))  # fmt: skip
    assert "so it cannot be told from luck" in headline(only_luck)[1]
    told = {section.key: " ".join(section.texts) for section in sections(whole)}
    assert "0 % of 120 draws is not never: by so few draws it may be up to 3 %" in told["acceptability"]
    assert "may be worth nothing, or as much" in told["information"]
    [table] = next(one for one in sections(whole) if one.key == "payback").tables
    assert table[2][-1] == "100 % (97 to 100)" and table[2][-2].startswith("0 % (0 to 3), 0 % (0 to 3), -")


def test_that_nothing_is_not_never_is_said_only_beside_a_share_of_nothing_or_all() -> None:
    whole = made_whole()
    own = replace(whole.decision, pairs=like_ten_million(1.0, 1), names=("a", "b", "c"), parameters={})
    by_draw = own.acceptability()
    assert all(0.02 < share < 0.98 for of in by_draw.values() for share in of.values())
    assert _worth(own).texts == [] and "not never" in _worth(whole.decision).texts[0]


def test_a_winner_that_cannot_be_told_is_not_named_as_one() -> None:
    """Three strategies, all is luck: none is told apart. One that saves far more than luck is."""
    whole = made_whole()

    def told(saving: float) -> str:
        pairs = like_ten_million(0.0, 1)
        pairs.values[:, 0, 1] -= saving
        pairs.values[:] *= 1e3
        own = replace(whole.decision, pairs=pairs, names=("a", "b", "c"), parameters={})
        return headline(replace(whole, decision=own))[0]

    assert told(0.0).startswith("It cannot be told whether '") and "' or '" in told(0.0)
    assert re.search(r"regret: [1-9]\d* ± [1-9]\d* kr\.", told(0.0))  # of 1,000 kr. of luck in a pair
    assert told(9.0).startswith("For the municipality 'b' has the least expected regret: ")


def test_amounts_are_written_so_that_something_is_seen_of_them() -> None:
    assert (
        kroner(3.4e6, 1.9e6) == "3.4 ± 1.9 mio. kr."
        and kroner(-2e6, 4e4, sign=True) == "-2.00 ± 0.04 mio. kr."
    )
    assert kroner(12_300, 40_000) == "12 ± 40 t. kr." and kroner(300, 20) == "300 ± 20 kr."
    assert kroner(1e-5, 1e-4) == "0 kr." and kroner(0.0) == "0 kr." and kroner(99_990) == "100 t. kr."
    assert weeks(0.3, 0.2) == "0.3 ± 0.2 weeks" and weeks(144.4, 230.0) == "144 ± 230 weeks"
    assert weeks(0.0, 0.0) == "0 weeks" and kroner(5_000, 0.2) == "5 ± 0 t. kr."
    assert percent(0.71, 0.79) == "71 % (0 to 100)" and percent(0.46, 0.17) == "46 ± 17 %"
    assert percent(0.0, 0.05) == "0 % (0 to 5)" and percent(0.95, 0.07) == "95 % (88 to 100)"


def priced(price: float, error: float = 0.0) -> Pilot:
    return Pilot("s", 100, 1.0, 1.0, 0.5, {"evidence range": 1e5}, {"evidence range": error}, price)


def test_failed_runs_end_the_answer_with_their_names() -> None:
    """Pairs left out because a strategy broke down need not be like the others."""
    pairs = [Pair(number, "", number, number + 1) for number in range(3)]
    keys = {pair: [Run(f"{pair.number}{at}", pair, at) for at in range(2)] for pair in pairs}
    have = {run.key for runs in keys.values() for run in runs} - {"11"}
    job = SimpleNamespace(
        experiment=SimpleNamespace(names=("baseline", "dear")), keys=keys, have=have,
        summary=SimpleNamespace(failed=1, planned=6), store=SimpleNamespace(folder="here"),
    )  # fmt: skip
    with pytest.raises(UserError, match="1 of 6 runs failed.*dear, seed 2.*same command.*store status here"):
        check_whole(job)  # type: ignore[arg-type]
    job.have, job.summary.failed = have | {"11"}, 0
    check_whole(job)  # type: ignore[arg-type]
    job.have = have - {"20", "21"}  # a pair the stop rule never began is no failure, one that lacks a run is
    with pytest.raises(UserError, match="1 of 6"):
        check_whole(job)  # type: ignore[arg-type]


def test_the_box_of_the_made_decision_is_its_parameter() -> None:
    (box,) = made_whole().boxes
    assert [(one.parameter, one.above) for one in box.conditions] == [("group.x", True)]
    assert box.density > 0.9
