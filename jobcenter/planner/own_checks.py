"""Entries that cannot all be true: what is held against what, and how far apart they may lie."""

from collections.abc import Iterator
from typing import Final

from jobcenter.planner.own_example import worked_example
from jobcenter.planner.own_form import BY_CODE, STEPS, Answers, place
from sim.codes import BENEFITS, CASH_BENEFITS, POTS, TEAMS

Cell = tuple[str, str, str]  # sheet, row, column
WHOLE: Final = 0.005  # what shares that sum to 100 % may miss by: entered in tenths of a per cent
STATED: Final = 0.01  # between persons x amount x share and the net budget stated: rounding of amounts
SHARES: Final = 0.03  # between the municipal share and what the steps imply: steps are often of one month
CASH: Final = tuple(BENEFITS[b] for b in CASH_BENEFITS)
FACTOR: Final = 10.0  # an account so many times another, or more, is a slip of the unit
RARE: Final = 100.0  # persons to be expected, below which ten times fewer may be true
FEWEST: Final = 1 / 3  # of all persons to be expected on benefits: with fewer the inhabitants are looked at
LAST_START: Final = 2035  # budget year; later the packaged law says nothing


def contradictions(answers: Answers) -> Iterator[tuple[Cell, str]]:
    """(cell, what it contradicts) for every pair of entries that cannot both be true."""
    yield from _years(answers)
    for benefit in BENEFITS:
        yield from _steps(answers, benefit)
        for year in ("accounts", "budget"):
            yield from _stated(answers, benefit, year)
        yield from _targets(answers, benefit)
    yield from _people(answers)
    yield from _sizes(answers)
    yield from _staff(answers)


def _at(sheet: str, row: str, column: str = "value") -> str:
    return f"{BY_CODE[sheet].tab}!{place(BY_CODE[sheet], row, column)}"


def _years(answers: Answers) -> Iterator[tuple[Cell, str]]:
    accounts, budget = (int(answers.number("people", row)) for row in ("accounts_year", "budget_year"))
    if not accounts < budget <= accounts + 5:
        yield (("people", "budget_year", "value"),
               f"budget_year: found {budget}; a budget lies one to five years after the last accounts ({accounts} in"
               f" {_at('people', 'accounts_year')})")  # fmt: skip
    elif not 2024 <= budget <= LAST_START:
        yield (("people", "budget_year", "value"),
               f"budget_year: found {budget}; the packaged law serves budgets of 2024 to {LAST_START}")  # fmt: skip


def _steps(answers: Answers, benefit: str) -> Iterator[tuple[Cell, str]]:
    shares = [answers.number("steps", benefit, step) for step in STEPS]
    older = answers.number("steps", benefit, "older")
    persons = answers.number("benefits", benefit, "budget_persons")
    total = sum(shares) + older
    if not persons and not total:
        return  # nobody is on it
    if abs(total - 1.0) > WHOLE:
        first, last = _at("steps", benefit, "step_80"), place(BY_CODE["steps"], benefit, "older")
        wrong = f"{first.partition('!')[2]} to {last} sum to {100 * total:.1f} %, not to 100 %"
        yield ("steps", benefit, "step_80"), f"{benefit}: the shares of {wrong}"
        return
    if older and not answers.has("steps", benefit, "older_state"):
        yield (("steps", benefit, "older_state"),
               f"{benefit}: is empty, but {_at('steps', benefit, 'older')} says that {100 * older:g} % are older"
               " awards; give the state's share of them")  # fmt: skip
        return
    state = sum(part * share for part, share in zip(shares, STEPS.values(), strict=True))
    state += older * answers.number("steps", benefit, "older_state")
    for year in ("accounts", "budget"):
        said = answers.number("benefits", benefit, f"{year}_share")
        if answers.number("benefits", benefit, f"{year}_persons") and abs(said - (1.0 - state)) > SHARES:
            yield (("benefits", benefit, f"{year}_share"),
                   f"{benefit}: the municipality pays {100 * said:.1f} % here, but the steps in"
                   f" {_at('steps', benefit, 'step_80')} ff. give {100 * (1.0 - state):.1f} %; more than"
                   f" {100 * SHARES:g} points apart")  # fmt: skip


def _stated(answers: Answers, benefit: str, year: str) -> Iterator[tuple[Cell, str]]:
    persons, month, share = (
        answers.number("benefits", benefit, f"{year}_{part}") for part in ("persons", "month_kr", "share")
    )
    if persons and not 1_000 <= month <= 60_000:
        yield (("benefits", benefit, f"{year}_month_kr"),
               f"{benefit}: found {month:g} kr. a month; between 1,000 and 60,000 is possible (kroner, not 1,000 kr.; a"
               " month, not a year)")  # fmt: skip
        return
    if not answers.has("benefits", benefit, f"{year}_net_tkr"):
        return
    net, stated = persons * month * 12 * share / 1e3, answers.number("benefits", benefit, f"{year}_net_tkr")
    if abs(net - stated) > STATED * max(net, stated) + 1.0:
        yield (("benefits", benefit, f"{year}_net_tkr"),
               f"{benefit}: {stated:,.0f} (1,000 kr.) is stated, but {persons:g} persons x {month:g} kr. x 12 x"
               f" {100 * share:g} % are {net:,.0f}")  # fmt: skip


