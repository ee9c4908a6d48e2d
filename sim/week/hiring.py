"""Step 8: citizens and competitors apply to open vacancies; each company ranks them and may hire one.

Displacement has a closure (design: `posting_response`): how many vacancies exist answers to how fast they
fill. Applicants
are citizens on benefits, residents in work (whose old post may be posted again) and non-residents.
"""

import math
from collections import namedtuple

import numpy as np

from sim.behaviour.exits import band_of, benefit_of
from sim.behaviour.hiring import applicant_weight, poisson
from sim.behaviour.meetings import contact_now
from sim.behaviour.search import applications_sent
from sim.chance import (
    S_ACCEPTANCE,
    S_COMPETITORS,
    S_RANKING,
    S_REPOST,
    S_SEARCH_COMPANY,
    S_SEARCH_VACANCY,
    uniform,
)
from sim.codes import JOB, N_BANDS, N_BENEFITS
from sim.compiled import kernel, rule
from sim.records.weekly import (
    MK_APPLICATIONS,
    MK_DRAWS,
    MK_HIRES,
    MK_HIRES_OUTSIDE,
    MK_HIRES_RESIDENT,
    MK_REPOSTED,
)
from sim.week.companies import COMPANY_SHIFT, vacancy_address
from sim.week.measures import note_contact
from sim.week.moving import ask
from sim.week.world import (
    L_VACANCIES,
    RANK_JOB,
    Y_FILL_ANCHOR,
    Y_FILL_WEEKS,
    Y_YIELD,
    Y_YIELD_ANCHOR,
)

# The channels through which policy acts on job finding, in logs of the hazard.
ChannelTable = namedtuple(
    "ChannelTable",
    [
        "contact",  # float64 (benefits): log hazard per meeting of contact dose
        "saturation",  # float64: meetings
        "trust",  # float64 (benefits): log hazard per unit of trust
        "novice_log",  # float64
        "threat",  # float64 (benefits): log hazard of the part of a measured package that is threat, if delivered
        "added",  # float64 (arms, benefits, bands): log hazard that levers add: typed assumptions, threat delivered
    ],
)

_MOST_COMPETITORS = 7
_RESIDENT, _NON_RESIDENT, _NOBODY = -2, -3, -1
_FIXED_POINT = 1048576.0
_ROUNDED = 1.0 + 1e-9  # keeps a bound one, however its parts are rounded


@rule
def channel_log(c, seats, meeting, channel, offer, i, benefit, band, week):
    """Sum of the effect channels of person i this week, log hazard, before centring."""
    contact = contact_now(c.contact[i], np.int64(c.last_meeting[i]), week, meeting)
    total = channel.contact[benefit] * min(contact, channel.saturation) + channel.trust[benefit] * c.trust[i]
    seat = np.int64(c.caseworker[i])
    if seat >= 0:
        total += seats.seat_quality[seat]
        total += channel.novice_log * (week < seats.seat_novice_until[seat])
    # Without branches, which a processor would guess wrong: "no measure" locks nobody in, what is over counts nothing.
    total += offer.lock_in_log[c.measure[i]]
    total += c.after_effect[i] * (np.int64(c.after_until[i]) > week)
    total += offer.mentor_log * (np.int64(c.mentor_until[i]) > week)
    total += offer.programme_log[c.programme[i], benefit] + channel.added[c.arm[i], benefit, band]
    return total + c.skill[i]


@rule
def invite_rivals(w, table, vacancies, best_score, best_row):
    """Residents in work and non-residents apply to every vacancy; the best of them is the one to beat."""
    for v in range(w.lengths[L_VACANCIES]):
        best_score[v] = 0.0
        best_row[v] = _NOBODY
        address = vacancies[v]
        for kind in range(2):
            mean = table.residents if kind == 0 else table.non_residents
            rivals = poisson(uniform(w.keys, S_COMPETITORS, address * 2 + kind), mean, _MOST_COMPETITORS)
            for k in range(rivals):
                score = uniform(w.keys, S_RANKING, (address << 22) | (0x3FFFFF - 8 * kind - k))
                if score > best_score[v]:
                    best_score[v] = score
                    best_row[v] = _RESIDENT if kind == 0 else _NON_RESIDENT


