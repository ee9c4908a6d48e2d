"""The refusion clock: how many benefit weeks a person has used up, and what starts the count over.

Financing act § 5: one count of benefit weeks per person across all benefits. § 6(1): the count starts over
when the person, after the first benefit week, has had 52 whole calendar weeks of self-support within the last
three years; the weeks need not be consecutive. A week that is neither moves neither counter (inferred).

A person's clock is four whole numbers: `n`, benefit weeks counted, and `w0, w1, w2`, the self-support weeks
of the last 156 as three words of 52 bits; bit 0 of `w0` is the latest week. The functions move a clock over k
equal weeks at once. That is exact, because inside a run of self-support the number of self-support weeks in
the window never falls.

Each function stands alone and uses int64-safe arithmetic only, so each can be compiled by itself.
"""

from typing import Final

WORD_BITS: Final = 52
WINDOW_WEEKS: Final = 156  # 3 x 52, the most whole weeks that fit into three years
RESET_WEEKS: Final = 52

# What a week does to the clock.
FROZEN: Final = 0
SELF_SUPPORT: Final = 1
BENEFIT: Final = 2


def benefit_weeks(n: int, k: int) -> int:
    """k weeks touched by a benefit: the count grows. `other_weeks` slides the words along."""
    return n + k


def other_weeks(
    n: int, w0: int, w1: int, w2: int, k: int, window_weeks: int = 156
) -> tuple[int, int, int, int]:
    """k weeks without self-support pass: the window slides and old self-support weeks drop out of it.

    For frozen weeks (education on SU, wage subsidy, leave) and for the sliding that benefit weeks cause too.
    """
    if k <= 0 or (w0 | w1 | w2) == 0:
        return n, w0, w1, w2
    if k >= window_weeks:
        return n, 0, 0, 0
    full = (1 << 52) - 1
    while k >= 52:
        w2 = w1
        w1 = w0
        w0 = 0
        k -= 52
    if k > 0:
        keep = full >> k  # bits that stay inside their word; masked first, so no shift can overflow
        w2 = ((w2 & keep) << k) | (w1 >> (52 - k))
        w1 = ((w1 & keep) << k) | (w0 >> (52 - k))
        w0 = (w0 & keep) << k
    if window_weeks < 156:
        w0 &= (1 << min(max(window_weeks, 0), 52)) - 1
        w1 &= (1 << min(max(window_weeks - 52, 0), 52)) - 1
        w2 &= (1 << min(max(window_weeks - 104, 0), 52)) - 1
    return n, w0, w1, w2


def self_support_weeks(
    n: int,
    w0: int,
    w1: int,
    w2: int,
    k: int,
    reset_weeks: int = 52,
    window_weeks: int = 156,
    clear: bool = True,
) -> tuple[int, int, int, int]:
    """k whole weeks of self-support pass; with `reset_weeks` of them in the window the count starts over.

    Weeks before the first benefit week are not marked ("after the first week with benefits"). `clear` says
    whether the weeks that started the count over are used up (inferred from "starts over"); if not, they may
    serve again.
    """
    if k <= 0 or (n <= 0 and (w0 | w1 | w2) == 0):
        return n, w0, w1, w2
    full = (1 << 52) - 1
    slide = min(k, 156)
    while slide >= 52:
        w2 = w1
        w1 = w0
        w0 = full
        slide -= 52
    if slide > 0:
        keep = full >> slide
        w2 = ((w2 & keep) << slide) | (w1 >> (52 - slide))
        w1 = ((w1 & keep) << slide) | (w0 >> (52 - slide))
        w0 = ((w0 & keep) << slide) | ((1 << slide) - 1)
    if window_weeks < 156:
        w0 &= (1 << min(max(window_weeks, 0), 52)) - 1
        w1 &= (1 << min(max(window_weeks - 52, 0), 52)) - 1
        w2 &= (1 << min(max(window_weeks - 104, 0), 52)) - 1
    # Count the marked weeks: ones per byte in each word (at most 8 + 8 + 8), then the bytes added together.
    a = w0 - ((w0 >> 1) & 0x5555555555555)
    b = w1 - ((w1 >> 1) & 0x5555555555555)
    c = w2 - ((w2 >> 1) & 0x5555555555555)
    a = (a & 0x3333333333333) + ((a >> 2) & 0x3333333333333)
    b = (b & 0x3333333333333) + ((b >> 2) & 0x3333333333333)
    c = (c & 0x3333333333333) + ((c >> 2) & 0x3333333333333)
    a = (a + (a >> 4)) & 0xF0F0F0F0F0F0F
    b = (b + (b >> 4)) & 0xF0F0F0F0F0F0F
    c = (c + (c >> 4)) & 0xF0F0F0F0F0F0F
    total = a + b + c
    total += total >> 8
    total += total >> 16
    total += total >> 32
    if (total & 0xFF) >= reset_weeks:
        n = 0
        if clear:
            w0 = 0
            w1 = 0
            w2 = 0
    return n, w0, w1, w2


def marked_weeks(w0: int, w1: int, w2: int) -> int:
    """Self-support weeks in the window: how far the person is on the way to a fresh count."""
    total = 0
    for word in (w0, w1, w2):
        while word:
            word &= word - 1
            total += 1
    return total
