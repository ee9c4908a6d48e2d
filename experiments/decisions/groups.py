"""Parameters in groups that a study could be about: knowing one number of an effect helps little without the rest."""

from collections.abc import Iterable
from typing import Final

ALL: Final = "all that is drawn"
_COARSE: Final = {
    "effects": "effects: published contrasts and their channels",
    "implementation": "effects: published contrasts and their channels",
    "levers": "levers: what programmes add or hold back",
}
_MECHANISM: Final = "mechanism: how contact, trust, jobs work"


def groups_of(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Group -> its parameters, groups of two or more, without naming the same set twice.

    Coarse ones as in a sensitivity analysis (effects with the implementation, mechanism, numbers of levers), and fine
    ones by subject: one published effect with its channels, or one part of the mechanism.
    """
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        head, *rest = name.split(".")
        found.setdefault(ALL, []).append(name)
        found.setdefault(_COARSE.get(head, _MECHANISM), []).append(name)
        subject = f"effect {rest[0]}" if head == "effects" else f"{head}.*"
        found.setdefault(subject, []).append(name)
    out: dict[str, tuple[str, ...]] = {}
    for group, members in found.items():
        if len(members) > 1 and tuple(members) not in out.values():
            out[group] = tuple(members)
    return out
