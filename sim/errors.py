"""The one kind of error a user is meant to see: what was found where, what is allowed, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where it stands (line and column count from 1), what is wrong, what to do."""

    file: str
    line: int | None
    column: int | None
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.message}" if place else self.message


class UserError(Exception):
    """Something in the user's input is wrong; the message says where and what to do. Commands exit with code 2.

    Raise it with one sentence, or with a list of problems so that a file is mended in one go.
    """

    def __init__(self, wrong: str | Sequence[Problem]):
        self.problems: tuple[Problem, ...] = (
            (Problem("", None, None, wrong),) if isinstance(wrong, str) else tuple(dict.fromkeys(wrong))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))
