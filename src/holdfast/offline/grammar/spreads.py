"""Medians and averages of how many each has, people beside their peers, and joiners and leavers by month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.offline.grammar import clauses, counting, nouns
from holdfast.offline.grammar.combining import all_of
from holdfast.offline.grammar.dates import before
from holdfast.offline.grammar.figuring import ends, figuring, groups, order, some
from holdfast.offline.grammar.names import hire_column
from holdfast.offline.grammar.windows import Span, window
from holdfast.offline.meaning import Asked, Counted, Figure, Flow, Months, Peers, Selection, Spread
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# Without a time, "monthly joiners" are those of so many months and of the one that is not over yet.
_USUAL_MONTHS = 6
_FIGURES = tuple(figure.value for figure in Figure)


@rule
def spreads(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """A question for a figure of many numbers, or for numbers by month."""
    for spread in (*_of_each(parse, at), *_best(parse, at)):
        yield Read(Asked(subject=spread.value.subject, numbers=spread.value), spread.end, spread.cost)
    for peers in _beside_peers(parse, at):
        yield Read(Asked(subject=peers.value.subject, numbers=peers.value), peers.end, peers.cost)
    for months in _by_month(parse, at):
        yield Read(Asked(subject=months.value.subject, numbers=months.value), months.end, months.cost)


def _of_each(parse: Parse, at: int) -> Iterator[Read[Spread]]:
    """ "Median number of groups per person by department", "how many apps does a user have on average"."""
    for figures in _figures(parse, at):
        yield from _spread(parse, figures)
    averages = [*ends(parse, at, "on_average")]
    for begin in (at, *averages, *(comma for end in averages for comma in parse.mark(",", end))):
        for numbers in _each_has(parse, begin):
            after = ends(parse, numbers.end, "on_average")
            for end in after or ([numbers.end] if begin > at else []):
                meaning = _meaning(numbers.value, (Figure.AVERAGE,))
                for how in order(parse, end, meaning.subject.kind):
                    if len(how.value.by) == 1 and not how.value.percent:
                        yield Read(meaning.model_copy(update={"by": how.value.by[0]}), how.end, numbers.cost)
                yield Read(meaning, end, numbers.cost)


@rule
def _figures(parse: Parse, at: int) -> Iterator[Read[tuple[Figure, ...]]]:
    """ "Median", "minimum, median and maximum"."""
    rows: list[Read[tuple[Figure, ...]]] = [Read((Figure(w.value),), w.end) for w in figuring(parse, at, *_FIGURES)]
    while rows:
        row = rows.pop()
        yield row
        for joined in parse.phrases(parse.lexicon.connecting, row.end):
            words = figuring(parse, joined.end, *_FIGURES) if joined.value == "and" else []
            rows += [Read((*row.value, Figure(w.value)), w.end) for w in words if w.value not in row.value]


def _spread(parse: Parse, figures: Read[tuple[Figure, ...]]) -> Iterator[Read[Spread]]:
    """The figures of what follows, by attributes and in an order."""
    for numbers in (read for each in _each_has(parse, figures.end) for read in _among(parse, each)):
        meaning = _meaning(numbers.value, figures.value)
        for how in order(parse, numbers.end, meaning.subject.kind):
            if len(how.value.by) < 2 and not how.value.percent:
                by = how.value.by[0] if how.value.by else None
                lowest = bool(how.value.lowest_first) and by is not None
                yield Read(meaning.model_copy(update={"by": by, "lowest_first": lowest}), how.end, numbers.cost)


def _among(parse: Parse, numbers: Read[Asked]) -> Iterator[Read[Asked]]:
    """ "(Groups per person) among contractors": of those only."""
    yield numbers
    subject = numbers.value.subject
    for begin in ends(parse, numbers.end, "among") if subject.where is None else ():
        for things in some(parse, begin, subject.kind):
            yield Read(
                numbers.value.model_copy(update={"subject": things.value}), things.end, numbers.cost + things.cost
            )


def _meaning(numbers: Asked, figures: tuple[Figure, ...]) -> Spread:
    assert numbers.counted is not None
    return Spread(subject=numbers.subject, link=numbers.counted.link, target=numbers.counted.target, figures=figures)


@rule
def _each_has(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """How many of something each thing has: "number of groups per person", "group size", "apps a user can open"."""
    counted = [read.end for read in parse.phrases(parse.lexicon.counting, at)]
    for begin in dict.fromkeys([at, *ends(parse, at, "number_of"), *counted]):
        for numbers in (*counting.counts(parse, begin), *counting.rankings(parse, begin)):
            if numbers.value.mode == "rank" and numbers.value.limit is None and not numbers.value.ties:
                yield numbers
        yield from _had_by(parse, begin)
        yield from _in_parentheses(parse, begin)
    for size in ends(parse, at, "size_of"):
        for kind in (Kind.GROUP, Kind.APPLICATION):
            for things in some(parse, size, kind):
                asked = Asked(mode="rank", subject=things.value, counted=counting.size_of(kind))
                yield Read(asked, things.end, things.cost)


def _had_by(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "(Average number of) apps a user can open", "groups does a person have", "members does a group have"."""
    for things, links in _counted_things(parse, at):
        begins = [things.end, *(r.end for r in parse.phrases(parse.lexicon.yes_no, things.end))]
        for holder in Kind:
            for holders in (read for begin in dict.fromkeys(begins) for read in nouns.np(parse, begin, holder)):
                can = [holders.end, *(r.end for r in parse.phrases(parse.lexicon.yes_no, holders.end))]
                for end in dict.fromkeys(can):
                    for link, verb in counting.verb(parse, end, holder, things.value.kind):
                        if not links or link in links:
                            counted = Counted(link=link, target=things.value)
                            yield Read(Asked(mode="rank", subject=holders.value, counted=counted), verb, holders.cost)


