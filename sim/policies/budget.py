"""Budget: less or more money in the pots by date, what happens when one runs out, and savings that flow back."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from sim.calendar import weeks_in_year, year_of, year_start
from sim.codes import POTS, TEAMS
from sim.money.budgets import OPERATING_POTS, SPREADS, STAFF_POTS, full_year_oere, post_kr, spread
from sim.policies.registry import Dose, Lever, Team, lever, scaled_posts
from sim.scenario.municipality import WHEN_EMPTY, Pot
from sim.scenario.scalars import Frozen, Fte, Kr, OneOf, Share, item, read_quarters

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Money alone buys something here only; staff and consultants are bought as posts, integration is spent as budgeted.
BuyingPot = Annotated[str, OneOf(tuple(p for p in POTS if p not in STAFF_POTS and p != "integration"))]
CutPot = Annotated[str, OneOf(OPERATING_POTS)]
SOME_TEAMS = tuple(team for team in TEAMS if team != "rehabilitation")
Posts = dict[Team, Annotated[Fte, AfterValidator(read_quarters), Field(ge=-200, le=200)]]
COUNTED = ("net", "benefits")
NEGATIVE = ("nothing", "taken_out")


class Investment(Frozen):
    """Part of a year's saving, measured against the paired baseline, is authorised again the year after.

    A saving of less than nothing gives nothing back, or is taken out of the same pots and posts.
    """

    share: Share = item(unit="share", meaning="part of last year's saving that flows back; 0 = nothing")
    counted: Annotated[str, OneOf(COUNTED)] = Field(
        "net",
        description="what is saved: the municipality's net spending, all frames (net), or its benefits alone",
    )
    to_pots: dict[BuyingPot, Share] = Field({}, description="part of it that goes to each pot")
    to_posts: dict[Team, Share] = Field(
        {},
        description="part of it that buys posts of a team for the year, whole quarters as far as it reaches",
    )
    negative: Annotated[str, OneOf(NEGATIVE)] = Field(
        "nothing", description="a negative saving: nothing flows back, or it is taken out"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(self.to_pots.values()) + sum(self.to_posts.values())
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"to_pots and to_posts must add up to 1, found {total:g}")
        return self


@lever("budget")
class Budget(Lever):
    """A dated cut of what is authorised, spread by rule; money and posts added by year; rules for empty pots.

    A pot that is cut by a tenth pays a tenth fewer posts, or buys until it is empty. What follows is mechanism: fewer
    hours for meetings, cases that change caseworker, offers refused. An investment model lets part of the saving of one
    year, measured against the same world without the policy, be spent the next.
    """

    channels: ClassVar[str] = (
        "what is authorised in the pots, posts of caseworkers and consultants, rules for empty pots"
    )
    evidence: ClassVar[tuple[str, ...]] = ()
    weak_points: ClassVar[str] = (
        "Managers, administration and the integration programme do nothing in the model, so cutting them would cost "
        "nobody anything: posts are cut among caseworkers and consultants only, integration is spared unless named. "
        "Consultants have hours to spare in most scenarios, so cutting them looks free."
    )

    cut_share: Share = item(
        0.0, unit="share", le=0.5,
        meaning="part of a full year's authorised operating spending (all pots but wage subsidies) that is taken away",
    )  # fmt: skip
    cut_kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="taken away on top of the share")
    spread: Annotated[str, OneOf(SPREADS)] = Field(
        "evenly",
        description="over all pots and posts, pots that buy first, staff first, or by the shares named",
    )
    shares: dict[CutPot, Share] = Field({}, description="part of the cut by pot, for spread: shares")
    spared: tuple[Pot, ...] = Field(
        ("integration",), description="pots the cut does not touch; integration is statutory"
    )
    teams: tuple[Team, ...] = Field(SOME_TEAMS, description="teams whose posts are cut; default all")
    when_empty: dict[Pot, Annotated[str, OneOf(WHEN_EMPTY)]] = Field(
        {},
        description="what happens when a pot is empty, where it is to be otherwise than the municipality's rule",
    )
    carry_over_share: Share = item(
        1.0,
        unit="share",
        meaning="part of what is left that goes to the next year, pots that carry over here",
    )
    added_kr: dict[int, dict[BuyingPot, Kr]] = Field(
        {},
        description="kroner of the price level added to pots, by budget year; below zero: taken away",
        json_schema_extra={"unit": "kr"},
    )
    added_fte: dict[int, Posts] = Field(
        {},
        description="posts added to teams by budget year, for that year only, quarter steps",
        json_schema_extra={"unit": "FTE"},
    )
    investment: Investment | None = Field(None, description="savings that flow back the next year")

    @model_validator(mode="after")
    def _shares_of_a_cut(self) -> Self:
        if (self.spread == "shares") != bool(self.shares):
            raise ValueError("'shares' belongs to spread: shares, and the other way round")
        if self.shares and abs(sum(self.shares.values()) - 1.0) > 1e-9:
            raise ValueError(f"the shares of a cut must add up to 1, found {sum(self.shares.values()):g}")
        both = [pot for pot in self.shares if pot in self.spared]
        if both:
            raise ValueError(
                f"{', '.join(both)} is spared and has a share of the cut; take it out of one of the two"
            )
        return self

    def evidence_class(self) -> str:
        """C: money, posts and hours only."""
        return "C"

    def is_zero_dose(self) -> bool:
        """No krone, post or rule moves."""
        moved = (
            any(any(pots.values()) for pots in self.added_kr.values()),
            any(any(posts.values()) for posts in self.added_fte.values()),
            self.cut_share, self.cut_kr_per_year, self.when_empty, self.needs_base(),
        )  # fmt: skip
        return not any(moved)

    def needs_base(self) -> bool:
        """Savings are measured against the paired baseline."""
        return self.investment is not None and self.investment.share > 0

    def dose(self, scenario: "Scenario") -> Dose:
        """The part cut: more of it authorises less, so it has no place at an equal price."""
        return Dose("cut_share", "share", "operating spending cut", self.cut_share, 0.5, "half of it")

    def with_dose(self, value: float) -> Self:
        """Another cut."""
        return self.model_copy(update={"cut_share": value})

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """The cut of a full year; what is added by year is not in it."""
        return -sum(self.cut_oere(scenario).values()) / 100.0 / scenario.world.share

    # -- the cut ---------------------------------------------------------------------------------------------------

    def cut_oere(self, scenario: "Scenario") -> dict[str, int]:
        """What a full year loses by pot, øre of the simulated part: together exactly the cut, as far as there is money.

        It is a share of what the municipality authorises, whatever other levers add.
        """
        pots = {pot: round(full_year_oere(scenario, pot)) for pot in OPERATING_POTS}
        total = round(
            self.cut_share * sum(pots.values()) + self.cut_kr_per_year * 100.0 * scenario.world.share
        )
        open_to_it = {pot: oere for pot, oere in pots.items() if pot not in self.spared}
        return spread(total, self.spread, open_to_it, self.shares)

    def _cut_of(self, scenario: "Scenario", pot: str) -> float:
        """The part of a pot that is cut."""
        lost = self.cut_oere(scenario).get(pot, 0)
        return lost / full_year_oere(scenario, pot) if lost else 0.0

    def cut_posts(self, scenario: "Scenario") -> dict[str, float]:
        """Posts cut by team: the same part of them as of their pot, rounded up to a quarter so that it is saved."""
        have = {team: scenario.municipality.staff.teams[team].fte for team in self.teams}
        total = math.ceil(4.0 * self._cut_of(scenario, "authority_staff") * sum(have.values()) - 1e-6) / 4.0
        return scaled_posts(have, total) if total else {}

    def cut_consultants(self, scenario: "Scenario") -> float:
        """Company consultants cut, FTE, likewise."""
        have = scenario.municipality.staff.company_consultants_fte
        exact = self._cut_of(scenario, "company_service") * have
        return min(have, math.ceil(4.0 * exact - 1e-6) / 4.0)

    def problems(self, scenario: "Scenario") -> dict[str, str]:
        """More is taken from a pot than the municipality authorises in it."""
        found = {}
        cut = self.cut_oere(scenario)
        full = {pot: full_year_oere(scenario, pot) for pot in POTS}
        meant = self.cut_share * sum(round(full[pot]) for pot in OPERATING_POTS)
        meant += self.cut_kr_per_year * 100.0 * scenario.world.share
        short = meant - sum(cut.values())
        if short > 1.0:
            found["cut_share" if self.cut_share else "cut_kr_per_year"] = (
                f"the cut is {short / 1e8 / scenario.world.share:.2f} mio. kr. a year more than there is in the pots it"
                " may be taken from; cut less, or spare fewer pots"
            )
        overdrawn = [pot for pot, oere in cut.items() if oere > round(full[pot])]
        if overdrawn:
            found["shares"] = f"takes more from {', '.join(overdrawn)} than is authorised there"
        for year, pots in self.added_kr.items():
            for pot, kr in pots.items():
                if full[pot] - cut.get(pot, 0) + kr * 100.0 * scenario.world.share < -0.5:
                    found["added_kr"] = f"takes more from {pot} in {year} than is authorised in it"
        fewer = self.cut_posts(scenario)
        for year, posts in self.added_fte.items():
            for team, fte in posts.items():
                if scenario.municipality.staff.teams[team].fte - fewer.get(team, 0.0) + fte < -1e-9:
                    found["added_fte"] = f"takes more posts from {team} in {year} than it has"
        begin = year_of(self.first_week(scenario))
        if any(year < begin for year in (*self.added_kr, *self.added_fte)):
            found["added_kr" if self.added_kr else "added_fte"] = (
                f"names a year before {begin}, in which the lever begins; leave it out or begin earlier"
            )
        return found

    # -- what the week asks ----------------------------------------------------------------------------------------

    def pots_oere(self, scenario: "Scenario", begin: int, end: int) -> dict[str, int]:
        """The cut for the weeks up to the year's end, what the year adds, and the pay of posts it adds."""
        year = year_of(begin)
        part = (end - begin) / weeks_in_year(year)
        moved = {pot: -round(oere * part) for pot, oere in self.cut_oere(scenario).items()}
        for pot, kr in self.added_kr.get(year, {}).items():
            moved[pot] = moved.get(pot, 0) + round(kr * 100.0 * scenario.world.share)
        posts = sum(self.added_fte.get(year, {}).values())
        if posts:
            pay = posts * post_kr(scenario) * 100.0 * scenario.world.share * part
            moved["authority_staff"] = moved.get("authority_staff", 0) + round(pay)
        return moved

    def pot_rules(self) -> dict[str, tuple[str, float]]:
        """The rules for empty pots, with the part of the rest that is carried over."""
        return {pot: (rule, self.carry_over_share) for pot, rule in self.when_empty.items()}

    def posts_from(self, scenario: "Scenario", week: int) -> dict[str, float]:
        """The posts cut close with the first week and open again when it has ended; those added by year open and close
        with their year."""
        now, before = self._posts_in(scenario, week), self._posts_in(scenario, week - 1)
        moved = {team: now.get(team, 0.0) - before.get(team, 0.0) for team in {**before, **now}}
        return {team: fte for team, fte in moved.items() if fte}

    def _posts_in(self, scenario: "Scenario", week: int) -> dict[str, float]:
        if week < self.first_week(scenario) or not self.in_force(scenario, week):
            return {}
        posts = {team: -fte for team, fte in self.cut_posts(scenario).items()}
        for team, fte in self.added_fte.get(year_of(week), {}).items():
            posts[team] = posts.get(team, 0.0) + fte
        return posts

    def change_weeks(self, scenario: "Scenario") -> set[int]:
        """The first week, and years that begin with other posts than the year before."""
        first = self.first_week(scenario)
        years = {begin for year in self.added_fte for begin in (year, year + 1)}
        return {first} | {max(first, year_start(year)) for year in years}

    def before(self, scenario: "Scenario", week: int) -> Self | None:
        """What of it is in force before `week`: years that begin later do not count."""
        if self.first_week(scenario) >= week:
            return None
        return self.model_copy(
            update={
                name: {year: rows for year, rows in getattr(self, name).items() if year_start(year) < week}
                for name in ("added_kr", "added_fte")
            }
        )

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Rules for empty pots; consultants' hours and pay; the integration programme where it is not spared."""
        if week < self.first_week(scenario):
            return
        share = scenario.world.share
        for pot, rule in self.when_empty.items():
            tables.offer.when_empty[POTS.index(pot)] = WHEN_EMPTY.index(rule)
        fewer = self.cut_consultants(scenario)
        if fewer:
            hours = scenario.municipality.staff.productive_hours_per_fte_year / 52.0
            minutes = max(0, tables.offer.consultant_minutes_week - int(fewer * share * hours * 60.0))
            tables.offer = tables.offer._replace(consultant_minutes_week=minutes)
            tables.add_cost("company_service", -fewer * post_kr(scenario) * 100.0 * share)
        integration = self.cut_oere(scenario).get("integration", 0)
        if integration:
            tables.add_cost("integration", -integration)

    # -- the investment model --------------------------------------------------------------------------------------

    def with_saving(self, scenario: "Scenario", year: int, saved_oere: int) -> Self:
        """The lever after a year in which so much was saved (øre of the simulated part): its part is added to `year`.

        Raises ValueError without an investment model.
        """
        rule = self.investment
        if rule is None:
            raise ValueError("no investment model, so nothing flows back")
        if saved_oere < 0 and rule.negative == "nothing":
            return self
        back = rule.share * saved_oere / scenario.world.share / 100.0
        pots = {pot: round(100.0 * part * back) / 100.0 for pot, part in rule.to_pots.items()}
        posts = {
            team: math.trunc(4.0 * part * back / post_kr(scenario)) / 4.0
            for team, part in rule.to_posts.items()
        }
        cut = self.cut_oere(scenario)
        left = {
            pot: (full_year_oere(scenario, pot) - cut.get(pot, 0)) / scenario.world.share / 100.0
            for pot in pots
        }
        teams, fewer = scenario.municipality.staff.teams, self.cut_posts(scenario)
        return self.model_copy(
            update={
                "added_kr": _plus(self.added_kr, year, pots, left),
                "added_fte": _plus(
                    self.added_fte,
                    year,
                    posts,
                    {team: teams[team].fte - fewer.get(team, 0.0) for team in posts},
                ),
            }
        )


def _plus(
    rows: Mapping[int, Mapping[str, float]], year: int, more: Mapping[str, float], left: Mapping[str, float]
) -> dict[int, Mapping[str, float]]:
    """Rows by year with more of some in one of them; no more is taken away than is left."""
    have = dict(rows.get(year, {}))
    added = {
        name: max(have.get(name, 0.0) + value, -left[name])
        for name, value in more.items()
        if value or name in have
    }
    return {**rows, year: {**have, **added}} if added else dict(rows)
