"""The committee paper of a stored batch: page one in the municipality's own form, then figures, groups, appendix."""

import math
from typing import Final

import numpy as np

from experiments.bounds import TOLERATED
from experiments.calibrated import assumed, is_calibrated
from experiments.comparison import EXIT_DOORS, NEITHER_LIMIT
from experiments.equal_budget import authorised_kr, whole_years
from experiments.experiment_file import PLAIN
from experiments.four_spreads import ENOUGH_FOR_95, Spreads
from experiments.idle_hours import idle_teams
from experiments.money import PAYBACK_YEARS
from experiments.money_lines import Line, turning
from experiments.money_table import lines_of
from experiments.provenance import rules_not_verified
from experiments.stored import NET, Stored
from jobcenter.planner.blocks import Block, Bullets, Heading, NewPage, Paper, Table, Text
from jobcenter.planner.chances import range_of_share, starred
from jobcenter.planner.paper_answer import assumption, sentence, would_change
from jobcenter.planner.paper_appendix import appendix
from jobcenter.planner.paper_figures import figures
from jobcenter.planner.reconcile import beside
from jobcenter.planner.reconcile_paper import one_sentence
from jobcenter.planner.words import UNKNOWN, Words
from sim.codes import APPLICANTS, FRAMES, TEAMS_WITH_CASES
from sim.errors import UserError
from sim.records.outcome_list import GOALS, OUTCOMES
from sim.records.outcomes import Key
from sim.version import code_version

BUDGET_YEARS: Final = 4  # budget year + 3
THOUSAND, MIO = 1e3, 1e6
CLEAR: Final = 0.10  # share of a saving that a payer's loss must leave before it counts as more than moved


