"""Step 7: companies post vacancies by sector and cycle; vacancies nobody filled may be given up."""

import numpy as np

from sim.behaviour.hiring import MOST_VACANCIES, poisson, posting_factor
from sim.chance import S_LAPSE, S_POSTING, uniform
from sim.compiled import kernel, rule
from sim.records.weekly import MK_LAPSED, MK_POSTED, MK_REPLACED, MK_VACANCIES
from sim.week.world import FAULT_BUFFER, L_FAULT, L_VACANCIES, Y_FILL_ANCHOR, Y_FILL_WEEKS

# A vacancy's address: company x 2^17 + week x 2^6 + number. Sorted addresses group a company's vacancies.
COMPANY_SHIFT, WEEK_SHIFT = 17, 6


@rule
def vacancy_address(company, week, number):
    """The id of a vacancy: (company, week posted, k)."""
    return (company << COMPANY_SHIFT) | ((week & 2047) << WEEK_SHIFT) | number


def post_vacancies(call, companies, w, table, memory, vacancies, week):
    """Vacancies lapse and are posted; the list is sorted by address and indexed by company."""
    n = call(_lapse_and_post, companies, w, table, memory, vacancies, week)
    vacancies[:n].sort()
    call(_index, companies, w, vacancies, n)


@kernel
def _lapse_and_post(companies, w, table, memory, vacancies, week):
    """Vacancies lapse and are posted. vacancies: int64 addresses, kept sorted; their number is in `lengths`."""
    n = 0
    for k in range(w.lengths[L_VACANCIES]):
        if uniform(w.keys, S_LAPSE, vacancies[k]) < table.lapse:
            w.row[MK_LAPSED] += 1
        else:
            vacancies[n] = vacancies[k]
            n += 1
    factor = posting_factor(memory[Y_FILL_WEEKS], memory[Y_FILL_ANCHOR], table.posting_response)
    for company in range(companies.company_sector.size):
        sector = companies.company_sector[company]
        rate = table.posting[sector] * float(companies.company_jobs[company]) * table.cycle[sector] * factor
        new = poisson(uniform(w.keys, S_POSTING, company), rate, MOST_VACANCIES)
        replaced = min(new, np.int64(companies.company_replaced[company]))
        if replaced > 0:  # the last ones, so that the others keep their addresses
            companies.company_replaced[company] -= replaced
            w.row[MK_REPLACED] += replaced
            new -= replaced
        for k in range(new):
            if n >= vacancies.size:
                w.lengths[L_FAULT] = FAULT_BUFFER
            else:
                vacancies[n] = vacancy_address(company, week, k)
                n += 1
                w.row[MK_POSTED] += 1
        companies.company_open[company] = 0
    return n


@kernel
def _index(companies, w, vacancies, n):
    """Where each company's open vacancies lie in the sorted list."""
    for k in range(n):
        company = vacancies[k] >> COMPANY_SHIFT
        if companies.company_open[company] == 0:
            companies.company_first[company] = k
        companies.company_open[company] += 1
    w.lengths[L_VACANCIES] = n
    w.row[MK_VACANCIES] = n
