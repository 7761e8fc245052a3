"""The columns of log answers, by what of an event they hold."""

from __future__ import annotations

from typing import Final, NamedTuple

from holdfast.offline.live.log.events import kind_of
from holdfast.offline.live.log.shapes import Events, Facet, LogList, LogMeaning, LogTally, LogTravel
from holdfast.offline.meaning.showing import Order, ShownColumn


class FacetColumns(NamedTuple):
    """The columns that a facet has in a row: an id that nobody reads, and those that are shown."""

    id: str | None
    shown: tuple[ShownColumn, ...]


def _text(name: str, heading: str) -> ShownColumn:
    return ShownColumn(name=name, heading=heading)


FACETS: Final = {
    Facet.PERSON: FacetColumns("user_id", (_text("login", "Login"), _text("name", "Name"))),
    Facet.ACTOR: FacetColumns("actor_id", (_text("actor", "Actor"), _text("actor_login", "Actor login"))),
    Facet.APPLICATION: FacetColumns("application_id", (_text("application", "Application"),)),
    Facet.GROUP: FacetColumns("group_id", (_text("group_name", "Group"),)),
    Facet.TARGET: FacetColumns(None, (_text("target", "Target"),)),
    Facet.ROLE: FacetColumns(None, (_text("admin_role", "Admin role"),)),
    Facet.FACTOR: FacetColumns(None, (_text("factor", "Factor"),)),
    Facet.REASON: FacetColumns(None, (_text("reason", "Reason"),)),
    Facet.OUTCOME: FacetColumns(None, (_text("outcome", "Outcome"),)),
    Facet.EVENT: FacetColumns(None, (_text("event", "Event"),)),
    Facet.IP: FacetColumns(None, (_text("ip", "IP address"),)),
    Facet.COUNTRY: FacetColumns(None, (_text("country", "Country"),)),
    Facet.CITY: FacetColumns(None, (_text("city", "City"),)),
    Facet.BROWSER: FacetColumns(None, (_text("browser", "Browser"),)),
    Facet.SYSTEM: FacetColumns(None, (_text("operating_system", "Operating system"),)),
    Facet.ZONE: FacetColumns(None, (_text("network_zone", "Network zone"),)),
    Facet.DAY: FacetColumns(None, (_text("day", "Day"),)),
}
TIME: Final = ShownColumn(name="time", heading="Time", kind="time")
COUNT: Final = ShownColumn(name="event_count", heading="Events", kind="number")
FIRST: Final = ShownColumn(name="first_time", heading="First", kind="time")
LAST: Final = ShownColumn(name="last_time", heading="Last", kind="time")
TRAVELS: Final = ShownColumn(name="impossible_travels", heading="Impossible travels", kind="number")
ASSIGNED: Final = ShownColumn(name="assigned_count", heading="Assigned people", kind="number")
OPENERS: Final = ShownColumn(name="opener_count", heading="People who opened it", kind="number")
TRAVEL: Final = (
    ShownColumn(name="login", heading="Login"),
    ShownColumn(name="name", heading="Name"),
    ShownColumn(name="from_time", heading="First sign-in", kind="time"),
    ShownColumn(name="from_city", heading="From"),
    ShownColumn(name="from_country", heading="From country"),
    ShownColumn(name="time", heading="Next sign-in", kind="time"),
    ShownColumn(name="city", heading="To"),
    ShownColumn(name="country", heading="To country"),
    ShownColumn(name="km", heading="Distance (km)", kind="number"),
    ShownColumn(name="hours", heading="Hours", kind="number"),
    ShownColumn(name="kmh", heading="Speed (km/h)", kind="number"),
)


def shows(events: Events) -> tuple[Facet, ...]:
    """What a list of these events shows, in order; the event's type where there are several."""
    facets = dict.fromkeys(facet for one in events.sets for facet in kind_of(one).shows)
    if len(events.sets) > 1:
        facets = {Facet.EVENT: None} | facets
    return tuple(facets)


def distinct_column(facet: Facet) -> ShownColumn:
    """The column that says how many different ones there are."""
    name = FACETS[facet].shown[0].name if facet is not Facet.PERSON else "person"
    return ShownColumn(name=f"{name}_count", heading="Number", kind="number")


def shown(meaning: LogMeaning) -> tuple[tuple[str, ...], tuple[ShownColumn, ...], tuple[Order, ...]]:
    """The ids of each row, its columns, and how the rows are sorted."""
    match meaning:
        case LogList(events=events, oldest_first=oldest):
            ids, columns = _of(shows(events))
            return ids, (TIME, *columns), (Order(column=TIME.name, descending=not oldest),)
        case LogTally(distinct=Facet() as facet):
            return (), (distinct_column(facet),), ()
        case LogTally():
            return _tallied(meaning)
        case LogTravel():
            return ("user_id",), TRAVEL, (Order(column="time", descending=True), Order(column="login"))
    raise AssertionError(f"the columns of {meaning.shape} are those of its things")


def _of(facets: tuple[Facet, ...]) -> tuple[tuple[str, ...], tuple[ShownColumn, ...]]:
    parts = [FACETS[facet] for facet in facets]
    return tuple(p.id for p in parts if p.id), tuple(column for p in parts for column in p.shown)


def _tallied(tally: LogTally) -> tuple[tuple[str, ...], tuple[ShownColumn, ...], tuple[Order, ...]]:
    ids, columns = _of(tally.by)
    more = (FIRST, LAST) if tally.spans else ()
    travels = (TRAVELS,) if tally.travel else ()
    order = (Order(column=COUNT.name, descending=not tally.fewest_first), *(Order(column=c.name) for c in columns))
    if tally.by == (Facet.DAY,) and tally.limit is None and not tally.ties:
        order = (Order(column="day"),)
    return ids, (*columns, COUNT, *more, *travels), order if tally.by else ()
