"""Step 11: the week's fixed status is paid, counted by the refusion clock and split between municipality and state.

The rules are called from sim/week/living.py, a block of people at a time.
"""

from collections import namedtuple

import numpy as np

from sim.behaviour.exits import benefit_of
from sim.codes import (
    A_BENEFIT,
    A_WAGE_SUBSIDY,
    ACT_GUIDANCE,
    ACT_LEGACY,
    ACT_WAGE_SUBSIDY,
    DAGPENGE,
    FIRST_BENEFIT,
    FLEKSJOB,
    FOERTIDSPENSION,
    M_PAID_HOURS,
    MUNICIPALITY,
    N_BENEFITS,
    RATE_CLASSES,
    STATE,
)
from sim.compiled import rule
from sim.money import amounts
from sim.population.citizens import LEGACY_AWARD
from sim.records.weekly import ELAPSED, LADDER, LONG_TERM, PS_ASKED, PS_EXEMPT, PS_PASSIVE
from sim.week.moving import count_on_clock, counts_as_support, remember_support

_state_part = rule(amounts.state_part)

PayTable = namedtuple(
    "PayTable",
    [
        "amount_oere",  # int64 (benefits, 2 x rate classes): a week's benefit, and the same beside paid hours
        "share_bp",  # int64 (benefits, activities, weeks): state share in basis points
        "step",  # int64 (benefits, activities, weeks): refusion step
        "bracket",  # uint16 (benefits, activities, weeks): row of `brackets`
        "brackets",  # int64 (brackets, 3): benefit, step and state share of weeks that are split alike
        "counter",  # int64 (benefits): 0 the person's clock, 1 weeks in the spell
        "subsidy_oere",  # int64: a week's wage subsidy to the employer
        "subsidy_counts",  # int64: 1 if a subsidised week moves the refusion clock
        "activity",  # int64 (measures): activity a refusion rule may ask for
        "operating_bp",  # int64 (benefits, activities): the state's part of what measures cost, basis points
    ],
)

P_CITIZENS, P_COMPANIES = 0, 3  # codes.PAYEES
N_RATES = 2 * len(RATE_CLASSES)  # without and beside paid hours
_BESIDE_PAID_HOURS = len(RATE_CLASSES)
LONG_TERM_WEEKS = 42  # 80 % of 52


@rule
def asked_by_goals(c, i, week, left_memory):
    """What the ten goals ask about a week on support: weeks of it, whether it is long-term, whether it has become so
    this week, whether activity is asked for yet, whether there is none.

    Answered without branches: for most of these questions a processor's guess would be wrong as often as right.
    """
    count, last = np.int64(c.support_count[i]), np.int64(c.last_meeting[i])
    turned = (count == LONG_TERM_WEEKS) & (left_memory == 0)  # one week ago it was one less
    asked = week - np.int64(c.since[i]) >= 8
    unmet = (last < 0) | (week - last > 8)
    inactive = (c.measure[i] == 0) & (c.programme[i] == 0) & (np.int64(c.mentor_until[i]) <= week)
    passive = asked & unmet & inactive
    return week - np.int64(c.support_since[i]) + 1, count >= LONG_TERM_WEEKS, turned, asked, passive


@rule
def note_support(c, w, cases, n, week):
    """Those of the n cases of a block who are on support in the sense of the ten goals: remembered and counted."""
    people, elapsed, long_term, turned, asked, passive = 0, 0, 0, 0, 0, 0
    for k in range(n):
        if counts_as_support(np.int64(c.status[cases[k]])):
            left_memory = remember_support(c, cases[k], week)
            weeks, is_long, has_turned, is_asked, is_passive = asked_by_goals(c, cases[k], week, left_memory)
            people += 1
            elapsed += weeks
            long_term += is_long
            turned += has_turned
            asked += is_asked
            passive += is_passive
    count_support(w, people, elapsed, long_term, turned, asked, passive)


@rule
def count_support(w, people, elapsed, long_term, turned, asked, passive):
    """Adds what `asked_by_goals` has said of so many people to the week's record."""
    w.row[ELAPSED] += elapsed
    w.row[ELAPSED + 1] += people
    w.row[LONG_TERM] += long_term
    w.row[LONG_TERM + 1] += turned
    w.row[PS_ASKED] += asked
    w.row[PS_EXEMPT] += people - asked
    w.row[PS_PASSIVE] += passive