def _counted_things(parse: Parse, at: int) -> Iterator[tuple[Read[Selection], tuple[Link, ...]]]:
    """What is counted, and for nouns like "members" the link that leads to them."""
    for kind in Kind:
        yield from ((things, ()) for things in nouns.np(parse, at, kind))
    for outline in parse.phrases(parse.lexicon.outlines, at):
        ends_of_link = LINKS[outline.value]
        if ends_of_link.source is Kind.PERSON:
            yield Read(Selection(kind=Kind.PERSON), outline.end), (ends_of_link.inverse,)


def _in_parentheses(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "(Applications whose status is active) per (people whose user type is …)": as we say it ourselves."""
    for kind in Kind:
        for things in some(parse, at, kind):
            for per in ends(parse, things.end, "per"):
                for holder in Kind:
                    link = BETWEEN.get((holder, kind))
                    for holders in some(parse, per, holder) if link else ():
                        assert link is not None
                        counted = Counted(link=link, target=things.value)
                        asked = Asked(mode="rank", subject=holders.value, counted=counted)
                        yield Read(asked, holders.end, things.cost + holders.cost)
    for outline in parse.phrases(parse.lexicon.outlines, at):
        of_link = LINKS[outline.value]
        for per in ends(parse, outline.end, "per") if of_link.source is Kind.PERSON else ():
            for holders in (*some(parse, per, of_link.target), *counting.managers(parse, per, of_link.target)):
                counted = Counted(link=of_link.inverse, target=Selection(kind=Kind.PERSON))
                yield Read(Asked(mode="rank", subject=holders.value, counted=counted), holders.end, holders.cost)


def _best(parse: Parse, at: int) -> Iterator[Read[Spread]]:
    """ "Which department has the highest average number of groups per person"."""
    for by in groups(parse, at, Kind.PERSON):
        for have in parse.phrases(parse.lexicon.having, by.end):
            for word in figuring(parse, have.end, "lowest", "highest") if have.value == "with" else ():
                for figures in _figures(parse, word.end):
                    for spread in _spread(parse, figures):
                        if spread.value.by is None and spread.value.subject.kind is Kind.PERSON:
                            best = {"by": by.value, "ties": True, "lowest_first": word.value == "lowest"}
                            yield spread._replace(value=spread.value.model_copy(update=best))


def _beside_peers(parse: Parse, at: int) -> Iterator[Read[Peers]]:
    """ "Users with the most groups compared with their department's median"."""
    for ranked in (*counting.rankings(parse, at), *counting.counts(parse, at)):
        asked = ranked.value
        if asked.counted is None or asked.subject.kind is not Kind.PERSON or asked.fewest_first or asked.ties:
            continue
        for end in ends(parse, ranked.end, "compared"):
            for by in _median_of(parse, end):
                link, target = asked.counted.link, asked.counted.target
                meaning = Peers(subject=asked.subject, link=link, target=target, by=by.value, limit=asked.limit)
                yield Read(meaning, by.end, ranked.cost)


def _median_of(parse: Parse, at: int) -> Iterator[Read[str]]:
    """ "Their department's median", "the median of their department", "the department median"."""
    owners = [at, *(r.end for r in parse.phrases(parse.lexicon.owners, at))]
    for begin in owners:
        for by in groups(parse, begin, Kind.PERSON):
            for mark in (by.end, *parse.mark("'s", by.end)):
                yield from (Read(by.value, end) for end in ends(parse, mark, "median"))
    for median in (end for begin in owners for end in ends(parse, begin, "median")):
        for of in (*parse.mark("of", median), *parse.mark("in", median), *parse.mark("for", median)):
            for begin in (of, *(r.end for r in parse.phrases(parse.lexicon.owners, of))):
                yield from groups(parse, begin, Kind.PERSON)


def _by_month(parse: Parse, at: int) -> Iterator[Read[Months]]:
    """ "Monthly joiners and leavers for the past six months", "contractors hired per month since January"."""
    counted = [at, *(r.end for r in parse.phrases(parse.lexicon.counting, at))]
    for begin in counted:
        for monthly in (begin, *ends(parse, begin, "per_month")):
            for people in _whose_months(parse, monthly):
                for flows in _flows(parse, people.end):
                    yield from _in_months(parse, people, flows, said=monthly > begin)


def _whose_months(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    yield Read(Selection(kind=Kind.PERSON), at)
    for people in some(parse, at, Kind.PERSON):
        yield people
        for who in parse.phrases(parse.lexicon.who, people.end):
            yield people._replace(end=who.end)


@rule
def _flows(parse: Parse, at: int) -> Iterator[Read[tuple[Flow, ...]]]:
    def words(begin: int) -> list[Read[Flow]]:
        found = [Read(Flow(w.value), w.end) for w in parse.phrases(parse.lexicon.flows, begin)]
        return [w for w in found if w.value is not Flow.HIRED or hire_column(parse.schema)]

    rows: list[Read[tuple[Flow, ...]]] = [Read((word.value,), word.end) for word in words(at)]
    while rows:
        row = rows.pop()
        yield row
        for joined in parse.phrases(parse.lexicon.connecting, row.end):
            begins = [joined.end, *(r.end for r in parse.phrases(parse.lexicon.who, joined.end))]
            rows += [
                Read((*row.value, word.value), word.end)
                for begin in (begins if joined.value == "and" else [])
                for word in words(begin)
                if word.value not in row.value
            ]


def _in_months(
    parse: Parse, people: Read[Selection], flows: Read[tuple[Flow, ...]], *, said: bool
) -> Iterator[Read[Months]]:
    narrower = [Read(people.value, flows.end, people.cost)]
    for more in clauses.conditions(parse, flows.end, Kind.PERSON):
        where = all_of((people.value.where, more.value))
        narrower.append(Read(Selection(kind=Kind.PERSON, where=where), more.end, people.cost + more.cost))
    for whose in narrower:
        for end, month in ((whose.end, said), *((e, True) for e in ends(parse, whose.end, "per_month"))):
            spans = [Read(Span(before(parse.now, _USUAL_MONTHS, "month"), None), end)] if month else []
            for begin in (end, *parse.mark("for", end), *parse.mark(",", end)):
                for span in window(parse, begin):
                    spans += [span] if month else []
                    # "Hired since January, by month"
                    spans += [span._replace(end=e) for e in ends(parse, span.end, "per_month")] if not month else []
            for span in dict.fromkeys(spans):
                for months in _within(parse, whose, flows.value, span):
                    yield months
                    yield from _of_those(parse, months, whose)


def _of_those(parse: Parse, months: Read[Months], whose: Read[Selection]) -> Iterator[Read[Months]]:
    """ "(Joiners by month) in the Sales department"."""
    for more in clauses.conditions(parse, months.end, Kind.PERSON):
        people = Selection(kind=Kind.PERSON, where=all_of((whose.value.where, more.value)))
        yield Read(months.value.model_copy(update={"subject": people}), more.end, months.cost + more.cost)


def _within(parse: Parse, people: Read[Selection], flows: tuple[Flow, ...], span: Read[Span]) -> Iterator[Read[Months]]:
    tomorrow = _day_start(parse.now) + timedelta(days=1)
    start, end = span.value.start, min(span.value.end or tomorrow, tomorrow)
    if start is None:
        return
    start = _month_start(start)
    if timedelta(0) < end - start < timedelta(days=3700):
        meaning = Months(subject=people.value, flows=flows, start=start, end=end)
        yield Read(meaning, span.end, people.cost + span.cost)


def _month_start(moment: datetime) -> datetime:
    return _day_start(moment).replace(day=1)


def _day_start(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
