"""Studies replayed in small worlds: estimators on made-up lives, treatments that reach the treated and nobody else."""

import math
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from calibration import solve
from calibration.estimators import Found, Sums, cells, dose_delivered, estimate, jackknife, log_hazard_ratio
from calibration.published import Experiment, Outcome, Population, Treatment, base_scenario, read
from calibration.replay import Lives, Watched, lots, replay, spell_statuses
from calibration.solve import Solved, solvable, solve_one, with_effect
from calibration.verdict import rows_of
from sim.codes import BENEFITS, FIRST_BENEFIT, JOB, OUTSIDE
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.behaviour_rows import Effect
from sim.trial import CONTROL, TREATED

DAGPENGE = FIRST_BENEFIT
SHARE = 0.06
FEW = (1, 2)


def made(paths: list[list[int]], arms: list[int]) -> Lives:
    path = np.array(paths, np.uint8)
    zero = np.zeros(path.shape)
    return Lives(np.array(arms, np.uint8), path, zero, zero, zero.astype(bool), np.full(path.shape, 0.1))


def outcome(measure: str, weeks: int = 3, **more: object) -> Outcome:
    return Outcome.model_validate(
        {"measure": measure, "weeks": weeks, "published": {"value": 1.0, "evidence": ["x"]}, **more}
    )


def test_estimators_on_lives_that_can_be_counted_by_hand() -> None:
    """Four treated: out after 1, 2 and 3 weeks to a job, one to own means after 1. Four controls: one job after 2."""
    d, j, o = DAGPENGE, JOB, OUTSIDE
    treated = [[d, j, j, j], [d, d, j, j], [d, d, d, j], [d, o, o, j]]
    control = [[d, d, j, j], [d, d, d, d], [d, d, d, d], [d, d, d, d]]
    lives = made(treated + control, [TREATED] * 4 + [CONTROL] * 4)
    still = made([[d, d, d, d]] * 8, [TREATED] * 4 + [CONTROL] * 4)
    wanted = {
        "hazard": outcome("hazard_ratio"), "by": outcome("share_by"), "at": outcome("share_at"),
        "days": outcome("days"), "length": outcome("duration_days"),
    }  # fmt: skip
    sums: Sums = cells([(still, lives)], wanted, (DAGPENGE,))
    exits = sums["hazard"][0, 1]
    assert exits[1].tolist() == [[1, 1, 1], [4, 2, 1]]  # the one on own means is no longer at risk
    assert exits[0].tolist() == [[0, 1, 0], [4, 4, 3]]
    # Mantel-Haenszel by week: (1x4/8 + 1x4/6 + 1x3/4) / (1x2/6)
    assert math.exp(log_hazard_ratio(exits[1], exits[0])) == pytest.approx((0.5 + 4 / 6 + 0.75) / (2 / 6))
    shown = {
        name: estimate(one, name, "office", [sums]).value for name, one in wanted.items() if name != "hazard"
    }
    assert shown["by"] == pytest.approx(100 * 5 / 8) and shown["at"] == pytest.approx(100 * 5 / 8)
    assert shown["days"] == pytest.approx(7 * (3 + 2 + 1 + 1 + 2) / 8)
    assert shown["length"] == pytest.approx(7 * ((1 + 2 + 3 + 1) + (2 + 3 + 3 + 3) - 24) / 8)
    by_lot = estimate(wanted["at"], "at", "person", [sums])
    assert by_lot.value == pytest.approx(100 * (1 - 0.25)) and math.isnan(by_lot.error)


def test_the_jackknife_gives_a_mean_its_usual_error() -> None:
    values = [np.array([v, 1.0]) for v in (1.0, 3.0, 8.0, 4.0)]
    value, error = jackknife(lambda chosen: sum(v[0] for v in chosen) / len(chosen), values)  # type: ignore[arg-type]
    assert value == pytest.approx(4.0)
    assert error == pytest.approx(3.182446 * np.std([1, 3, 8, 4], ddof=1) / 2, rel=1e-4)


def small(name: str, **changes: object) -> Experiment:
    one = read(name)
    return Experiment(one.name, one.path, one.file.model_copy(update=changes))


def test_a_treatment_of_nothing_is_exactly_nothing() -> None:
    """Two worlds on the same luck differ in nothing when the lever's dose is zero, whatever the lots say."""
    given = Treatment(meaning="nothing", levers={"early_intervention": {}})
    found = replay(small("early_meetings_2005", treatment=given), FEW, SHARE)
    for name, one in found.experiment.file.outcomes.items():
        assert estimate(one, name, "person", found.sums, log=True).value == 0.0


