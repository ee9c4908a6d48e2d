"""How much of what a policy seems to do for its participants is taken from others who look for work.

    python -m benchmarks.displacement [--seeds 8] [--share 1.0] [--weeks 156]

Frequent meetings for the insured and the job-ready are given by lot to 10, 50 and 100 % of them, under three answers of
firms to faster filling (`posting_response` 0, 0.5, 1). A trial inside one world sees treated minus control; the
municipality sees the total. What is missing is displacement: 1 - total / (trial view x treated). Persons displaced are
counted by who they are. Caseworkers are made plentiful in both worlds, so that the treated take hours from nobody and
what spills over goes through jobs alone.
"""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.codes import BENEFITS, DOORS
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.records.tables import with_open_spells
from sim.scenario import Scenario, load

TREATED, CONTROL = 2, 1
GROUPS = ("dagpenge", "kontanthjaelp_jobready")
COVERAGES = (0.1, 0.5, 1.0)
RESPONSES = (0.0, 0.5, 1.0)
APART = tuple(BENEFITS.index(name) for name in ("fleksjob", "foertidspension"))
PLENTY = "municipality.staff.teams.dagpenge_jobready.fte=60"


@dataclass(frozen=True)
class Lives:
    """One world: weeks on support and jobs found person by person, and jobs that went to outsiders."""

    support: np.ndarray  # float64 (ids): weeks on support within the horizon, pension and fleksjob apart
    found: np.ndarray  # float64 (ids): spells on support that ended in a job
    arm: np.ndarray  # int64 (ids)
    outsiders: Mapping[str, int]  # hires of residents in work and of non-residents


@dataclass(frozen=True)
class Effects:
    """Treated world minus untreated world of one seed. Weeks on support are counted as weeks saved."""

    treated: int  # persons drawn
    trial_view: (
        float  # weeks saved per person treated, treated minus control inside one world; NaN without control
    )
    total: float  # weeks saved by all residents
    jobs_treated: float
    jobs_others: float  # of residents on support outside the treated
    jobs_residents_in_work: float
    jobs_non_residents: float


def scenario_of(
    response: float, coverage: float, share: float, weeks: int, overrides: Sequence[str] = ()
) -> Scenario:
    """The policy at one coverage; 0 is the world without it."""
    lever = (
        f"levers.early_intervention={{groups: [{', '.join(GROUPS)}], meetings_per_26_weeks: 26, until_week: 52,"
        f" first_meeting_within_weeks: 1, coverage_share: {coverage}}}"
    )
    chosen = [f"world.share={share}", f"weeks={weeks}", PLENTY, *overrides, *([lever] if coverage else [])]
    return load("baseline", overrides=chosen).with_behaviour({"market.posting_response": response})


def live(scenario: Scenario, seed: int) -> Lives:
    """Lives one world to its horizon."""
    model = JobcenterModel(scenario, seed, state=starting_state(scenario, seed), recording="spells").run()
    result = model.result()
    assert result.spells is not None
    spells = with_open_spells(result.spells, model.state)
    counted = ~np.isin(spells["benefit"], APART)
    begin = np.maximum(np.maximum(spells["begin"], result.start), spells["arrived"])
    n = model.state["row_of"].size
    person = spells["person"]
    support = np.bincount(person[counted], (spells["end"] - begin)[counted], n)
    job = counted & (spells["door"] == DOORS.index("job"))
    arm = np.zeros(n, np.int64)
    arm[model.state["id"]] = model.state["arm"]
    outsiders = {
        kind: int(result.column(f"market.hires_{kind}").sum())
        for kind in ("resident_in_work", "non_resident")
    }
    return Lives(support, np.bincount(person[job], minlength=n).astype(float), arm, outsiders)


