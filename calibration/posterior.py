"""What the targets leave of each level's range: emcee on the emulator, in a box that shrinks from wave to wave."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.emulator import Emulator, design, fit_emulator, stacked
from calibration.levels import Level, log_prior, values_at
from calibration.simulate import Simulator
from calibration.target_file import Target

MARGIN: Final = 0.1  # of the width of a box, kept on either side of what the posterior needs
TAIL: Final = 0.005  # share of the posterior that may lie beyond each side of the next box
SAME: Final = 0.9  # a box that keeps nine tenths of its width on every level does not shrink further
FIRST_SEED: Final = 10_001  # luck of the design's runs: each point its own


@dataclass(frozen=True)
class Likelihood:
    """How probable the counted values are under a model's values: normal, with everything that can keep them apart."""

    counted: np.ndarray  # float64 (targets,)
    covariance: (
        np.ndarray
    )  # float64 (targets, targets): tolerance, discrepancy, luck of the one world counted

    def log(self, model: np.ndarray, emulator_error: np.ndarray) -> np.ndarray:
        """Log density at model values, float64 (points,). emulator_error: covariance, float64 (targets, targets)."""
        root = np.linalg.cholesky(self.covariance + emulator_error)
        away = np.linalg.solve(root, (model - self.counted).T)
        return np.asarray(-0.5 * (away**2).sum(axis=0))


@dataclass(frozen=True)
class Sample:
    """A posterior sample on the scale, and whether the chains tell the same story."""

    levels: tuple[Level, ...]
    t: np.ndarray  # float64 (draws, levels)
    log_density: np.ndarray  # float64 (draws,)
    rhat: np.ndarray  # float64 (levels,): 1 where halves of chains agree
    independent: float  # draws worth, after autocorrelation
    acceptance: float


@dataclass(frozen=True)
class Wave:
    """One round: where runs were made, how good the emulator was, how far the box shrank."""

    low: np.ndarray
    high: np.ndarray
    emulator: Emulator
    sample: Sample
    lost: int  # runs with a target that could not be measured


def sample(
    chosen: Sequence[Level],
    emulator: Emulator,
    likelihood: Likelihood,
    low: np.ndarray,
    high: np.ndarray,
    steps: int,
    seed: int = 1,
) -> Sample:
    """Draws from prior times likelihood inside a box. The first half of the steps is thrown away."""
    import emcee
    from threadpoolctl import threadpool_limits

    walkers = max(32, 4 * len(chosen))

    def log_density(t: np.ndarray) -> np.ndarray:
        inside = ((t >= low) & (t <= high)).all(axis=1)
        prior = np.where(inside, log_prior(chosen, t), -np.inf)
        return np.where(np.isfinite(prior), likelihood.log(emulator(t), emulator.error) + prior, -np.inf)

    begin = design(low, high, 16 * walkers, seed)
    begin = begin[np.argsort(-log_density(begin), kind="stable")[:walkers]]
    moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]
    sampler = emcee.EnsembleSampler(walkers, len(chosen), log_density, moves=moves, vectorize=True)
    sampler.random_state = _random_state(seed)
    with threadpool_limits(1):  # small matrices: more threads only wait, and would add in another order
        sampler.run_mcmc(begin, steps, skip_initial_state_check=True)
    chain = sampler.get_chain(discard=steps // 2)  # (steps, walkers, levels)
    tau = float(np.max(emcee.autocorr.integrated_time(chain, tol=0)))
    every = max(1, round(tau / 4))
    log = sampler.get_log_prob(discard=steps // 2, thin=every, flat=True)
    return Sample(
        tuple(chosen),
        chain[::every].reshape(-1, len(chosen))[: log.size],
        log,
        _rhat(chain),
        chain.shape[0] * walkers / max(tau, 1.0),
        float(np.mean(sampler.acceptance_fraction)),
    )


def waves(
    simulator: Simulator,
    chosen: Sequence[Level],
    targets: Sequence[Target],
    likelihood: Likelihood,
    luck: np.ndarray,
    best: np.ndarray | None,
    points: Sequence[int],
    steps: int,
    say: Callable[[str], None],
) -> list[Wave]:
    """Rounds of runs, emulator and posterior; the box of each is what the posterior before it needs.

    The last round's sample is the posterior. luck: covariance of one run. best: a point that stays in
    every box. points: runs of each round.
    """
    at = [simulator.names.index(target.name) for target in targets]
    low, high = np.full(len(chosen), -1.0), np.full(len(chosen), 1.0)
    made: list[tuple[np.ndarray, np.ndarray]] = []
    out: list[Wave] = []
    for number, size in enumerate(points):
        t = design(low, high, size, 1 + number)
        seeds = [[FIRST_SEED + sum(points[:number]) + k] for k in range(size)]
        y = simulator.runs([values_at(chosen, point) for point in t], seeds)[:, 0, at]
        made.append((t, y))
        all_t, all_y = stacked(made)
        room = MARGIN * (high - low)
        inside = ((all_t >= low - room) & (all_t <= high + room)).all(axis=1)
        emulator = fit_emulator(all_t[inside], all_y[inside], luck, np.sqrt(np.diag(likelihood.covariance)))
        found = sample(chosen, emulator, likelihood, low, high, steps, 1 + number)
        out.append(Wave(low, high, emulator, found, int((~np.isfinite(y)).any(axis=1).sum())))
        new_low, new_high = _next_box(found.t, low, high, best)
        kept = (new_high - new_low) / (high - low)
        say(
            f"wave {number + 1} of {len(points)}: {int(inside.sum())} runs, emulator"
            f" {'/'.join(f'{emulator.kinds.count(kind)} {kind}' for kind in dict.fromkeys(emulator.kinds))},"
            f" box shrinks to {kept.mean():.0%} of its width"
        )
        if (kept > SAME).all():
            break
        low, high = new_low, new_high
    return out


def _next_box(
    t: np.ndarray, low: np.ndarray, high: np.ndarray, best: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    needed_low, needed_high = np.quantile(t, (TAIL, 1 - TAIL), axis=0)
    if best is not None:
        needed_low, needed_high = np.minimum(needed_low, best), np.maximum(needed_high, best)
    room = MARGIN * (needed_high - needed_low)
    return np.maximum(low, needed_low - room), np.minimum(high, needed_high + room)


def _rhat(chain: np.ndarray) -> np.ndarray:
    """Split R-hat over the halves of every walker's chain, float64 (levels,)."""
    half = chain.shape[0] // 2
    parts = np.concatenate([chain[:half], chain[half : 2 * half]], axis=1)
    within = parts.var(axis=0, ddof=1).mean(axis=0)
    between = half * parts.mean(axis=0).var(axis=0, ddof=1)
    return np.asarray(np.sqrt(((half - 1) / half * within + between / half) / np.maximum(within, 1e-300)))


def _random_state(seed: int) -> tuple[str, np.ndarray, int]:
    """A state of the sampler's generator, made from a hash: the same seed gives the same chain."""
    words = b"".join(hashlib.sha256(f"chain {seed} {k}".encode()).digest() for k in range(78))
    return "MT19937", np.frombuffer(words, np.uint32)[:624].copy(), 624
