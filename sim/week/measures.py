"""Step 6: measures end and leave something behind; offers start while money, hours and places last."""

import numpy as np

from sim.behaviour.offers import kind_of_offer, place_quota
from sim.chance import (
    S_MEASURE_QUEUE,
    S_PLACEMENT_COMPANY,
    S_PLACEMENT_OPEN,
    S_RETENTION,
    uniform,
)
from sim.codes import (
    FIRST_BENEFIT,
    JOB,
    M_MENTOR,
    M_PAID_HOURS,
    M_PLACEMENT_PRIVATE,
    M_PLACEMENT_PUBLIC,
    M_WAGE_SUBSIDY,
    N_BENEFITS,
    SUBSIDISED_JOB,
)
from sim.compiled import kernel, rule
from sim.records.weekly import (
    COMPANIES,
    COMPANY_WEEKS,
    MEASURE_WEEKS,
    MEASURES,
    RF_BUDGET,
    RF_HOURS,
    RF_PLACE,
)
from sim.week.moving import ask, end_measure
from sim.week.world import L_SUPPORTED, RANK_EDUCATION, RANK_JOB, RANK_OTHER

# Columns of the pots of the year: authorised, committed, spent, carried over from the year before (all int64 øre).
AUTHORISED, COMMITTED, SPENT, CARRIED = range(4)
THIN_OUT, OVERSPEND = 1, 2  # of OfferTable.when_empty


@rule
def _at_company(measure):
    """Company-based in the sense of the ten goals: placement, wage subsidy, ordinary paid hours."""
    placed = measure == M_PLACEMENT_PRIVATE or measure == M_PLACEMENT_PUBLIC
    return placed or measure == M_WAGE_SUBSIDY or measure == M_PAID_HOURS


@kernel
def _end(c, companies, w, offer, week, year_end):
    """Ends what has run its time: the host's place is free, the after-effect begins, a subsidised job turns into an
    ordinary one or into the benefit it came from. Counts the measures running this week.

    Returns the weeks of wage subsidy that people on one will still be paid for in this budget year.
    """
    subsidy_weeks = 0
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        measure = np.int64(c.measure[i])
        w.row[MEASURE_WEEKS + M_MENTOR] += np.int64(c.mentor_until[i]) > week
        if measure == 0:
            continue
        if measure == M_WAGE_SUBSIDY:
            first = max(week, np.int64(c.measure_start[i]))
            subsidy_weeks += max(0, min(np.int64(c.measure_until[i]), year_end - 1) - first + 1)
        if week < c.measure_until[i]:
            w.row[MEASURE_WEEKS + measure] += 1
            # Placements and subsidies dropped within two weeks do not count: the third week brings the first two along.
            lived = week - np.int64(c.measure_start[i])
            if _at_company(measure) and lived >= 2:
                w.row[COMPANY_WEEKS] += 3 if lived == 2 else 1
            continue
        status = np.int64(c.status[i])
        host = np.int64(c.host[i])
        if host >= 0:
            openness = companies.company_openness[host] + offer.openness_gain
            companies.company_openness[host] = min(openness, 0.95)
        if status == SUBSIDISED_JOB:
            agent = np.int64(c.id[i])
            if uniform(w.keys, S_RETENTION, agent) < offer.subsidy_hired:
                ask(c, w, i, JOB, RANK_JOB)
            else:
                ask(c, w, i, np.int64(c.origin[i]), RANK_OTHER)
        else:
            _leave_behind(c, offer, i, status - FIRST_BENEFIT, measure, week)
        end_measure(c, companies, i)
        if measure == M_PLACEMENT_PRIVATE and offer.paid_hours[status - FIRST_BENEFIT]:
            if uniform(w.keys, S_RETENTION, np.int64(c.id[i])) < offer.hybrid_share:
                _begin_paid_hours(c, w, offer, i, status - FIRST_BENEFIT, week)
    return subsidy_weeks


@rule
def _leave_behind(c, offer, i, benefit, measure, week):
    """What a completed measure leaves behind; paid hours add to what the placement before them still does."""
    effect = offer.after_log[benefit, measure]
    if measure == M_PAID_HOURS:
        if effect == 0.0:
            return
        effect += c.after_effect[i] if np.int64(c.after_until[i]) > week else 0.0
    c.after_effect[i] = effect
    c.after_until[i] = week + offer.after_weeks


@rule
def _begin_paid_hours(c, w, offer, i, benefit, week):
    """Person i begins a few ordinary paid hours a week. An ordinary employee takes none of the company's quota."""
    c.measure[i] = M_PAID_HOURS
    c.measure_start[i] = week
    c.measure_until[i] = week + offer.weeks[benefit, M_PAID_HOURS]
    w.row[MEASURES + M_PAID_HOURS] += 1
    w.row[MEASURE_WEEKS + M_PAID_HOURS] += 1  # the week it starts is lived in it


@rule
def note_contact(companies, w, company, week, year_begin):
    """A company has had a placement or a hire through the jobcentre: first or repeated this year."""
    if companies.company_contact_week[company] < year_begin:
        companies.company_contacts[company] = 0
    companies.company_contact_week[company] = week
    companies.company_contacts[company] += 1
    if companies.company_contacts[company] == 1:
        w.row[COMPANIES] += 1
    elif companies.company_contacts[company] == 2:
        w.row[COMPANIES + 1] += 1