def compare(without: Lives, policy: Lives) -> Effects:
    """Effects of the policy in one seed. The trial view is net of what the two arms differed by before (same luck)."""
    saved = without.support - policy.support
    found = policy.found - without.found
    in_arm = {arm: policy.arm == arm for arm in (TREATED, CONTROL)}
    if not in_arm[TREATED].any():  # everybody is treated: no lot was drawn
        in_arm[TREATED] = np.ones(policy.arm.size, bool)
    treated = int(in_arm[TREATED].sum())
    control = saved[in_arm[CONTROL]].mean() if in_arm[CONTROL].any() else math.nan
    more = {kind: policy.outsiders[kind] - without.outsiders[kind] for kind in policy.outsiders}
    return Effects(
        treated=treated,
        trial_view=float(saved[in_arm[TREATED]].mean() - control),
        total=float(saved.sum()),
        jobs_treated=float(found[in_arm[TREATED]].sum()),
        jobs_others=float(found[~in_arm[TREATED]].sum()),
        jobs_residents_in_work=float(more["resident_in_work"]),
        jobs_non_residents=float(more["non_resident"]),
    )


def displacement(effects: Sequence[Effects], trial_view: float | None = None) -> tuple[float, float]:
    """(displacement rate among residents on support, its standard error over seeds).

    1 - total / (trial view x treated), a ratio of means; `trial_view` is given where there is no control group.
    """
    total = np.array([effect.total for effect in effects])
    views = np.array([effect.trial_view if trial_view is None else trial_view for effect in effects])
    expected = views * np.array([effect.treated for effect in effects])
    ratio = float(total.mean() / expected.mean())
    residual = total - ratio * expected
    error = (
        float(residual.std(ddof=1) / math.sqrt(len(effects)) / abs(expected.mean()))
        if len(effects) > 1
        else math.nan
    )
    return 1.0 - ratio, error


def study(
    seeds: Sequence[int], share: float, weeks: int, response: float, overrides: Sequence[str] = ()
) -> dict[float, list[Effects]]:
    """Effects by coverage, one per seed."""
    without = {seed: live(scenario_of(response, 0.0, share, weeks, overrides), seed) for seed in seeds}
    return {
        coverage: [
            compare(without[seed], live(scenario_of(response, coverage, share, weeks, overrides), seed))
            for seed in seeds
        ]
        for coverage in COVERAGES
    }


def lines(response: float, effects: Mapping[float, Sequence[Effects]]) -> list[str]:
    """One line per coverage. At 100 % the trial view is that of the smaller trials: inside one world there is none."""
    half = effects[0.5]
    view = float(np.mean([effect.trial_view for effect in half]))
    out = []
    for coverage, of in effects.items():
        rate, error = displacement(of, view if coverage == 1.0 else None)
        jobs = {name: np.mean([getattr(e, f"jobs_{name}") for e in of]) for name in _WHO}
        per_100 = 100.0 / jobs["treated"] if jobs["treated"] > 0 else math.nan
        others = "".join(f"{jobs[name] * per_100:12.0f}" for name in _WHO[1:])
        shown = view if coverage == 1.0 else np.mean([effect.trial_view for effect in of])
        out.append(
            f"{response:8.1f}{coverage:10.0%}{np.mean([e.total for e in of]):12.0f}{shown:12.3f}"
            f"{rate:10.0%} ± {1.96 * error:4.0%}{jobs['treated']:10.0f}{others}"
        )
    return out


_WHO = ("treated", "others", "residents_in_work", "non_residents")
_HEAD = (
    f"{'response':>8}{'coverage':>10}{'weeks saved':>12}{'trial view':>12}{'displaced':>17}{'jobs':>10}"
    f"{'others':>12}{'in work':>12}{'non-res.':>12}"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--weeks", type=int, default=156)
    chosen = parser.parse_args(arguments)
    print(
        f"Slagelse x {chosen.share:g}, {chosen.weeks} weeks, {chosen.seeds} paired runs.\n"
        "Weeks saved: of all residents. Trial view: weeks saved per person drawn, treated minus control. Displaced:\n"
        "among residents on support, ± calculation error. Jobs: more found by the treated; then, per 100 of them,\n"
        "more or fewer found by residents on support outside the treated, by residents in work (who keep the\n"
        "job they had) and by non-residents.\n"
    )
    print(_HEAD)
    for response in RESPONSES:
        effects = study(range(1, chosen.seeds + 1), chosen.share, chosen.weeks, response)
        print("\n".join(lines(response, effects)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