class Page:
    """The numbers of one paper in one language."""

    def __init__(self, stored: Stored, say: Words):
        self.stored, self.say = stored, say
        # A year that the horizon cuts short is no budget year: its money is a part, beside whole ones a false saving.
        self.years = whole_years(stored.base)[:BUDGET_YEARS] or stored.years[:1]
        self.cut = [year for year in stored.years if year not in whole_years(stored.base)]
        self.strategies = [n for n, s in zip(stored.names, stored.others, strict=True) if s.kind != "context"]
        self.scenario = dict(zip(stored.names, stored.others, strict=True))
        drawn = stored.draw_of()
        self.rows = len(np.unique(drawn)) if (drawn >= 0).any() else len(drawn)  # what chances are counted in

    def title_of(self, name: str) -> str:
        """A scenario as the reader knows it: one of the user's own by its question."""
        return self.say.option(name, self.scenario[name].question)

    def net(self, name: str) -> Spreads:
        """Net cost of the municipality, kroner a year, mean of the horizon."""
        return self.stored.effect(name, NET, scale=1.0 / self.stored.horizon_years)

    def kr(self, kroner: float) -> str:
        """1.000 kr."""
        return self.say.signed(kroner / THOUSAND)

    def lines(self, name: str) -> list[Line]:
        """What is not in the headline."""
        return lines_of(self.stored.money, name)

    def money(self, name: str, part: str, measure: str, frame: str = "all", column: str = "value") -> float:
        """A number of the money table over the whole horizon."""
        m = self.stored.money
        found = m[(m.scenario == name) & (m.part == part) & (m.measure == measure) & (m.frame == frame)]
        return float(found[found.year == "all"][column].iloc[0])

    # ---- the answer in words ----------------------------------------------------------------------------------------

    def sentence(self, name: str) -> str:
        """A strategy's answer: money, people, payback, and what turns it."""
        return sentence(self, name)

    def warnings(self, name: str) -> list[str]:
        """What must be read before the answer is used."""
        say, out = self.say, []
        split = self.stored.split(name)
        if split is not None and split.share("neither") > NEITHER_LIMIT:
            out.append(
                say("warn.neither", option=self.title_of(name), share=say.percent(split.share("neither")))
            )
        if self.only_moves(name):
            state = self.stored.effect(
                name, Key("net_state_cost", "all", "all"), scale=1 / self.stored.horizon_years
            )
            out.append(
                say("warn.moves", option=self.title_of(name), municipality=self.kr(self.net(name).mean),
                    state=self.kr(state.mean))
            )  # fmt: skip
        worth = self.money(name, "present value", "present value of net cost")
        turns = turning(worth, self.lines(name))
        if turns:
            told = say.listing([_in_sentence(say(f"line.{line.name}")) for line in turns])
            out.append(say("warn.turns", option=self.title_of(name), lines=told))
        found = self.gain_and_bound(name)
        if found is not None and found[0] > TOLERATED * found[1]:
            out.append(say("warn.bound", option=self.title_of(name)))
        used = {team: self.stored.level(Key("hours_used_share", team, "all")) for team in TEAMS_WITH_CASES}
        idle = idle_teams(self.scenario[name], used)
        if idle:
            teams = [
                f"{_in_sentence(say(f'form.row.{team}'))} {say.percent(share)}"
                for team, share in idle.items()
            ]
            out.append(say("warn.idle", option=self.title_of(name), teams=say.listing(teams)))
        return out

    def gain_and_bound(self, name: str) -> tuple[float, float] | None:
        """What a lever of class A gains on benefits, and the most that arithmetic allows (economics rule 9), kr. a
        year; None where no effect with evidence can be held against a bound."""
        bound = self.stored.bound(name)
        if bound is None or self.scenario[name].evidence_class != "A":
            return None
        scale = 1.0 / self.stored.horizon_years
        return -self.stored.effect(
            name, Key("municipal_by_account", "benefit", "all"), scale=scale
        ).mean, bound.kr_year

    def only_moves(self, name: str) -> bool:
        """Whether the municipality's gain is the state's loss: little or nothing is left for all public money."""
        scale = 1.0 / self.stored.horizon_years
        town = self.net(name).mean
        state = self.stored.effect(name, Key("net_state_cost", "all", "all"), scale=scale).mean
        return town < 0.0 < state and town + state > -CLEAR * abs(town)

    # ---- tables of page one -----------------------------------------------------------------------------------------

    def frames(self) -> Table:
        """Authorised, spent and net by budget frame, 1.000 kr."""
        say = self.say
        rows: list[tuple[str, ...]] = []
        bold: set[int] = set()
        sums = [*self.years]

        def add(label: str, values: list[float], strong: bool = False) -> None:
            cells = [*values, sum(values)]
            if strong:
                bold.add(len(rows))
            rows.append((label, *map(self.kr, cells)))

        add(say("nothing"), [0.0] * len(sums), True)
        for name in self.strategies:
            by_year = {
                frame: [
                    self.stored.effect(name, Key("money", f"municipality/{frame}", str(y))).mean for y in sums
                ]
                for frame in FRAMES
                if self.stored.known(Key("money", f"municipality/{frame}", str(sums[0])))
            }
            total = [self.stored.effect(name, Key(*NET[:2], str(y))).mean for y in sums]
            add(say("frames.total", option=self.title_of(name)), total, True)
            add(say("frames.authorised"), [authorised_kr(self.scenario[name], year) for year in sums])
            spent = [
                self.stored.effect(name, Key("gross_operating_spending", "all", str(y))).mean for y in sums
            ]
            same = all(
                math.isclose(a, b, abs_tol=1.0) for a, b in zip(spent, by_year["service"], strict=True)
            )
            add(say("frames.spent_is_net" if same else "frames.spent"), spent)
            for frame, values in by_year.items():
                if not (frame == "service" and same) and (frame != "other" or any(values)):
                    add(say(f"frames.{frame}"), values)
        note = say("frames.note", price=self.stored.base.prices.level_year)
        if self.cut:
            part = "frames.only_part" if self.years[0] in self.cut else "frames.cut"
            note += " " + say(part, years=say.listing([str(year) for year in self.cut]))
        beyond = [str(year) for year in self.stored.years if year not in (*self.years, *self.cut)]
        if beyond:
            note += " " + say("frames.beyond", first=self.stored.years[0], last=self.stored.years[-1],
                              years=say.listing(beyond))  # fmt: skip
        head = (say("frames.head"), *map(str, sums), say("frames.sum"))
        return Table("budget", say("frames.title"), head, tuple(rows), bold=frozenset(bold), note=note)

    def payback(self, name: str, frame: str) -> str:
        """'2 / 5 / 9 / 14 %, ikke: 86 %'."""
        within = [self.money(name, "payback", f"within {k}", frame) for k in PAYBACK_YEARS]
        never = self.money(name, "payback", "not within the horizon", frame)
        shares = " / ".join(UNKNOWN if not math.isfinite(s) else self.say.number(100 * s) for s in within)
        return self.say("sure.payback", shares=shares, never=self.say.percent(never))

    def certainty(self) -> Table:
        """How sure it is, when it pays back, where people went, who is displaced, how good the evidence is."""
        say, names, stored = self.say, self.strategies, self.stored
        per_year = 1.0 / stored.horizon_years

        def split(name: str) -> str:
            found = stored.split(name)
            if found is None:
                return say("sure.none_saved")
            return " / ".join(say.number(100 * found.share(door)) for door in EXIT_DOORS)

        def displaced(name: str) -> str:
            hires = [stored.effect(name, Key("hires", who, "all"), scale=per_year).mean for who in APPLICANTS]
            return " / ".join(say.signed(value) for value in hires)

        def ceiling(name: str) -> str:
            found = self.gain_and_bound(name)
            return UNKNOWN if found is None else " / ".join(self.say.number(kr / THOUSAND) for kr in found)

        year = str(self.years[-1])
        luck = stored.effect(names[0], Key(*NET[:2], year)).luck
        effects = {name: self.net(name) for name in names}
        rows = [
            (say("sure.net"), *(self.kr(effects[n].mean) for n in names)),
            (say("sure.knowledge_80"), *(self._kr_span(effects[n].knowledge_80) for n in names)),
            (say("sure.knowledge_95"), *(self._kr_span(effects[n].knowledge_95) for n in names)),
            (say("sure.error"), *(say.within(effects[n].calculation_error / THOUSAND) for n in names)),
            (say("sure.bound"), *(ceiling(n) for n in names)),
            (say("sure.luck"), *(say.within(luck / THOUSAND) for _ in names)),
            (say("sure.payback_all"), *(self.payback(n, "all") for n in names)),
            (say("sure.payback_service"), *(self.payback(n, "service") for n in names)),
            (say("sure.split"), *(split(n) for n in names)),
            (say("sure.displaced"), *(displaced(n) for n in names)),
            (say("sure.class"), *(self.scenario[n].evidence_class or UNKNOWN for n in names)),
        ]
        head = ("", *(self.title_of(name) for name in names))
        note = say("sure.note")
        if self.rows < ENOUGH_FOR_95:
            low, high = range_of_share(0.5, self.rows)  # the widest there is
            note += " " + say("sure.few", n=self.rows, wide=say.number(50 * (high - low)))
        return Table("certainty", say("sure.title"), head, tuple(rows), note=note)

    def _kr_span(self, ends: tuple[float, float] | None) -> str:
        return self.say.span(None if ends is None else (ends[0] / THOUSAND, ends[1] / THOUSAND))

    def goals(self) -> Table:
        """The ten goals; a star where the sign is not settled."""
        say, rows = self.say, []
        for goal in GOALS:
            for outcome, group, _ in goal.rows[: 3 if goal.number == 6 else 1]:
                key, unit = Key(outcome, group, "all"), OUTCOMES[outcome].unit
                if not self.stored.known(key):
                    continue
                by, decimals = (
                    (100.0, 2) if unit == "share" else (1.0, 2 if unit.startswith("changes") else 1)
                )
                cells = []
                for name in self.strategies:
                    cells.append(starred(say, self.stored.effect(name, key, scale=by), decimals))
                label = say(f"goal.{goal.number}.{group}" if goal.number == 6 else f"goal.{goal.number}")
                rows.append((label, say.number(self.stored.level(key) * by, decimals), *cells))
        head = (say("goals.head"), say("nothing"), *(self.title_of(name) for name in self.strategies))
        return Table("goals", say("goals.title"), head, tuple(rows), note=say("goals.note"))

    # ---- what it rests on -------------------------------------------------------------------------------------------

    def rests_on(self) -> list[str]:
        """The assumption that matters most, what would change the conclusion, the law, the version, the command."""
        say, stored, out = self.say, self.stored, []
        for name in self.strategies:
            found = stored.strongest_assumption(name)
            option = self.title_of(name)
            what = "" if found is None else assumption(self, found[0])
            up = found is not None and found[1] > 0
            key = "no_assumption" if found is None else "assumption_up" if up else "assumption_down"
            out.append(f"{say(f'rests.{key}', option=option, what=what)} {would_change(self, name)}")
        base = stored.base
        out.append(say("rests.law", law=say.name("law", base.law.refusion), n=rules_not_verified(base)))
        return out


