"""Known answers: test functions whose indices are known in closed form, with luck added on top."""

import numpy as np
import pytest
from made_noise import factors, noisy

from experiments.sensitivity.analysis import Effect, analyse, design, ends
from experiments.sensitivity.indices import noise_variance, sobol, variance
from experiments.sensitivity.words import Unit, paragraph


def ishigami(u: np.ndarray) -> np.ndarray:
    x = np.pi * (2.0 * u - 1.0)
    return np.asarray(np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def g(u: np.ndarray, a: tuple[float, ...] = (0.0, 1.0, 4.5, 9.0, 99.0)) -> np.ndarray:
    return np.asarray(np.prod((np.abs(4.0 * u - 2.0) + a) / (1.0 + np.array(a)), axis=1))


ISHIGAMI = {"S1": (0.3139, 0.4424, 0.0), "ST": (0.5576, 0.4424, 0.2437)}


def g_truth(a: tuple[float, ...] = (0.0, 1.0, 4.5, 9.0, 99.0)) -> dict[str, np.ndarray]:
    part = 1.0 / (3.0 * (1.0 + np.array(a)) ** 2)
    whole = np.prod(1.0 + part) - 1.0
    return {"S1": part / whole, "ST": part * np.prod(1.0 + part) / (1.0 + part) / whole}


@pytest.mark.parametrize("name", ["ishigami", "g"])
def test_sobol_intervals_hold_the_known_indices_although_luck_is_half_of_the_variance(name: str) -> None:
    """Ten kinds of luck, 60 or 100 intervals of 95 %: 30 repetitions held 94 to 95 % of them. Under 85 % of so many,
    which are not independent of each other, has a chance below 1 % if they are right; seeds are fixed."""
    of, count, truth = (ishigami, 3, ISHIGAMI) if name == "ishigami" else (g, 5, g_truth())
    u = design("sobol", factors(count), 512)
    values = of(u)
    held, total = 0, 0
    for number in range(10):
        y = noisy(values, u, count + 2, float(values.std()) * 1.4, 2, number)
        assert noise_variance(y) / (noise_variance(y) + variance(y)) > 0.35
        found = sobol(y, count, 100)
        for index in ("S1", "ST"):
            for k in range(count):
                held += found[k][index].low <= truth[index][k] <= found[k][index].high
                total += 1
    assert held / total > 0.85, f"{held} of {total}"
    naive = sobol(y.mean(axis=1, keepdims=True), count, 0)
    assert naive[-1]["ST"].value > found[-1]["ST"].value + 0.1, (
        "luck left in makes an idle factor look like one"
    )


def test_without_luck_they_are_those_of_salib() -> None:
    from SALib.analyze import sobol as salib

    u = design("sobol", factors(3), 256)
    y = ishigami(u)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}
    theirs = salib.analyze(problem, y, calc_second_order=False, num_resamples=10, seed=1)
    ours = sobol(y[:, None], 3, 0)
    assert np.allclose([one["ST"].value for one in ours], theirs["ST"], rtol=0.02)
    assert np.allclose([one["S1"].value for one in ours], theirs["S1"], atol=0.02)


def test_screening_takes_luck_out_and_keeps_the_order() -> None:
    u = design("morris", factors(4), 40)
    y = noisy(10.0 * u[:, 0] + 8.0 * u[:, 1] ** 2 + 2.0 * u[:, 2], u, 5, 1.0, 3, 5)
    found = analyse("morris", factors(4), u, 40, Effect("s", "o", y))
    assert set(found.order()[:2]) == {0, 1}
    idle = found.indices[3]
    assert idle["rms"].value < 0.5 * idle["mu_star"].value, (
        "mu* of an idle factor is luck; its rms has it taken out"
    )
    assert found.indices[0]["mu"].value == pytest.approx(10.0, abs=1.0)
    assert found.indices[1]["sigma"].value > 0.0


@pytest.mark.parametrize(
    ("method", "index"), [("pawn", "median"), ("delta", "delta"), ("rbd_fast", "S1"), ("shapley", "Sh")]
)
def test_the_other_methods_find_what_matters(method: str, index: str) -> None:
    n = 120 if method == "delta" else 400  # its density estimates take their time
    u = design(method, factors(3), n)
    y = noisy(5.0 * u[:, 0] + 2.0 * u[:, 1], u, 1, 0.3, 2, 7)
    found = analyse(method, factors(3), u, n, Effect("s", "o", y))
    assert found.order()[0] == 0 and (method == "delta" or found.order() == [0, 1, 2])
    if method == "shapley":  # linear: variances 25 and 4
        assert found.indices[0][index].value == pytest.approx(25 / 29, abs=0.03)


def test_what_turns_a_sign_must_be_told_from_nothing() -> None:
    u = design("rbd_fast", factors(20), 600)
    y = noisy(u[:, 3] - 0.5, u, 1, 0.2, 1, 3)[:, 0]
    assert [one.factor.name for one in ends(factors(20), u, y) if one.flips] == ["x3"]