def test_meetings_reach_the_treated_and_a_lost_meeting_is_lost_once() -> None:
    more = replay(small("early_meetings_2005"), FEW, SHARE)
    total = np.sum([one["meetings"][0] for one in more.sums], axis=0)
    assert dose_delivered("person", total) > 1.0
    people = Population(groups=("dagpenge",), intake="everybody", enrol_weeks=1)
    one = small("absence_switzerland", population=people)
    world = base_scenario(one, SHARE, ("weeks=80",))
    given = one.file.treatment
    lost, held = (
        Watched(world, 1, lots(people, world.start_week, 0.5), people, treatment, True)
        for treatment in (given, None)
    )
    lost.run(), held.run()
    a, b = lost.lives(40), held.lives(40)
    assert (a.arm == b.arm).all() and {CONTROL, TREATED} == set(a.arm.tolist())
    first = b.met.argmax(axis=1)
    treated = (b.arm == TREATED) & b.met.any(axis=1) & (a.path[np.arange(first.size), first] == DAGPENGE)
    who = np.flatnonzero(treated)
    assert who.size > 10
    assert not a.met[who, first[who]].any()  # the meeting each would have had first has fallen out
    assert (lost.lost_in >= 0).sum() >= who.size
    control = b.arm == CONTROL
    assert (a.met[control].sum() - b.met[control].sum()) <= 0.1 * b.met[control].sum()


def test_a_mentor_and_a_new_caseworker_are_given_to_the_treated_only() -> None:
    people = Population(groups=("kontanthjaelp_activityready",), intake="everybody", enrol_weeks=1)
    one = small("caseworker_change_by_lot", population=people)
    world = base_scenario(one, SHARE, ("weeks=30",))
    given = Treatment(meaning="both", mentor_weeks=10, caseworker_changes=1)
    with_it, without = (
        Watched(world, 1, lots(people, world.start_week, 0.5), people, treatment, True)
        for treatment in (given, None)
    )
    with_it.run(), without.run()
    a, b = with_it.lives(15), without.lives(15)
    treated, control = (a.arm == one for one in (TREATED, CONTROL))
    assert (b.trust[treated, 0] - a.trust[treated, 0]).mean() > 0.1
    assert abs((b.trust[control, 0] - a.trust[control, 0]).mean()) < 0.02  # through hours only
    for state, expected in ((with_it.state, True), (without.state, False)):
        until = people.start_after_weeks + world.start_week + 10
        mentored = state["id"][state["mentor_until"] == until]
        assert (
            np.isin(with_it.arm_of[mentored], TREATED).mean() > 0.9 if mentored.size else False
        ) == expected


def test_whom_a_study_takes() -> None:
    one = small("sick_leave_three_sites")
    people = one.file.population
    assert people is not None
    world = base_scenario(one, SHARE, ("weeks=40",))
    model = Watched(world, 1, lots(people, world.start_week, 0.6), people, None, True)
    model.run(people.start_after_weeks + 1)
    state = model.state
    in_trial = model.arm_of[state["id"]] > 0
    spell = state.week - 1 - state["since"].astype(int) + 1
    assert in_trial.sum() > 5
    # Who left within the enrolment week has another status by now; the others are sick-listed for eight weeks or more.
    still = in_trial & np.isin(state["status"], spell_statuses(people)) & (state["since"] < state.week - 1)
    assert (spell[still] >= 8).all()


INFORMING = ("caseworker_change_by_lot", "early_meetings_activityready", "early_meetings_2005")


def test_there_is_a_replay_for_every_coefficient() -> None:
    assert {one.name for one in solvable()} == set(INFORMING)
    world = load("slagelse_2024")
    assert {one.file.solves.effect for one in solvable() if one.file.solves} == set(world.effects)
    assert all(effect.status == "solved" for effect in world.effects.values())


@pytest.mark.parametrize("name", INFORMING)
def test_small_replays_of_informing_studies_do_not_miss(name: str) -> None:
    (row,) = [row for row in rows_of(replay(read(name), range(1, 11), 0.2)) if row.rule == "returns"]
    assert row.verdict != "misses", row


@pytest.mark.slow
@pytest.mark.parametrize("name", INFORMING)
def test_every_informing_study_returns_its_contrast(name: str) -> None:
    """With the coefficients as shipped, on seeds they were not solved on: what went in comes out, all channels
    together. With the effect counted twice it does not (nothing times two is nothing). A dose is known to about 7 %, so
    there are as many seeds here as it was solved on."""
    one, seeds = read(name), range(101, 143)
    assert one.file.solves is not None
    effect = load("slagelse_2024").effects[one.file.solves.effect]
    verdicts = {}
    for factor in (1.0, 0.5):
        again = replay(
            one,
            seeds,
            None,
            lambda world, d=effect.dose.value * factor: with_effect(world, effect_of(one), dose=d),
        )
        (row,) = [row for row in rows_of(again) if row.rule == "returns"]
        verdicts[factor] = row.verdict
    twice = "agrees" if effect.contrast.value == 1.0 else "misses"
    assert verdicts == {1.0: "agrees", 0.5: twice}


def effect_of(one: Experiment) -> str:
    assert one.file.solves is not None
    return one.file.solves.effect


