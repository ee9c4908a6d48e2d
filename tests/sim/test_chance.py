"""Chance: fixed vectors, an independent second implementation, and tests of uniformity and independence.

Seeds are fixed, so nothing here fails by luck on an unchanged generator. |z| < 5 fails for a perfect generator with
chance 6e-7 a number; about 400 numbers are looked at, so a new seed or stream would fail by luck with chance 2e-4.
"""

import math

import numpy as np
import pytest

from sim import chance
from sim.chance import STREAMS, bits, fill_keys, key_of, keys_of_week, mix, tie, uniform
from sim.population.synthesis import _draws

Z_LIMIT = 5.0
MASK = (1 << 64) - 1
G = 0x9E3779B97F4A7C15


def mix_in_integers(z: int) -> int:
    """The splitmix64 finaliser in Python's whole numbers."""
    z &= MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key_in_integers(seed: int, stream: int, week: int) -> tuple[int, int]:
    a = mix_in_integers(seed * G + 1)
    b = mix_in_integers(a + week * G)
    k0 = mix_in_integers(b + stream * G)
    return k0, mix_in_integers(k0 ^ a)


def bits_in_integers(k0: int, k1: int, agent: int) -> int:
    return mix_in_integers(mix_in_integers(k0 + agent * G) ^ k1)


def sample(seed: int, week: int, stream: int, n: int, per_agent: int = 1) -> np.ndarray:
    """Uniform numbers of agents 0..n-1: float64 (n, per_agent), drawn by the compiled generator."""
    out = np.zeros((n, per_agent))
    _draws(np.arange(n), keys_of_week(seed, week), stream, out)
    return out


def z_of_cells(counts: np.ndarray) -> float:
    """z of Pearson's chi-square of equally likely cells (Wilson and Hilferty's cube root)."""
    expected = counts.sum() / counts.size
    degrees = counts.size - 1
    ratio = float(((counts - expected) ** 2).sum() / expected) / degrees
    spread = 2.0 / (9.0 * degrees)
    return float((ratio ** (1.0 / 3.0) - (1.0 - spread)) / math.sqrt(spread))


def z_of_pairs(a: np.ndarray, b: np.ndarray) -> float:
    """z of the chi-square of 16 x 16 cells of pairs that should be independent and uniform."""
    cells = (a * 16).astype(np.int64) * 16 + (b * 16).astype(np.int64)
    return z_of_cells(np.bincount(cells, minlength=256))


def require_ordinary(z: float, what: str) -> None:
    if not abs(z) < Z_LIMIT:
        raise AssertionError(f"{what}: z = {z:.1f}")


# ---- fixed values ---------------------------------------------------------------------------------------------------


def test_the_finaliser_gives_the_published_numbers_of_splitmix64() -> None:
    """First outputs of splitmix64 seeded with 0 and with 1234567, as widely published."""
    published = {
        0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F],
        1234567: [6457827717110365317, 3203168211198807973, 9817491932198370423],
    }
    for seed, numbers in published.items():
        for k, number in enumerate(numbers, 1):
            state = (seed + k * G) & MASK
            assert int(mix(np.uint64(state))) == number
            assert mix_in_integers(state) == number


# Our own published vectors: (seed, stream, week, agent) -> 64 bits. A change of one changes every result ever stored.
VECTORS = {
    (0, 0, 0, 0): 0xDB203F9B54361B9E,
    (1, 0, 0, 0): 0x88060FBB36686BF4,
    (1, 21, 1409, 51000): 0x8B401CA038E912AD,
    (2, 21, 1409, 51000): 0x0CBE7F659A9AD7C2,
    (1, 22, 1409, 51000): 0x29324619AB38B672,
    (1, 21, 1410, 51000): 0x28FE08B7EA86F981,
    (1, 21, 1409, 51001): 0xF19F7B6CC74FAEF0,
    (2**31, 38, 2600, 16_777_215 * 4096 + 4095): 0x9CF5E4915B02661B,
}


@pytest.mark.parametrize("address", VECTORS, ids=str)
def test_published_vectors(address: tuple[int, int, int, int]) -> None:
    seed, stream, week, agent = address
    assert bits_in_integers(*key_in_integers(seed, stream, week), agent) == VECTORS[address]
    k0, k1 = key_of(seed, stream, week)
    assert int(bits(np.uint64(k0), np.uint64(k1), agent)) == VECTORS[address]


def test_compiled_numbers_equal_an_independent_implementation() -> None:
    """Whole columns of draws, all streams, as the kernels make them."""
    for seed, week in ((1, -1), (7, 0), (123456789, 1408), (2**40, 2999)):
        keys = keys_of_week(seed, week)
        for stream in range(len(STREAMS)):
            assert tuple(int(word) for word in keys[stream]) == key_in_integers(seed, stream, week + 1)
        out = np.zeros((50, 3))
        _draws(np.arange(50) * 977, keys, 5, out)
        words = key_in_integers(seed, 5, week + 1)
        for i in range(50):
            for k in range(3):
                number = bits_in_integers(*words, i * 977 * 64 + k)
                assert out[i, k] == (number >> 11) / 9007199254740992.0


def test_ties_are_the_highest_bits() -> None:
    keys = keys_of_week(3, 1408)
    for agent in (0, 1, 51000, 2**43):
        number = bits_in_integers(*key_in_integers(3, chance.S_QUEUE_TIE, 1409), agent)
        for n_bits in (1, 12, 30):
            assert int(tie(keys, chance.S_QUEUE_TIE, agent, n_bits)) == number >> (64 - n_bits)
        assert float(uniform(keys, chance.S_QUEUE_TIE, agent)) == (number >> 11) / 2**53


