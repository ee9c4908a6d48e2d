"""Merging small parts into larger ones: hundreds of small files are slow to read, one large one is not."""

import os
from collections.abc import Sequence
from typing import Final

from experiments.store.atomic import flush_folder
from experiments.store.duplicates import one_row_a_key
from experiments.store.parts import Part, Parts, read_parts
from experiments.store.rows import outcome_columns

LARGEST: Final = 8_000_000  # numbers in a merged part, about 60 MB
SMALL: Final = LARGEST // 4  # parts below are merged
FEW: Final = 8  # small parts that may stay when a batch ends
MANY: Final = 128  # small parts that are merged while a batch runs


def small_parts(live: Sequence[Part]) -> list[Part]:
    """Parts worth merging, in an order that does not change."""
    return sorted((part for part in live if part.cells < SMALL), key=lambda part: part.path.name)


def bins(parts: Sequence[Part]) -> list[list[Part]]:
    """Groups of parts that are merged into one each."""
    groups: list[list[Part]] = []
    room = 0
    for part in parts:
        if not groups or part.cells > room:
            groups.append([])
            room = LARGEST
        groups[-1].append(part)
        room -= part.cells
    return [group for group in groups if len(group) > 1]


def merge_group(parts: Parts, group: Sequence[Part]) -> None:
    """One part in place of several. The new part is whole on disk before the old ones go.

    Rows that are there twice become one; raises UserError, and changes nothing, when they differ.
    """
    outcomes = outcome_columns({name for part in group for name in part.columns})
    table = one_row_a_key(read_parts(group, outcomes), parts.store)
    written = parts.write(table, replaces=[part.path.name for part in group], packed=True)
    for part in group:
        if part.path.name != written:
            os.unlink(part.path)
    flush_folder(parts.folder)


def compact(parts: Parts, more_than: int = 1) -> int:
    """Merges small parts if there are more than so many; returns how many went."""
    small = small_parts(parts.scan().live)
    if len(small) <= more_than:
        return 0
    groups = bins(small)
    for group in groups:
        merge_group(parts, group)
    return sum(map(len, groups))
