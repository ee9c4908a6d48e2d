"""What the targets leave of each level's range: emcee on an emulator that is learnt anew where the posterior lies."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.emulator import Emulator, design, fit_emulator, stacked
from calibration.levels import Level, log_prior, values_at
from calibration.simulate import Simulator
from calibration.target_file import Target

STRETCH: Final = 1.5  # how far beyond the posterior of a round the next one looks, from its middle
EDGE: Final = 0.02  # of the width of a box: how near to its end a draw is said to press against it
WELL_INSIDE: Final = 0.95  # of the scale: an end of a box that is no end of the range
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
    """One round: how good the emulator was and what the posterior on it was, inside the box its runs reach."""

    low: np.ndarray
    high: np.ndarray
    emulator: Emulator
    sample: Sample
    lost: int  # runs with a target that could not be measured


def cut_by_box(wave: Wave) -> list[str]:
    """Levels whose posterior presses against the end of the box well inside their range: it might go on beyond.

    Said of an end where the density is no lower than over the whole box.
    """
    edge = EDGE * (wave.high - wave.low)
    t, out = wave.sample.t, []
    for k, level in enumerate(wave.sample.levels):
        inside = (
            (wave.low[k] > -WELL_INSIDE, t[:, k] < wave.low[k] + edge[k]),
            (wave.high[k] < WELL_INSIDE, t[:, k] > wave.high[k] - edge[k]),
        )
        if any(ends and float(near.mean()) >= EDGE for ends, near in inside):
            out.append(level.name)
    return out


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
    points: Sequence[int],
    steps: int,
    say: Callable[[str], None],
) -> list[Wave]:
    """Rounds of runs, emulator and posterior: the first over all ranges, each other where the posterior before it lies.

    Levels that the data hold together leave a thin slab of their ranges; an emulator learnt all over is poor in it, so
    the runs of the first round are not used again. The last round's sample is the posterior. luck: covariance of one
    run. points: runs of each round.
    """
    at = [simulator.names.index(target.name) for target in targets]
    made: list[tuple[np.ndarray, np.ndarray]] = []
    out: list[Wave] = []
    for number, size in enumerate(points):
        if number == 0:
            low, high = np.full(len(chosen), -1.0), np.full(len(chosen), 1.0)
            t = design(low, high, size, 1)
        else:
            t = around(out[-1].sample.t, size)
            low, high = t.min(axis=0), t.max(axis=0)
        seeds = [[FIRST_SEED + sum(points[:number]) + k] for k in range(len(t))]
        y = simulator.runs([values_at(chosen, point) for point in t], seeds)[:, 0, at]
        made = [*(made if number > 1 else []), (t, y)]
        emulator = fit_emulator(*stacked(made), luck, np.sqrt(np.diag(likelihood.covariance)))
        found = sample(chosen, emulator, likelihood, low, high, steps, 1 + number)
        out.append(Wave(low, high, emulator, found, int((~np.isfinite(y)).any(axis=1).sum())))
        unknown = np.sqrt(np.diag(emulator.error) / np.diag(likelihood.covariance))
        say(
            f"wave {number + 1} of {len(points)}: {emulator.points} runs, emulator"
            f" {'/'.join(f'{emulator.kinds.count(kind)} {kind}' for kind in dict.fromkeys(emulator.kinds))},"
            f" its error {np.median(unknown):.2f} of what may lie between model and count, at most {unknown.max():.2f}"
        )
    return out


def around(t: np.ndarray, size: int) -> np.ndarray:
    """Points where a posterior lies and somewhat beyond, float64 (points, levels), folded back into the ranges."""
    middle = t.mean(axis=0)
    wide = middle + STRETCH * (spread_over(t, size) - middle)
    return np.asarray(1.0 - np.abs(np.abs(wide + 1.0) % 4.0 - 2.0))


def spread_over(sample: np.ndarray, count: int) -> np.ndarray:
    """So many draws spread evenly over a sample."""
    return np.asarray(sample[np.linspace(0, len(sample) - 1, min(count, len(sample))).round().astype(int)])


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
