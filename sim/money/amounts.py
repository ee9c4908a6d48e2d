"""Amounts in whole øre and the one rounding rule: halves go up.

`state_part` and `municipal_part` are plain arithmetic on whole numbers, so the same lines run here, in the calculator
and, compiled, in the weekly loop. Shares are basis points (10000 = everything).
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Final

FULL_BP: Final = 10_000
WEEKS_PER_YEAR: Final = 52


def state_part(amount_oere: int, share_bp: int) -> int:
    """What the state pays of an amount, øre; half an øre is rounded up."""
    return (amount_oere * share_bp + 5000) // 10000


def municipal_part(amount_oere: int, share_bp: int) -> int:
    """What is left for the municipality, øre: the amount minus the state's part, so nothing is lost."""
    return amount_oere - (amount_oere * share_bp + 5000) // 10000


def _exact(kroner: str | float | Decimal) -> Fraction:
    # A float is read as the decimal a person typed (0.1 is one tenth), not as its binary neighbour.
    try:
        value = Decimal(str(kroner).strip())
    except InvalidOperation:
        raise ValueError(f"{kroner!r} is not an amount of kroner; write it as 12964 or 12964.50") from None
    if not value.is_finite():
        raise ValueError(f"{kroner!r} is not an amount of kroner; write it as 12964 or 12964.50")
    return Fraction(value)


def _half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def oere_from_kr(kroner: str | float | Decimal) -> int:
    """Kroner as whole øre. Raises ValueError when the amount is no whole number of øre."""
    value = _exact(kroner) * 100
    if value.denominator != 1:
        raise ValueError(f"{kroner!r} kr. is not a whole number of øre")
    return value.numerator


def weekly_from_monthly_oere(monthly_kr: str | float | Decimal) -> int:
    """A week's benefit in øre from kroner a month: 12 x monthly / 52, rounded half up once."""
    return _half_up(_exact(monthly_kr) * 100 * 12 / WEEKS_PER_YEAR)


def weekly_from_daily_oere(daily_kr: str | float | Decimal, days: int = 5) -> int:
    """A week's benefit in øre where the law counts days (dagpenge: five days a week)."""
    return _half_up(_exact(daily_kr) * 100 * days)


def weekly_from_yearly_oere(yearly_kr: str | float | Decimal) -> int:
    """A week's share in øre of a yearly amount (budgets, pensions stated per year)."""
    return _half_up(_exact(yearly_kr) * 100 / WEEKS_PER_YEAR)


@cache
def weekly_oere(kroner: str | float | Decimal, per: str) -> int:
    """A week's amount in øre from a rate per 'month', 'week', 'day' or 'year'."""
    if per == "month":
        return weekly_from_monthly_oere(kroner)
    if per == "week":
        return _half_up(_exact(kroner) * 100)
    if per == "day":
        return weekly_from_daily_oere(kroner)
    if per == "year":
        return weekly_from_yearly_oere(kroner)
    raise ValueError(f"{per!r} is not a period of a rate; allowed: month, week, day, year")


def share_bp(share: str | float | Decimal) -> int:
    """A share between 0 and 1 as basis points. Raises ValueError outside the range or finer than 0.0001."""
    value = _exact(share) * FULL_BP
    if not 0 <= value <= FULL_BP:
        raise ValueError(f"{share!r} is not a share; allowed: 0 to 1")
    if value.denominator != 1:
        raise ValueError(f"{share!r} is finer than one basis point (0.0001)")
    return value.numerator


def kr(oere: int) -> str:
    """Øre as kroner for the eye: 1234567 -> '12,345.67 kr.'"""
    sign = "-" if oere < 0 else ""
    whole, rest = divmod(abs(int(oere)), 100)
    return f"{sign}{whole:,}.{rest:02d} kr."


def whole_kr(oere: int) -> str:
    """Øre rounded half up to whole kroner for tables: 1234567 -> '12,346'."""
    return f"{int((Decimal(int(oere)) / 100).quantize(Decimal(1), ROUND_HALF_UP)):,}"