def _targets(answers: Answers, benefit: str) -> Iterator[tuple[Cell, str]]:
    persons = answers.number("benefits", benefit, "accounts_persons")
    said = answers.number("targets", benefit, "target_persons")
    if said > persons:
        yield (("targets", benefit, "target_persons"),
               f"{benefit}: found {said:g}, more than the {persons:g} persons of the last accounts"
               f" ({_at('benefits', benefit, 'accounts_persons')})")  # fmt: skip


def _people(answers: Answers) -> Iterator[tuple[Cell, str]]:
    inhabitants = answers.number("people", "inhabitants")
    if inhabitants < 1_000:
        yield (("people", "inhabitants", "value"),
               f"inhabitants: found {inhabitants:g}; at least 1,000 (persons, not thousands)")  # fmt: skip
    adults = answers.number("people", "residents_16_66", default=0.635 * inhabitants)
    if answers.has("people", "residents_16_66") and not 0.5 <= adults / inhabitants <= 0.8:
        said = f"found {adults:g} of {inhabitants:g} inhabitants; between 50 and 80 % are of that age"
        yield ("people", "residents_16_66", "value"), f"residents_16_66: {said}"
    supported = sum(answers.number("benefits", b, "accounts_persons") for b in BENEFITS)
    if supported > 0.6 * adults:
        yield (("people", "inhabitants", "value"),
               f"inhabitants: {supported:,.0f} persons on benefits are more than 60 % of {adults:,.0f} residents aged"
               " 16-66")  # fmt: skip


def _sizes(answers: Answers) -> Iterator[tuple[Cell, str]]:
    """Entries ten times off: against the default per inhabitant, and the budget against the last accounts."""
    inhabitants = answers.number("people", "inhabitants")
    if inhabitants < 1_000:
        return  # said already
    usual = worked_example(inhabitants)
    default = f"the default for {inhabitants:,.0f} inhabitants ({_at('people', 'inhabitants')})"
    persons, expected = (
        sum(one.number("benefits", b, "accounts_persons") for b in BENEFITS) for one in (answers, usual)
    )
    if persons < FEWEST * expected:
        yield (("people", "inhabitants", "value"),
               f"inhabitants: found {inhabitants:,.0f} with {persons:,.0f} persons on all benefits together; at least"
               f" {FEWEST * expected:,.0f} are to be expected; correct the inhabitants, or the persons from"
               f" {_at('benefits', BENEFITS[0], 'accounts_persons')} down")  # fmt: skip
        return
    for sheet, rows, column, unit in (
        ("benefits", BENEFITS, "persons", "full-time persons, a mean of the year"),
        ("measures", POTS, "tkr", "1,000 kr., not kroner or millions"),
    ):
        for row in rows:
            for year in ("accounts", "budget"):
                cell = (sheet, row, f"{year}_{column}")
                against = [(usual.number(*cell), default)]
                if year == "budget":
                    before = (sheet, row, f"accounts_{column}")
                    against.append((answers.number(*before), f"the last accounts ({_at(*before)})"))
                for other, what in against:
                    found, rare = answers.number(*cell), sheet == "benefits" and other < RARE
                    few = found <= other / FACTOR and not rare
                    if found and other and (few or found >= other * FACTOR):
                        low = f"more than {other / FACTOR:,.0f} and " if not rare else ""
                        yield (cell, f"{row}: found {found:,.0f}; {low}less than {other * FACTOR:,.0f} is allowed,"
                               f" ten times off {what}; write {unit}, or 0 where there is none")  # fmt: skip
                        break


def _staff(answers: Answers) -> Iterator[tuple[Cell, str]]:
    posts = sum(answers.number("teams", team, "fte") for team in TEAMS)
    for team in TEAMS:
        fte, clients = answers.number("teams", team, "fte"), answers.number("teams", team, "clients")
        if clients and not fte:
            yield ("teams", team, "fte"), f"{team}: nobody is employed for {clients:g} cases"
        elif fte and clients / fte > 1_000:
            yield (("teams", team, "clients"),
                   f"{team}: {clients:g} cases for {fte:g} posts are more than 1,000 for each")  # fmt: skip
    if not posts:
        yield ("teams", TEAMS[0], "fte"), "no caseworker in any team; a jobcentre has some"
        return
    left = answers.number("office", "caseworkers_left")
    if left > 1.5 * posts:
        said = f"{left:g} left last year, of {posts:g} posts; more than one and a half times all of them"
        yield ("office", "caseworkers_left", "value"), f"caseworkers_left: {said}"
    cost = answers.number("office", "cost_per_fte_kr_year")
    if not 200_000 <= cost <= 2_000_000:
        said = f"found {cost:g}; between 200,000 and 2,000,000 kr. a year is possible"
        yield ("office", "cost_per_fte_kr_year", "value"), f"cost_per_fte_kr_year: {said}"
        return
    paid = posts + sum(answers.number("office", row) for row in ("managers_fte", "administration_fte"))
    budget = answers.number("measures", "authority_staff", "budget_tkr") * 1e3
    if budget and not 0.5 <= paid * cost / budget <= 1.5:
        yield (("measures", "authority_staff", "budget_tkr"),
               f"authority_staff: {budget / 1e3:,.0f} (1,000 kr.) are budgeted, but {paid:g} posts (caseworkers,"
               f" managers, administration) x {cost:,.0f} kr. are {paid * cost / 1e3:,.0f}; more than half"
               " apart")  # fmt: skip