@pytest.mark.parametrize(("method", "k", "n", "seeds"), [("sobol", 12, 32, 2), ("morris", 20, 10, 3)])
def test_of_pure_luck_no_factor_is_told(method: str, k: int, n: int, seeds: int) -> None:
    """Twelve or twenty idle factors, most of which would have one whose interval lies above zero by luck."""
    u = design(method, factors(k), n)
    repeats, told = 40, 0
    for number in range(repeats):
        y = noisy(np.zeros(len(u)), u, len(u) // n, 1.0, seeds, number)
        told += analyse(method, factors(k), u, n, Effect("s", "o", y), 60).told_from_luck()
    assert told <= 3
    y = noisy(6.0 * u[:, 1], u, len(u) // n, 1.0, seeds, 1)
    assert analyse(method, factors(k), u, n, Effect("s", "o", y), 60).told_from_luck()


def test_the_extremes_of_pawn_are_no_interval() -> None:
    u = design("pawn", factors(2), 64)
    y = u[:, :1] + np.zeros((64, 2))
    found = analyse("pawn", factors(2), u, 64, Effect("s", "o", y)).indices
    assert all(np.isnan(one["median"].low) and np.isnan(one["median"].high) for one in found)


@pytest.mark.parametrize(("method", "out"), [("sobol", True), ("pawn", False), ("shapley", False)])
def test_luck_is_said_to_be_out_only_where_it_is(method: str, out: bool) -> None:
    u = design(method, factors(2), 64)
    y = noisy(4.0 * u[:, 0], u, len(u) // 64, 0.5, 2, 1)
    found = analyse(method, factors(2), u, 64, Effect("s", "net_municipal_cost/all/all", y), 20)
    said = paragraph(found, ends(factors(2), u, y.mean(axis=1), len(u) // 64), Unit("kr.", 1.0))
    assert ("has been taken out" in said) == out and (
        "is left in what the indices are made of" in said
    ) != out


def test_a_row_of_a_design_counts_once_at_the_ends() -> None:
    """No effect, but luck the points of a row share: an end is told from zero in about one analysis in twenty or less,
    where points taken for independent tell one in most."""
    k, rows, repeats = 6, 64, 150
    u = design("sobol", factors(k), rows)
    lots = np.random.default_rng(8)
    false = {1: 0, k + 2: 0}
    for _ in range(repeats):
        y = np.repeat(lots.normal(size=rows), k + 2) + 0.2 * lots.normal(size=len(u))
        for row in false:
            found = ends(factors(k), u, y, row)
            false[row] += any(abs(one.low) > one.low_error or abs(one.high) > one.high_error for one in found)
    assert 0.005 < false[k + 2] / repeats < 0.085, "stated: at most 0.05"
    assert false[1] / repeats > 0.4


def test_an_end_of_a_design_is_found_although_a_row_counts_once() -> None:
    u = design("sobol", factors(4), 64)
    lots = np.random.default_rng(9)
    y = 4.0 * (u[:, 2] - 0.5) + np.repeat(lots.normal(size=64), 6)
    found = ends(factors(4), u, y, 6)
    assert [one.factor.name for one in found if one.flips] == ["x2"]
    assert found[2].low == pytest.approx(-4.0 / 3.0, abs=found[2].low_error)


def test_more_seeds_for_some_points_leave_the_indices_right() -> None:
    """Extra luck at the neighbours of one factor: its interval narrows, nothing else moves, and nothing is biased."""
    u = design("sobol", factors(3), 256)
    values = ishigami(u)
    y = np.full((len(u), 6), np.nan)
    y[:, :2] = noisy(values, u, 5, float(values.std()) * 1.4, 2, 1)
    few = sobol(y[:, :2], 3, 200)
    chosen = np.isin(np.arange(len(u)) % 5, (0, 1, 4))  # A, the neighbour of the first factor, B
    y[chosen, 2:] = noisy(values, u, 5, float(values.std()) * 1.4, 4, 2)[chosen]
    more = sobol(y, 3, 200)
    width = [found[0]["ST"].high - found[0]["ST"].low for found in (few, more)]
    assert width[1] < 0.8 * width[0]
    assert more[0]["ST"].low <= ISHIGAMI["ST"][0] <= more[0]["ST"].high
    assert more[0]["S1"].low <= ISHIGAMI["S1"][0] <= more[0]["S1"].high
    assert noise_variance(y) < noise_variance(y[:, :2])
    assert variance(y) == pytest.approx(float(values.var()), rel=0.3)


def test_extra_seeds_go_to_the_points_of_the_factors_chosen() -> None:
    from experiments.sensitivity.study import Plan, points_of

    u = design("sobol", factors(4), 8)
    assert points_of(Plan("sobol", 8, 2), u, 4, [2])[:6] == [0, 3, 5, 6, 9, 11]
    u = design("morris", factors(4), 3)
    found = points_of(Plan("morris", 3, 2), u, 4, [1])
    assert len(found) == 6, "both ends of one step in each of three trajectories"
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert np.flatnonzero(u[second] - u[first]).tolist() == [1]
