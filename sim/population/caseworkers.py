"""Caseworkers: one row per seat. A person in the seat is (seat, generation); extra staff append seats."""

from collections import namedtuple
from typing import Final

from sim.population.citizens import Column

CASEWORKERS: Final = (
    Column("seat_team", "uint8", "code", "codes.TEAMS"),
    Column("seat_fte", "float64", "FTE", "size of the post, in force from seat_from"),
    Column("seat_from", "int16", "week", "first week the post exists"),
    Column("seat_until", "int16", "week", "first week the post no longer exists"),
    Column("seat_generation", "int16", "-", "how many people have left the seat"),
    Column("seat_vacant_until", "int16", "week", "first week with a new person in it"),
    Column("seat_novice_until", "int16", "week", "first week the person works at full pace"),
    Column("seat_absent_until", "int16", "week", "first week back from a long absence"),
    Column("seat_load", "int32", "cases", "cases held at the start of the week"),
    Column("seat_minutes", "int64", "minutes", "working time left this week"),
    Column("seat_backlog", "int64", "minutes", "due tasks that did not fit, last week"),
    Column("seat_quality", "float64", "log hazard", "what the person in the seat adds to clients' search"),
    Column("seat_listed", "int16", "seat", "work space: seats with somebody at work, team by team"),
    Column(
        "seat_serves", "uint8", "code", "work space: team whose cases stay in the seat this week, 255 none"
    ),
    Column("seat_gone", "uint8", "code", "cause by which the cases are orphaned this week, 0 none"),
)

Seats = namedtuple("Seats", [column.name for column in CASEWORKERS])  # type: ignore[misc]