def _in_sentence(text: str) -> str:
    return text[:1].lower() + text[1:]


def paper(stored: Stored, say: Words, question: str, command: str) -> Paper:
    """All blocks of the paper. Raises UserError where there is no strategy: a context is nobody's decision."""
    page = Page(stored, say)
    if not page.strategies:
        raise UserError(
            f"{stored.experiment.name}: holds contexts only (other laws, other business cycles); a paper needs a"
            " strategy to decide on. For contexts: jobcenter compare"
        )
    base = stored.base
    years = page.years
    asked = question or say.own("question", stored.experiment.name, stored.experiment.file.question)
    title = f"{base.municipality.name}: {asked or say('title.default')}"
    blocks: list[Block] = [
        Heading(title, 1),
        Text(say("subtitle", first=years[0], rest=f"{years[0] + 1}\u2013{years[-1]}" if len(years) > 1 else UNKNOWN,
                 price=base.prices.level_year), "small"),
    ]  # fmt: skip
    if not is_calibrated(base, *stored.others):
        blocks.append(Text(say("watermark"), "warning"))
    if typed := assumed(*stored.others):
        blocks.append(Text(say("assumed", what="; ".join(map(say.typed, typed))), "warning"))
    if base.world.share < 1.0:
        blocks.append(Text(say("part_of_town", share=say.percent(base.world.share)), "warning"))
    reconciled = beside(base)
    if reconciled is not None:
        if reconciled.example:
            blocks.append(Text(say("report.example"), "warning"))
        blocks.append(Text(one_sentence(reconciled, say), "warning" if reconciled.flagged else "small"))
    blocks.append(Bullets((say("answer.nothing"), *(page.sentence(name) for name in page.strategies))))
    warned = [text for name in page.strategies for text in page.warnings(name)]
    if warned:
        blocks.append(Text(" ".join(warned), "warning"))
    blocks += [page.frames(), page.certainty(), page.goals(), Heading(say("rests.title"))]
    blocks.append(Bullets(tuple(page.rests_on())))
    blocks.append(Text(say("made_with", version=code_version(), pairs=len(stored.pairs[PLAIN]),
                           draws=len(np.unique(stored.draw_of())), command=command), "small"))  # fmt: skip
    blocks.append(NewPage())
    blocks += figures(page.stored, page.strategies, say, years)
    blocks += appendix(page)
    foot = say("foot", title=base.municipality.name, version=code_version())
    return Paper(title, say.language, tuple(blocks), foot)
