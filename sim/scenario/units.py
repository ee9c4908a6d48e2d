"""Units as people write them, so that a number in the wrong unit is refused and not used.

A unit is read as `what per whom per when` ('kr. per FTE-year', 'share/year', 'mio. kr.'). Words that are not known are
let through: a free remark in a unit is no error, days where weeks are meant is.
"""

import re
from typing import Final

_KINDS: Final = {
    "share": "share", "shares": "share", "0-1": "share", "fraction": "share",
    "%": "percent", "percent": "percent", "pct": "percent",
    "kr": "kr", "kr.": "kr", "dkk": "kr", "kroner": "kr",
    "minute": "minutes", "minutes": "minutes", "min": "minutes",
    "hour": "hours", "hours": "hours",
    "day": "days", "days": "days",
    "week": "weeks", "weeks": "weeks",
    "month": "months", "months": "months",
    "year": "years", "years": "years",
    "fte": "fte", "ftes": "fte",
}  # fmt: skip
_THOUSANDS: Final = re.compile(r"^(?:1[.,]?000|t\.?)\s*(?=kr|dkk)")
_MILLIONS: Final = re.compile(r"^(?:mio\.?|million|m)\s*(?=kr|dkk)")
_BILLIONS: Final = re.compile(r"^(?:mia\.?|milliard|billion|bn)\s*(?=kr|dkk)")
_SPLIT: Final = re.compile(r"\s+per\s+|\s*/\s*|\s+an?\s+|(?<=fte)-|(?<=person)-")
_SCALES: Final = {("percent", "share"): 0.01, ("share", "percent"): 100.0}
_PERIODS: Final = {"hours": "hour", "days": "day", "weeks": "week", "months": "month", "years": "year"}


def _read(text: str) -> tuple[str | None, str | None, float]:
    """What is measured, per what period (None: not said or not known), and the factor to the plain unit."""
    low = text.strip().lower()
    factor = 1.0
    for pattern, size in ((_THOUSANDS, 1e3), (_MILLIONS, 1e6), (_BILLIONS, 1e9)):
        low, hits = pattern.subn("", low)
        factor *= size if hits else 1.0
    parts = [part.strip() for part in _SPLIT.split(low) if part.strip()]
    if not parts:
        return None, None, factor
    words = [_KINDS.get(part) or _KINDS.get(part.split()[0]) for part in parts]
    period = next((_PERIODS[word] for word in words[1:] if word in _PERIODS), None)
    return words[0], period, factor


def is_kroner(text: str) -> bool:
    """Whether a unit is kroner, in thousands, millions or billions perhaps, and nothing stands before it."""
    return _read(text)[0] == "kr"


def factor_between(written: str, wanted: str) -> float | None:
    """What a number in the unit written must be multiplied with to be in the unit wanted; None when they do not fit.

    Example: factor_between("%", "share") == 0.01; factor_between("days", "weeks") is None.
    """
    kind, period, factor = _read(written)
    target, target_period, target_factor = _read(wanted)
    if period and target_period and period != target_period:
        return None
    if kind is None or target is None or kind == target:
        return factor / target_factor
    scale = _SCALES.get((kind, target))
    return None if scale is None else scale * factor / target_factor