@rule
def bound_effects(seats, channel, offer, centre, highest):
    """Writes a bound on how much more than usual the channels make anybody look for work, by benefit and band of weeks
    in the spell, as a factor.

    Without what measures have left behind, which is each person's own; trust is at most 1 and habits add nothing.
    """
    quality = 0.0
    for s in range(seats.seat_quality.size):
        quality = max(quality, seats.seat_quality[s])
    lock_in = 0.0
    for measure in range(offer.lock_in_log.size):
        lock_in = max(lock_in, offer.lock_in_log[measure])
    for benefit in range(N_BENEFITS):
        programme = 0.0
        for p in range(offer.programme_log.shape[0]):
            programme = max(programme, offer.programme_log[p, benefit])
        total = max(channel.contact[benefit], 0.0) * channel.saturation + max(channel.trust[benefit], 0.0)
        total += quality + max(channel.novice_log, 0.0) + lock_in + max(offer.mentor_log, 0.0) + programme
        for band in range(N_BANDS):
            added = channel.added[0, benefit, band]
            for arm in range(channel.added.shape[0]):
                added = max(added, channel.added[arm, benefit, band])
            highest[benefit, band] = math.exp(total + added - centre[benefit, band]) * _ROUNDED


@rule
def may_ask(c, search, per_application, highest, i, u, week):
    """The light question first: whether person i turns to anybody at all if the channels do the most for them. Most
    people do not. highest: of `bound_effects`; the rest as in `companies_asked`."""
    benefit = benefit_of(c.status[i])
    band = band_of(week - np.int64(c.since[i]) + 1)
    most = _usual_applications(c, search, per_application, i, benefit) * highest[benefit, band]
    left_behind = 0.0
    if np.int64(c.after_until[i]) > week:
        left_behind = c.after_effect[i]
    # As in `applications_sent`: exp(x) <= 1 / (1 - x) below 1.
    return left_behind >= 1.0 or u * (1.0 - left_behind) < most


@rule
def _usual_applications(c, search, per_application, i, benefit):
    """Applications a week of person i when the channels do what they usually do."""
    return (
        search.hazard[benefit]
        * search.person_factor[c.attachment[i], c.education[i], c.health[i]]
        * per_application
    )


@rule
def companies_asked(
    c, seats, search, channel, meeting, offer, per_application, centre, sums, counts, learning, i, u, week
):
    """Number of companies person i turns to this week.

    u: the person's draw of the stream `search`. per_application: applications per hire in usual times, which turns
    hazards into expected applications. centre: float64 (benefits, bands), the usual channel sum of each group and band:
    effects count from there, so that levels stay where they were fitted. While `learning` is 1 (before the start) sums
    and counts, int64 (benefits, bands), take in the channel sums in fixed point and the people they come from.
    """
    benefit = benefit_of(c.status[i])
    if search.hazard[benefit] <= 0.0:
        return 0
    band = band_of(week - np.int64(c.since[i]) + 1)
    total = channel_log(c, seats, meeting, channel, offer, i, benefit, band, week)
    if learning == 1:
        sums[benefit, band] += int(math.floor(total * _FIXED_POINT))
        counts[benefit, band] += 1
    usual = _usual_applications(c, search, per_application, i, benefit)
    return applications_sent(u, usual, total - centre[benefit, band])


@rule
def apply_for_work(c, companies, w, table, tickets, vacancies, best_score, best_row, i, asked, week):
    """Person i draws so many companies and applies where a post is open."""
    agent = np.int64(c.id[i])
    for k in range(asked):
        address = agent * 8 + k
        place = uniform(w.keys, S_SEARCH_COMPANY, address)
        if place < table.own_sector_share:
            first = table.sector_first[c.sector[i]]
            size = table.sector_first[np.int64(c.sector[i]) + 1] - first
            place = place / table.own_sector_share
        else:
            first = 0
            size = tickets.size
            place = (place - table.own_sector_share) / (1.0 - table.own_sector_share)
        if size == 0:
            continue
        company = np.int64(tickets[first + min(int(place * size), size - 1)])
        open_posts = np.int64(companies.company_open[company])
        if open_posts == 0:
            continue
        w.row[MK_APPLICATIONS] += 1
        choice = int(uniform(w.keys, S_SEARCH_VACANCY, address) * open_posts)
        v = companies.company_first[company] + min(choice, open_posts - 1)
        weight = applicant_weight(table, c.education[i], week - np.int64(c.support_since[i]))
        score = weight * uniform(w.keys, S_RANKING, (vacancies[v] << 22) | agent)
        if score > best_score[v]:
            best_score[v] = score
            best_row[v] = i