def test_constants_name_their_streams() -> None:
    """S_HEALTH is the stream called health, and so on; the list itself is held by the house rules."""
    named = {name: value for name, value in vars(chance).items() if name.startswith("S_")}
    assert sorted(named.values()) == list(range(len(STREAMS)))
    short = {"S_QUALITY": "caseworker_quality"}
    for name, value in named.items():
        assert STREAMS[value] == short.get(name, name[2:].lower())


# ---- uniform and independent ------------------------------------------------------------------------------------

N = 1 << 18


def test_every_stream_is_uniform() -> None:
    for stream, name in enumerate(STREAMS):
        u = sample(11, 1408, stream, N // 4)[:, 0]
        assert u.min() >= 0.0
        assert u.max() < 1.0
        require_ordinary(z_of_cells(np.bincount((u * 256).astype(np.int64), minlength=256)), f"{name}: cells")
        require_ordinary((float(u.mean()) - 0.5) * math.sqrt(12 * u.size), f"{name}: mean")
        low = np.floor(u * 2.0**53).astype(np.int64) & 255
        require_ordinary(z_of_cells(np.bincount(low, minlength=256)), f"{name}: lowest bits")


def test_neighbouring_ids_are_independent() -> None:
    for stream in (chance.S_SEARCH, chance.S_EXIT, chance.S_CLOCK_EVENT):
        u = sample(5, 1408, stream, N)[:, 0]
        for lag in (1, 2, 3, 64, 4096):
            require_ordinary(z_of_pairs(u[:-lag], u[lag:]), f"stream {stream}, ids {lag} apart")
        runs = int((np.diff(u) > 0).sum())  # ups of a random sequence: mean (n-1)/2, variance (n+1)/12
        require_ordinary((runs - (N - 1) / 2) / math.sqrt((N + 1) / 12), f"stream {stream}, ups and downs")


def test_draws_of_one_agent_are_independent() -> None:
    u = sample(5, 1408, chance.S_DESTINATION, N, 4)
    for a in range(4):
        for b in range(a + 1, 4):
            require_ordinary(z_of_pairs(u[:, a], u[:, b]), f"draws {a} and {b}")


def test_weeks_streams_and_seeds_are_independent() -> None:
    base = sample(5, 1408, chance.S_SEARCH, N)[:, 0]
    for week in (1407, 1409, 1410, 1460, -1):
        require_ordinary(z_of_pairs(base, sample(5, week, chance.S_SEARCH, N)[:, 0]), f"week {week}")
    for stream in range(len(STREAMS)):
        if stream != chance.S_SEARCH:
            require_ordinary(z_of_pairs(base, sample(5, 1408, stream, N)[:, 0]), f"stream {stream}")
    for seed in (0, 1, 4, 6, 5 + 2**32):
        require_ordinary(z_of_pairs(base, sample(seed, 1408, chance.S_SEARCH, N)[:, 0]), f"seed {seed}")


def test_one_agent_over_the_weeks_is_independent() -> None:
    """The sequence a person meets, week by week: 400 agents x 600 weeks."""
    out = np.zeros((600, 400))
    for t in range(600):
        out[t] = sample(9, 1200 + t, chance.S_SEARCH, 400)[:, 0]
    require_ordinary(z_of_pairs(out[:-1].ravel(), out[1:].ravel()), "one week and the next")
    require_ordinary(z_of_pairs(out[:-52].ravel(), out[52:].ravel()), "a week and the same a year on")
    means = (out.mean(axis=0) - 0.5) * math.sqrt(12 * 600)
    require_ordinary(float(np.abs(means).max()), "luckiest agent")


def test_no_two_of_many_neighbouring_addresses_share_a_number() -> None:
    """The mix is a bijection of the id under one key, so a collision is a mistake in an address, never luck."""
    u = np.concatenate([sample(1, 1408, stream, 1 << 15)[:, 0] for stream in range(8)])
    same = u.size - np.unique(u).size  # expected 3.8e-6 over streams: n^2 / 2^54
    assert same == 0


def test_the_statistics_here_can_fail() -> None:
    """A generator that forgets one word of its key, and one that counts, are found out."""
    u = sample(5, 1408, chance.S_SEARCH, N)[:, 0]
    with pytest.raises(AssertionError, match="z ="):
        require_ordinary(z_of_pairs(u, u), "a stream and itself")
    with pytest.raises(AssertionError, match="z ="):
        require_ordinary(z_of_pairs(u[:-1], (u[:-1] + 0.001 * u[1:]) % 1.0), "nearly the same")
    counting = (np.arange(N) * 0.6180339887498949) % 1.0
    with pytest.raises(AssertionError, match="z ="):
        require_ordinary(z_of_pairs(counting[:-1], counting[1:]), "a lattice")
    biased = np.where(u < 0.002, 0.5, u)
    with pytest.raises(AssertionError, match="z ="):
        require_ordinary(z_of_cells(np.bincount((biased * 256).astype(np.int64), minlength=256)), "a gap")


def test_keys_of_a_week_are_written_in_full() -> None:
    keys = np.zeros((len(STREAMS), 2), np.uint64)
    fill_keys(1, 1408, keys)
    assert len({int(word) for word in keys.ravel()}) == 2 * len(STREAMS)
    assert np.array_equal(keys, keys_of_week(1, 1408))
