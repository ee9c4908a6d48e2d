"""The planner's languages: every sentence of the papers is data (words_da.yaml, words_en.yaml), numbers follow suit."""

import math
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from jobcenter.planner.blocks import Number
from sim.errors import UserError
from sim.scenario.yaml_tree import nearest

LANGUAGES: Final = ("da", "en")
MINUS, UNKNOWN = "\u2212", "\u2013"
FOLDER: Final = Path(__file__).parent


@cache
def read_words(language: str) -> dict[str, str]:
    """All texts of a language by key."""
    import yaml

    with (FOLDER / f"words_{language}.yaml").open(encoding="utf-8") as file:
        found: dict[str, str] = yaml.load(file, Loader=yaml.CBaseLoader)
    return found


class Words:
    """One language: `say("key", name=value)`, and numbers as its readers write them."""

    def __init__(self, language: str):
        if language not in LANGUAGES:
            raise UserError(f"--lang {language}: no such language{nearest(language, LANGUAGES)}")
        self.language = language
        self._words = read_words(language)

    def __call__(self, key: str, **values: Any) -> str:
        return self._words[key].format(**values)

    def name(self, kind: str, name: str) -> str:
        """The word for a name of the program; a name of the user's own stays as it is, without underscores. A scenario
        laid on another base (NAME@BASE) is known by its own name."""
        if kind == "scenario":
            name = name.partition("@")[0]
        return self._words.get(f"{kind}.{name}", name.replace("_", " "))

    def own(self, kind: str, name: str, said: str) -> str:
        """The translation of a text that comes along; what the user wrote stays in the user's words."""
        return self._words.get(f"{kind}.{name}", said)

    def option(self, scenario: str, question: str) -> str:
        """A strategy as readers know it: one that comes along by its name, one of the user's own by its question."""
        return self.own("scenario", scenario.partition("@")[0], self("option.own", question=question))

    def typed(self, said: str) -> str:
        """A typed assumption as a lever says it (the English form), in this language."""
        for key, form in read_words("en").items():
            if key.startswith("typed."):
                found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(form)), said)
                if found:
                    point = "," if self.language == "da" else "."
                    return self(
                        key, **{k: re.sub(r"(?<=\d)\.(?=\d)", point, v) for k, v in found.groupdict().items()}
                    )
        return said

    def number(self, value: float, decimals: int = 0) -> str:
        """1.234,5 in Danish, 1,234.5 in English; a dash where nothing is known, never minus zero."""
        if not math.isfinite(value):
            return UNKNOWN
        text, form = f"{abs(value):,.{decimals}f}", f"#,##{0:.{decimals}f}"
        if self.language == "da":
            text = text.translate(str.maketrans(",.", ".,"))
        less = value < 0 and any(c in "123456789" for c in text)
        return Number(f"{MINUS}{text}" if less else text, value, form)

    def signed(self, value: float, decimals: int = 0) -> str:
        """With a plus where it is more."""
        text = self.number(value, decimals)
        if not isinstance(text, Number):
            return text
        more = value > 0 and any(c in "123456789" for c in text)
        return Number(f"+{text}" if more else text, value, f"+{text.form};-{text.form};{text.form}")

    def within(self, value: float) -> str:
        """'± 12': as far to either side."""
        text = self.number(value)
        return text.marked(before="± ") if isinstance(text, Number) else text

    def span(self, ends: tuple[float, float] | None, decimals: int = 0) -> str:
        """'+1,2 til +3,4'; a dash where no interval is known."""
        if ends is None or not all(map(math.isfinite, ends)):
            return UNKNOWN
        return self("span", low=self.signed(ends[0], decimals), high=self.signed(ends[1], decimals))

    def percent(self, share: float) -> str:
        """Whole percent."""
        return UNKNOWN if not math.isfinite(share) else Number(f"{self.number(100 * share)} %", share, "0 %")

    def listing(self, items: list[str]) -> str:
        """'a, b og c'."""
        return (
            items[0]
            if len(items) == 1
            else f"{', '.join(items[:-1])} {self('and')} {items[-1]}"
            if items
            else ""
        )
