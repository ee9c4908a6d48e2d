"""Student's t: how far the mean of a few runs may lie from the mean of all."""

from typing import Final

# 97.5 % points of Student's t for 1 to 30 degrees of freedom; beyond, the first terms of its expansion in 1/df.
_T: Final = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
    2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
    2.0452, 2.0423,
)  # fmt: skip
_Z: Final = 1.959964


def t_95(df: int) -> float:
    """The factor that turns a standard error into the half-width of a 95 % interval; infinite at zero df."""
    if df < 1:
        return float("inf")
    if df <= len(_T):
        return _T[df - 1]
    return _Z + (_Z**3 + _Z) / (4 * df) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * df**2)