@rule
def pay_block(c, w, law, table, paid, ledger, received, rows, n, week):
    """Pays a block of n people on support, rows uint32: a wage subsidy at once; those on a benefit are counted by
    bracket of refusion and rate in `paid`, int64 (brackets, N_RATES).

    All are looked up before any is counted: the count of one would hold up the reading of the next (measured: a third).
    """
    m = 0
    for k in range(n):
        i = rows[k]
        if c.status[i] < FIRST_BENEFIT:
            _pay_subsidy(c, table, ledger, received, i)
        else:
            w.bracket[m] = _bracket_of(c, law, table, i, week)
            w.answer[m] = c.rate_class[i] + _BESIDE_PAID_HOURS * (c.measure[i] == M_PAID_HOURS)
            m += 1
    for k in range(m):
        paid[w.bracket[k], w.answer[k]] += 1


@rule
def _bracket_of(c, law, table, i, week):
    """Person i's week on a benefit counts: n += 1, then the bracket of refusion it falls in.

    Source: financing act §§ 5-7.
    """
    benefit = benefit_of(c.status[i])
    count_on_clock(c, law, i, week)
    if benefit == DAGPENGE:
        c.right_used[i] += 1
    # A lever's programme is guidance and upskilling in the eyes of the law.
    activity = max(table.activity[c.measure[i]], ACT_GUIDANCE * (c.programme[i] > 0))
    legacy = ((benefit == FOERTIDSPENSION) | (benefit == FLEKSJOB)) & ((c.flags[i] & LEGACY_AWARD) != 0)
    activity += (ACT_LEGACY - activity) * legacy  # no branch: a guess would often be wrong
    in_spell, on_clock = week - np.int64(c.since[i]) + 1, np.int64(c.clock_n[i])
    weeks = min(max(on_clock if table.counter[benefit] == 0 else in_spell, 1), table.bracket.shape[2] - 1)
    return table.bracket[benefit, activity, weeks]


@rule
def pay_benefits(w, table, paid, ledger, received):
    """Pays everybody counted: who is alike in benefit, rate, step and share gets and is split alike.

    ledger: int64 (accounts, benefits + 1, steps, payers) øre, the payers' side; received: int64 (payees) øre, the other
    side, added up by itself. Shares are whole basis points and the state's part is rounded half up per person-week, so
    amounts add up exactly.
    """
    for bracket in range(paid.shape[0]):
        benefit, step, share = (
            table.brackets[bracket, 0],
            table.brackets[bracket, 1],
            table.brackets[bracket, 2],
        )
        for rate in range(paid.shape[1]):
            people = paid[bracket, rate]
            if people == 0:
                continue
            amount = table.amount_oere[benefit, rate]
            state = _state_part(amount, share)
            ledger[A_BENEFIT, benefit, step, STATE] += people * state
            ledger[A_BENEFIT, benefit, step, MUNICIPALITY] += people * (amount - state)
            received[P_CITIZENS] += people * amount
            w.row[LADDER + step] += people


@rule
def _pay_subsidy(c, table, ledger, received, i):
    """A week of wage subsidy: paid to the employer, refunded at the step of the person's clock, which stands still."""
    benefit = np.int64(c.origin[i]) - FIRST_BENEFIT
    if benefit < 0 or benefit >= N_BENEFITS:
        return
    if table.subsidy_counts:
        c.clock_n[i] += 1
    weeks = min(max(np.int64(c.clock_n[i]), 1), table.share_bp.shape[2] - 1)
    step = table.step[benefit, ACT_WAGE_SUBSIDY, weeks]
    amount = table.subsidy_oere
    state = _state_part(amount, table.share_bp[benefit, ACT_WAGE_SUBSIDY, weeks])
    ledger[A_WAGE_SUBSIDY, benefit, step, STATE] += state
    ledger[A_WAGE_SUBSIDY, benefit, step, MUNICIPALITY] += amount - state
    received[P_COMPANIES] += amount