@rule
def learn_what_is_usual(table, memory, centre, sums, counts):
    """Before the start the anchors of the market and the centres of the channels follow what happens; later they stand
    still.

    Hazards are fitted at the reference demand, so the anchor is what an application would be worth at that demand:
    a start in a slump must not take the slump for usual.
    """
    memory[Y_FILL_ANCHOR] = memory[Y_FILL_WEEKS]
    memory[Y_YIELD_ANCHOR] = max(memory[Y_YIELD], 1e-4) / table.finding
    for benefit in range(N_BENEFITS):
        for band in range(N_BANDS):
            if counts[benefit, band] > 0:
                mean = float(sums[benefit, band]) / _FIXED_POINT / float(counts[benefit, band])
                centre[benefit, band] += table.learning * (mean - centre[benefit, band])


@kernel
def hire(c, companies, w, table, tickets, vacancies, best_row, memory, draws, week, year_begin):
    """Companies with an applicant decide, in the order of the vacancies' addresses; unfilled and re-posted
    vacancies stay
    in the list. The market remembers how long posts take to fill and what an application is worth."""
    w.row[MK_DRAWS] += draws
    n = w.lengths[L_VACANCIES]
    kept = 0
    hired = 0
    filled = 0
    reposts = 0
    for v in range(n):
        address = vacancies[v]
        winner = best_row[v]
        if winner == _NOBODY or uniform(w.keys, S_ACCEPTANCE, address) >= table.acceptance:
            vacancies[kept] = address
            kept += 1
            continue
        company = address >> COMPANY_SHIFT
        if winner >= 0:
            # Leaves for a job already, or for a reason that comes before one: the post stays open.
            if c.request[winner] != 0 and c.request_rank[winner] <= RANK_JOB:
                vacancies[kept] = address
                kept += 1
                continue
            ask(c, w, winner, JOB, RANK_JOB)
            hired += 1
            w.row[MK_HIRES] += 1
            w.hired[c.education[winner]] += 1
            note_contact(companies, w, company, week, year_begin)
        elif winner == _RESIDENT:
            w.row[MK_HIRES_RESIDENT] += 1
            u = uniform(w.keys, S_REPOST, address)
            if u < table.repost_share:
                sector = companies.company_sector[company]
                first = table.sector_first[sector]
                size = table.sector_first[np.int64(sector) + 1] - first
                pick = first + min(int(u / table.repost_share * size), size - 1)
                best_row[reposts] = tickets[pick]  # reposts <= v, already decided
                reposts += 1
        else:
            w.row[MK_HIRES_OUTSIDE] += 1
        filled += 1
    for k in range(reposts):
        companies.company_open[best_row[k]] = 0  # from here counts the company's re-posted vacancies
    for k in range(reposts):
        # Numbers 32-63 are kept for re-posted vacancies of a week, counted company by company: the number is part of
        # the vacancy's chance, so one vacancy more elsewhere must not change it.
        company = np.int64(best_row[k])
        number = np.int64(companies.company_open[company])
        companies.company_open[company] = number + 1
        if kept < vacancies.size:
            vacancies[kept] = vacancy_address(company, week, 32 + (number & 31))
            kept += 1
            w.row[MK_REPOSTED] += 1
    w.lengths[L_VACANCIES] = kept
    if n > 0 and filled > 0:
        memory[Y_FILL_WEEKS] += table.learning * (float(n) / float(filled) - memory[Y_FILL_WEEKS])
    if draws > 0:
        memory[Y_YIELD] += table.learning * (float(hired) / float(draws) - memory[Y_YIELD])