@pytest.mark.parametrize(("slope", "others"), [(0.9, 0.05), (2.5, -0.03)])
def test_solving_finds_the_dose_of_a_known_answer(
    slope: float, others: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay is replaced by a bent line of the coefficient: the dose found must return the contrast on it."""
    world = load("slagelse_2024")

    def answer(contrast: float, share: float, dose: float) -> float:
        beta = math.log(contrast) * share / dose
        return others + slope * beta - 0.4 * beta**2

    def made_up(
        experiment: Experiment, seeds: object, share: object, change: Callable[[Scenario], Scenario]
    ) -> object:
        return change(world)

    def read_off(outcome: object, name: str, by: str, sums: object, **more: object) -> Found:
        assert isinstance(sums, Effect)
        return Found(answer(sums.contrast.value, sums.channel_share.value, sums.dose.value), 0.001, 40)

    monkeypatch.setattr(
        solve, "replay", lambda *args: SimpleNamespace(sums=made_up(*args).effects["meetings_jobready"])
    )  # type: ignore[attr-defined]
    monkeypatch.setattr(solve, "estimate", read_off)
    found = solve_one(read("early_meetings_2005"), range(40))
    effect = world.effects["meetings_jobready"]
    target = math.log(effect.contrast.value) * effect.channel_share.value
    assert answer(effect.contrast.value, effect.channel_share.value, found.dose) == pytest.approx(
        target, rel=0.02
    )
    assert found.other_channels == pytest.approx(others) and found.target == pytest.approx(target)


def test_what_no_dose_can_mend_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = SimpleNamespace(sums=[])
    monkeypatch.setattr(solve, "replay", lambda *args: nothing)
    monkeypatch.setattr(solve, "estimate", lambda *args, **more: Found(0.3, 0.001, 40))
    with pytest.raises(
        UserError, match=r"the other channels alone return 1\.350, more than the 1\.143 asked for"
    ):
        solve_one(read("early_meetings_2005"), range(40))
    monkeypatch.setattr(solve, "estimate", lambda *args, **more: Found(0.0, 0.001, 40))
    with pytest.raises(UserError, match="does not answer to the dose of contact; use more --seeds"):
        solve_one(read("early_meetings_2005"), range(40))


def test_solved_doses_are_written_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "scenarios" / "behaviour"
    folder.mkdir(parents=True)
    text = (Path(__file__).resolve().parents[2] / "scenarios/behaviour/effects.yaml").read_text()
    (folder / "effects.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    one = Solved("meetings_jobready", "early_meetings_2005", 1.234, 0.1, 2.2, 0.134, 0.134, 0.05, 40, 1.25)
    path = solve.write_effects([one, changed(one, effect="caseworker_change", dose=0.3)])
    assert path.resolve() == folder / "effects.yaml"
    before, after = text.splitlines(), path.read_text().splitlines()
    rewritten = [line for line in after if line not in before]
    assert all("dose: {value: " in line or "note: " in line or "status: solved" in line for line in rewritten)
    effects = yaml_tree.read(path).root["effects"]
    assert effects["meetings_jobready"]["dose"]["value"] == "1.234"
    assert effects["caseworker_change"]["dose"]["value"] == "0.3"
    assert (
        effects["meetings_activityready"]
        == yaml_tree.parse(text, "before").root["effects"]["meetings_activityready"]
    )
    assert {effects[name]["status"] for name in ("meetings_jobready", "caseworker_change")} == {"solved"}


def test_effects_do_not_move_the_baseline() -> None:
    """Channels are centred: with every coefficient doubled the stocks of the base stay where they are. Four paired
    quarter worlds know their total to about 0.6 % (s.d.)."""
    base = load("slagelse_2024", overrides=("world.share=0.25", "weeks=104"))
    strong = base
    for name, effect in base.effects.items():
        strong = with_effect(strong, name, dose=effect.dose.value / 2)
    stocks = []
    for world in (base, strong):
        runs = [JobcenterModel(world, seed).run().result() for seed in range(1, 5)]
        stocks.append(
            np.array([np.mean([run.column(f"stock.{name}")[-52:] for run in runs]) for name in BENEFITS])
        )
    assert stocks[1].sum() == pytest.approx(stocks[0].sum(), rel=0.02)
    large = stocks[0] > 100
    assert stocks[1][large] == pytest.approx(stocks[0][large], rel=0.06)


def test_markets_are_told_by_coverage_and_in_order() -> None:
    """Where jobs are fixed in number, what the treated gain others lose: nobody is left untreated at 100 %, and the
    row on ordering is there."""
    one = read("displacement_france")
    design = one.file.design.model_copy(update={"coverage": (0.5, 1.0)})
    fixed = (*one.file.set, "behaviour.market.posting_response=0")
    found = rows_of(replay(small("displacement_france", design=design, set=fixed), FEW, 0.2))
    told = [(row.outcome, row.coverage) for row in found]
    assert told[:3] == [("treated", 0.5), ("untreated", 0.5), ("treated", 1.0)]
    assert told[3][0] == "treated, 100% against 50%" and len(told) == 4
    gain_of_half, loss, gain_of_all, less = (row.model for row in found)
    assert gain_of_half > gain_of_all > 0 > loss
    assert less == pytest.approx(gain_of_all - gain_of_half)