@rule
def _find_host(companies, tickets, w, offer, life_keys, agent, private, public):
    """A company with a free place that says yes: three are asked, drawn by size. -1 if none does.

    A company with an agreement says yes at least as often as the agreement has it.
    """
    if tickets.size == 0:
        return -1  # a municipality without companies
    for k in range(3):
        u = uniform(w.keys, S_PLACEMENT_COMPANY, agent * 4 + k)
        company = np.int64(tickets[min(int(u * tickets.size), tickets.size - 1)])
        if (public[companies.company_sector[company]] == 1) == private:
            continue
        if companies.company_guests[company] >= place_quota(companies.company_jobs[company], offer.quota):
            continue
        openness = companies.company_openness[company]
        if offer.partner_share > 0.0 and uniform(life_keys, S_PLACEMENT_OPEN, company) < offer.partner_share:
            openness = max(openness, offer.partner_openness)
        if uniform(w.keys, S_PLACEMENT_OPEN, agent * 4 + k) < openness:
            return company
    return -1


def end_and_start_measures(
    call, c, companies, tickets, public, w, offer, row_of, offers, n_offers, pots, spending, life_keys, week,
    year_begin, year_end,
):  # fmt: skip
    """Ends what has run its time, sorts the offers by priority and starts what money, hours and places allow."""
    offers[:n_offers].sort()
    call(
        _end_and_start,
        c, companies, tickets, public, w, offer, row_of, offers, n_offers, pots, spending, life_keys, week, year_begin,
        year_end,
    )  # fmt: skip


@kernel
def _end_and_start(
    c, companies, tickets, public, w, offer, row_of, keys, n_offers, pots, spending, life_keys, week, year_begin,
    year_end,
):  # fmt: skip
    """Starts offers in priority order (offer deadline passed, then by chance) while the pot and the places last.

    pots: int64 (pots, 4) øre of the budget year: authorised, committed, spent, carried over. spending: int64 (measures
    x benefits) øre bought this week. A pot that is empty stops new starts or is overdrawn, as the municipality has
    decided; where starts are thinned out, only a part is let through while the pot is ahead of the year, so that it
    lasts longer.
    """
    subsidy_weeks = _end(c, companies, w, offer, week, year_end)
    subsidies = offer.pot[M_WAGE_SUBSIDY]
    if subsidies >= 0:  # bound is what running subsidies will still cost: those that ended early bind nothing
        price = offer.price_oere[M_WAGE_SUBSIDY]
        pots[subsidies, COMMITTED] = pots[subsidies, SPENT] + subsidy_weeks * price
    minutes = offer.consultant_minutes_week
    for k in range(n_offers):
        agent = keys[k] & 0xFFFFFF
        i = row_of[agent]
        mentor = (keys[k] >> 54) == 2
        benefit = np.int64(c.status[i]) - FIRST_BENEFIT
        if mentor:
            kind = M_MENTOR
        else:
            kind = kind_of_offer(
                uniform(w.keys, S_MEASURE_QUEUE, agent * 4),
                uniform(w.keys, S_MEASURE_QUEUE, agent * 4 + 1),
                offer,
                offer.wage_subsidy_allowed[benefit],
            )
            if kind == M_PLACEMENT_PRIVATE and offer.paid_hours[benefit]:
                if uniform(w.keys, S_MEASURE_QUEUE, agent * 4 + 3) < offer.small_job_share:
                    kind = M_PAID_HOURS
        weeks = offer.weeks[benefit, kind]
        # A wage subsidy begins next Monday, is paid week by week and binds each budget year for its own weeks.
        paid_weeks = max(1, min(weeks, year_end - 1 - week)) if kind == M_WAGE_SUBSIDY else weeks
        price = offer.price_oere[kind] * paid_weeks
        pot = offer.pot[kind]
        if pot >= 0 and price > 0:
            rule_when_empty, bound = offer.when_empty[pot], pots[pot, COMMITTED] + price
            refused = bound > pots[pot, AUTHORISED] and rule_when_empty != OVERSPEND
            if rule_when_empty == THIN_OUT and not refused:
                so_far = pots[pot, AUTHORISED] * (week + 1 - year_begin) // (year_end - year_begin)
                refused = bound > so_far and (
                    uniform(w.keys, S_MEASURE_QUEUE, agent * 4 + 2) >= offer.thin_out
                )
            if refused:
                w.row[RF_BUDGET] += 1
                continue
        host = -1
        if _at_company(kind):
            if minutes < offer.consultant_minutes:
                w.row[RF_HOURS] += 1
                continue
            minutes -= offer.consultant_minutes
            private = kind != M_PLACEMENT_PUBLIC
            host = _find_host(companies, tickets, w, offer, life_keys, agent, private, public)
            if host < 0:
                w.row[RF_PLACE] += 1
                continue
            note_contact(companies, w, host, week, year_begin)
            if private and uniform(w.keys, S_PLACEMENT_OPEN, agent * 4 + 3) < offer.substitution:
                companies.company_replaced[host] += 1
            if kind == M_PAID_HOURS:
                _begin_paid_hours(c, w, offer, i, benefit, week)
                continue
            companies.company_guests[host] += 1
        if pot >= 0:
            pots[pot, COMMITTED] += price
            if kind != M_WAGE_SUBSIDY:  # a wage subsidy is spent week by week, as it is paid
                pots[pot, SPENT] += price
        spending[kind * N_BENEFITS + benefit] += price
        w.row[MEASURES + kind] += 1
        if mentor:
            c.mentor_until[i] = week + weeks
            w.row[MEASURE_WEEKS + kind] += 1
            continue
        c.measure[i] = kind
        c.measure_start[i] = week
        c.measure_until[i] = week + weeks
        c.host[i] = host
        if kind != M_WAGE_SUBSIDY:
            w.row[MEASURE_WEEKS + kind] += 1  # the week it starts is lived in it
        else:
            # The job begins next Monday; it ends on the Monday after its last week is paid, `weeks` weeks later.
            c.measure_start[i] = week + 1
            ask(c, w, i, SUBSIDISED_JOB, RANK_EDUCATION)
