"""How amounts and shares of a decision are written: in a unit and with decimals in which something is seen of them."""

from typing import Final

# Amounts from, in kr., name, decimals at least and at most.
_UNITS: Final = ((1e5, 1e6, "mio. kr.", 1, 3), (1e3, 1e3, "t. kr.", 0, 1), (0.0, 1.0, "kr.", 0, 0))


def kroner(kr: float, error: float | None = None, sign: bool = False) -> str:
    """An amount with its calculation error, so that neither is written as nothing unless it is.

    Example: 3.4e6 and 1.9e6 are '3.4 ± 1.9 mio. kr.'; 12e3 and 40e3 are '12 ± 40 t. kr.'.
    """
    parts = [kr] if error is None else [kr, error]
    size = max(abs(part) for part in parts)
    unit, word, least, most = next(kind[1:] for kind in _UNITS if size >= kind[0])
    return f"{_with_error([part / unit for part in parts], sign, least, most)} {word}"


def weeks(number: float, error: float) -> str:
    """Weeks with their calculation error, in the same way."""
    return f"{_with_error([number, error], False, 0, 1)} weeks"


def _with_error(parts: list[float], sign: bool, least: int, most: int) -> str:
    digits = decimals(parts, least, most)
    if all(abs(part) < 0.5 * 10.0**-digits for part in parts):
        return "0"
    told = f"{parts[0]:{'+' if sign else ''},.{digits}f}"
    return " ± ".join([told, *(f"{part:,.{digits}f}" for part in parts[1:])])


def decimals(values: list[float], least: int, most: int = 3) -> int:
    """Decimals, from `least` to `most`, in which no value is written as nothing that can be seen in `most`."""
    seen = [abs(value) for value in values if abs(value) >= 0.5 * 10.0**-most]
    digits = least
    while seen and digits < most and min(seen) < 0.5 * 10.0**-digits:
        digits += 1
    return digits


def percent(share: float, error: float) -> str:
    """A share with its calculation error; with its ends where 0 or 1 lie nearer than that.

    Example: 0.46 and 0.17 are '46 ± 17 %', 0 and 0.05 are '0 % (0 to 5)'.
    """
    low, high = share - error, share + error
    if low < 0.0 or high > 1.0:
        return f"{100 * share:.0f} % ({100 * max(0.0, low):.0f} to {100 * min(1.0, high):.0f})"
    return f"{100 * share:.0f} ± {100 * error:.0f} %"


def in_part(share: float) -> str:
    """Of which part figures are, to stand in a header or sentence; nothing where all is simulated."""
    return "" if share == 1.0 else f" in the {100 * share:g} % simulated"


def in_whole(share: float) -> str:
    """The same of figures of the whole municipality."""
    return "" if share == 1.0 else ", whole municipality"
