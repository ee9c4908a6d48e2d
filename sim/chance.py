"""The only source of randomness: every draw is a pure function of (seed, stream, week, id).

Two scenarios with one seed share all luck except where a policy bites. A key is the two-word splitmix64 mix
mix(mix(k0 + id * G) ^ k1), with (k0, k1) from (seed, stream, week). Where one agent draws several times in a week, k is
folded into the id (`id * 64 + k`). List positions and loop order are never keys.
Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators" (finaliser of splitmix64).
"""

import warnings
from typing import Final

import numpy as np

from sim.compiled import JIT, kernel, rule

# Append-only: a stream's number is part of every draw.
STREAMS: Final = (
    "traits",
    "career_start",
    "clock_gap",
    "clock_event",
    "exit",
    "destination",
    "career_job",
    "absence",
    "resignation",
    "caseworker_quality",
    "assignment",
    "attendance",
    "queue_tie",
    "exemption",
    "assessment",
    "referral",
    "placement_company",
    "placement_open",
    "own_request",
    "posting",
    "lapse",
    "search",
    "search_company",
    "search_vacancy",
    "competitors",
    "ranking",
    "acceptance",
    "repost",
    "health",
    "arrival",
    "trial_arm",
    "revaluation",
    "measure_queue",
    "openness",
    "company",
    "retention",
    "follow",
    "handover",
    "reorganisation",
)
(
    S_TRAITS, S_CAREER_START, S_CLOCK_GAP, S_CLOCK_EVENT, S_EXIT, S_DESTINATION, S_CAREER_JOB, S_ABSENCE,
    S_RESIGNATION, S_QUALITY, S_ASSIGNMENT, S_ATTENDANCE, S_QUEUE_TIE, S_EXEMPTION, S_ASSESSMENT, S_REFERRAL,
    S_PLACEMENT_COMPANY, S_PLACEMENT_OPEN, S_OWN_REQUEST, S_POSTING, S_LAPSE, S_SEARCH, S_SEARCH_COMPANY,
    S_SEARCH_VACANCY, S_COMPETITORS, S_RANKING, S_ACCEPTANCE, S_REPOST, S_HEALTH, S_ARRIVAL, S_TRIAL_ARM,
    S_REVALUATION, S_MEASURE_QUEUE, S_OPENNESS, S_COMPANY, S_RETENTION, S_FOLLOW, S_HANDOVER, S_REORGANISATION,
) = range(len(STREAMS))  # fmt: skip

_G: Final = np.uint64(0x9E3779B97F4A7C15)
_M1: Final = np.uint64(0xBF58476D1CE4E5B9)
_M2: Final = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_ONE: Final = np.uint64(1)
_INV53: Final = 1.0 / 9007199254740992.0

if not JIT:  # wrapping is the point of the mix; NumPy scalars would warn about it
    warnings.filterwarnings("ignore", message="overflow encountered in scalar")


@rule
def mix(z):
    """The splitmix64 finaliser: uint64 -> uint64, a bijection."""
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@rule
def key_of(seed, stream, week):
    """The two key words of a stream in a week."""
    a = mix(np.uint64(seed) * _G + _ONE)
    b = mix(a + np.uint64(week) * _G)
    k0 = mix(b + np.uint64(stream) * _G)
    return k0, mix(k0 ^ a)


@rule
def bits(k0, k1, agent):
    """64 random bits of `agent` under the key."""
    return mix(mix(k0 + np.uint64(agent) * _G) ^ k1)


@rule
def uniform(keys, stream, agent):
    """A uniform number in [0, 1) for `agent`: float64 with 53 random bits. keys: uint64 (streams, 2) of this week."""
    return np.float64(bits(keys[stream, 0], keys[stream, 1], agent) >> _S11) * _INV53


@rule
def uniforms(keys, stream, agents, n, mixed, out):
    """One uniform number for each of the first n `agents` (int64), the same as one by one: processors with wide
    registers make several at a time where nothing else is done in between, and in short steps begin the next while
    these are not done (measured: three loops take half of one loop's time). mixed: uint64 work space, out: float64."""
    k0, k1 = keys[stream, 0], keys[stream, 1]
    for k in range(n):
        mixed[k] = mix(k0 + np.uint64(agents[k]) * _G) ^ k1
    for k in range(n):
        mixed[k] = mix(mixed[k]) >> _S11
    for k in range(n):
        out[k] = np.float64(mixed[k]) * _INV53


@rule
def tie(keys, stream, agent, n_bits):
    """`n_bits` random bits as a non-negative int64: breaks ties between agents without using their order."""
    return np.int64(bits(keys[stream, 0], keys[stream, 1], agent) >> np.uint64(64 - n_bits))


@kernel
def fill_keys(seed, week, keys):
    """Writes every stream's key of a week. keys: uint64 (streams, 2). Week -1 holds draws fixed for life."""
    for stream in range(keys.shape[0]):
        k0, k1 = key_of(seed, stream, week + 1)
        keys[stream, 0] = k0
        keys[stream, 1] = k1


def keys_of_week(seed: int, week: int) -> np.ndarray:
    """Keys of one week, uint64 (streams, 2). Week -1 for draws that belong to a life, not a week."""
    keys = np.zeros((len(STREAMS), 2), np.uint64)
    fill_keys(seed, week, keys)
    return keys


def keys_of_weeks(seed: int, first: int, until: int) -> np.ndarray:
    """Keys of the weeks from `first` up to `until` (not included), uint64 (weeks, streams, 2)."""
    keys = np.zeros((until - first, len(STREAMS), 2), np.uint64)
    for k in range(until - first):
        fill_keys(seed, first + k, keys[k])
    return keys
