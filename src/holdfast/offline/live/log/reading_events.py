"""The part of a program that reads events: their filter, their pages, and how each of their parts is got at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple

from holdfast.offline.live.composing import Script, literal
from holdfast.offline.live.log.events import kind_of
from holdfast.offline.live.log.planning import FED, fed
from holdfast.offline.live.log.shapes import Events, Facet
from holdfast.offline.meaning import Named, Selection

LIST_EVENTS: Final = "list_log_events_page"
# More ids than this make a filter longer than an address may be: then the program looks for itself.
_MOST_IN_FILTER: Final = 20
_ID: Final = {"people": "user_id", "actors": "user_id", "apps": "application_id", "groups": "group_id"}


class Reading(NamedTuple):
    """How a facet is read from `event`: its columns with their expressions, what tells one from another, its fields."""

    values: tuple[tuple[str, str], ...]
    key: str
    fields: tuple[str, ...]
    # Functions of the program that it calls.
    needs: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The column that is None where there is no such thing."""
        return self.values[0][0]


def _plain(name: str, *path: str) -> Reading:
    expression = f"at(event, {', '.join(literal(part) for part in path)})"
    return Reading(((name, expression),), expression, (".".join(path),))


def _thing(names: tuple[str, str, str | None], function: str, fields: tuple[str, ...]) -> Reading:
    id_name, shown, login = names
    values = [(id_name, f'at({function}(event), "id")'), (shown, f'at({function}(event), "displayName")')]
    if login:
        values.append((login, f'at({function}(event), "alternateId")'))
    return Reading(tuple(values), f'at({function}(event), "id")', fields, (function,))


_PLACE: Final = ("client", "geographicalContext")
READ: Final = {
    # What it reads of an event depends on the kinds of events: see `_sides`.
    Facet.PERSON: _thing(("user_id", "name", "login"), "person", ())._replace(
        key="who(person(event))", needs=("person", "who")
    ),
    Facet.ACTOR: Reading(
        (
            ("actor_id", 'at(event, "actor", "id")'),
            ("actor", 'at(event, "actor", "displayName")'),
            ("actor_login", 'at(event, "actor", "alternateId")'),
        ),
        'who(event.get("actor"))',
        ("actor",),
        ("who",),
    ),
    Facet.APPLICATION: _thing(("application_id", "application", None), "application", ("actor", "target")),
    Facet.GROUP: _thing(("group_id", "group_name", None), "group", ("target",)),
    Facet.TARGET: Reading((("target", "targets(event)"),), "targets(event)", ("target",), ("targets",)),
    Facet.ROLE: Reading((("admin_role", "role(event)"),), "role(event)", ("target", "debugContext"), ("role",)),
    Facet.FACTOR: Reading((("factor", "factor(event)"),), "factor(event)", ("target", "debugContext"), ("factor",)),
    Facet.REASON: _plain("reason", "outcome", "reason"),
    Facet.OUTCOME: _plain("outcome", "outcome", "result"),
    Facet.EVENT: _plain("event", "eventType"),
    Facet.IP: _plain("ip", "client", "ipAddress"),
    Facet.COUNTRY: _plain("country", *_PLACE, "country"),
    Facet.CITY: _plain("city", *_PLACE, "city"),
    Facet.BROWSER: _plain("browser", "client", "userAgent", "browser"),
    Facet.SYSTEM: _plain("operating_system", "client", "userAgent", "os"),
    Facet.ZONE: Reading((("network_zone", "zone(event)"),), "zone(event)", ("client.zone",), ("zone",)),
    Facet.DAY: Reading((("day", 'event["published"][:10]'),), 'event["published"][:10]', ("published",)),
}

_FUNCTIONS: Final = {
    "target": '''\
def target(event: Any, kind: str) -> Any:
    """The first target of that kind."""
    for one in event.get("target") or []:
        if one.get("type") == kind:
            return one
    return None
''',
    "who": '''\
def who(one: Any) -> Any:
    """What tells a person from another: strangers have only the name they gave."""
    if one is None:
        return None
    found = one.get("id")
    return one.get("alternateId") if found is None or found == "unknown" else found
''',
    "application": """\
def application(event: Any) -> Any:
    found = target(event, "AppInstance")
    if found is None and at(event, "actor", "type") in ("AppInstance", "PublicClientApp"):
        return event.get("actor")
    return found
""",
    "group": """\
def group(event: Any) -> Any:
    return target(event, "UserGroup")
""",
    "targets": '''\
def targets(event: Any) -> Any:
    """The names of all targets."""
    names = [one.get("displayName") or one.get("alternateId") or "" for one in event.get("target") or []]
    return ", ".join(name for name in names if name) or None
''',
    "role": '''\
def role(event: Any) -> Any:
    """The admin role, which stands in the details of the event or among its targets."""
    for name in ("privilegeGranted", "privilegeRevoked"):
        if at(event, "debugContext", "debugData", name):
            return at(event, "debugContext", "debugData", name)
    found = target(event, "ROLE") or target(event, "Role")
    return at(found, "displayName")
''',
    "factor": """\
def factor(event: Any) -> Any:
    enrolled = target(event, "AuthenticatorEnrollment")
    return at(event, "debugContext", "debugData", "factor") or at(enrolled, "displayName")
""",
    "zone": '''\
def zone(event: Any) -> Any:
    """The network zone; a log writes "null" for none."""
    name = at(event, "client", "zone")
    return None if name == "null" else name
''',
    "jump": '''\
def jump(seen: dict[str, Any], event: Any) -> Any:
    """What makes a sign-in impossible after the one before it of the same person; None where nothing does."""
    place = at(event, "client", "geographicalContext")
    latitude, longitude = at(place, "geolocation", "lat"), at(place, "geolocation", "lon")
    key = who(person(event))
    if key is None or latitude is None or longitude is None:
        return None
    before = seen.get(key)
    seen[key] = (event["published"], latitude, longitude, place)
    if before is None or (before[1], before[2]) == (latitude, longitude):
        return None
    south, north = radians(before[1]), radians(latitude)
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(radians(longitude - before[2]) / 2) ** 2
    # There is no arc sine here: half the angle lies between none and a right one.
    low, high = 0.0, pi / 2
    for _ in range(45):
        middle = (low + high) / 2
        if sin(middle) ** 2 < half:
            low = middle
        else:
            high = middle
    km = 2 * 6371.0 * low
    # Two sign-ins of one moment are a second apart.
    seconds = max(1.0, (moment(event["published"]) - moment(before[0])).total_seconds())
    if km < NEAR_KM or km / seconds * 3600 <= TOP_KMH:
        return None
    return {
        "from_time": before[0],
        "from_city": at(before[3], "city"),
        "from_country": at(before[3], "country"),
        "time": event["published"],
        "city": at(place, "city"),
        "country": at(place, "country"),
        "km": round(km),
        "hours": round(seconds / 3600, 2),
        "kmh": round(km / seconds * 3600),
    }
''',
}
_CALLED: Final = {"application": ("target",), "group": ("target",), "role": ("target",), "factor": ("target",)}
# Nearer places are one place, seen by two address books.
NEAR_KM: Final = 150
TOP_KMH: Final = 900


def facet_values(facet: Facet) -> tuple[tuple[str, str], ...]:
    """The columns of a facet with the expressions that give them."""
    return READ[facet].values


class EventReading:
    """Writes the reading part of a program: functions and filter at once, the loop where the compiler wants it."""

    def __init__(self, events: Events, script: Script, needs: Sequence[Facet], *, travel: bool = False) -> None:
        self._events = events
        self._script = script
        self._tests = list(_tests(events))
        functions = dict.fromkeys(name for facet in needs for name in READ[facet].needs)
        fields = dict.fromkeys(["published", *(field for facet in needs for field in READ[facet].fields)])
        for test in self._tests:
            functions |= dict.fromkeys(test.needs)
            fields |= dict.fromkeys(test.fields)
        if travel:
            functions |= dict.fromkeys(("person", "who", "jump"))
            fields["client.geographicalContext"] = None
        if "person" in functions:
            fields |= dict.fromkeys(_sides(events))
        self._fields = _shortest(list(fields))
        self._write_functions(list(functions), travel=travel)
        self._write_sources()

    def _write_functions(self, names: list[str], *, travel: bool) -> None:
        script = self._script
        script.include("from typing import Any")
        script.need("at")
        if travel:
            script.need("moment")
            script.include("from math import cos, pi, radians, sin")
            script.line(f"NEAR_KM, TOP_KMH = {NEAR_KM}, {TOP_KMH}", "")
        wanted = dict.fromkeys(called for name in names for called in (*_CALLED.get(name, ()), name))
        if "person" in wanted:
            text, more = _person(self._events)
            wanted = dict.fromkeys((*more, *wanted))
        for name in wanted:
            script.line(*(text if name == "person" else _FUNCTIONS[name]).rstrip("\n").split("\n"), "")

    def _write_sources(self) -> None:
        script = self._script
        script.line(f"FILTER = {literal(server_filter(self._events))}")
        for name, value in zip(("SINCE", "UNTIL"), (self._events.start, self._events.end), strict=True):
            script.line(f"{name} = {literal(stamp(value))}")
        for test in self._tests:
            script.line(*test.before)
        script.line("")

    @contextmanager
    def each_event(self, order: str = "", until: str = "") -> Iterator[None]:
        """What stands below is done with each event that is asked for; `until`: when no more are needed."""
        script = self._script
        script.line("cursor: str | None = None")
        with script.block("while True:"):
            sorted_so = f", sort_order={literal(order)}" if order else ""
            call = f"{script.call(LIST_EVENTS)}(cursor, filter=FILTER, since=SINCE, until=UNTIL{sorted_so}"
            script.line(f"page, cursor = await {call}, fields={literal(self._fields)})")
            with script.block("for record in page:"):
                script.line("event: Any = record")
                tests = ['SINCE <= event["published"] < UNTIL', *(test.expression for test in self._tests)]
                with script.block(f"if not ({' and '.join(tests)}):"):
                    script.line("continue")
                yield
            with script.block(f"if cursor is None{f' or {until}' if until else ''}:"):
                script.line("break")


def _shortest(fields: list[str]) -> list[str]:
    """Without those that stand inside another one."""
    return [f for f in fields if not any(f != other and f.startswith(f"{other}.") for other in fields)]


def stamp(moment: datetime) -> str:
    """A moment as the log writes it, so that both can be compared as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _sides(events: Events) -> tuple[str, ...]:
    """The fields that tell whom an event is about."""
    sides = {kind_of(one).person for one in events.sets}
    return (
        ("actor",) if sides == {"actor"} else ("target",) if "actor" not in sides else ("eventType", "actor", "target")
    )


def _person(events: Events) -> tuple[str, tuple[str, ...]]:
    """The function that tells whom an event is about, and the functions that it calls."""
    kinds = [(kind_of(one), one) for one in events.sets]
    by_actor = [t for kind, one in kinds if kind.person == "actor" for t in kind.types_of(one.ended)]
    actor = ['one = event.get("actor")', 'return one if one is not None and one.get("type") == "User" else None']
    head = ["def person(event: Any) -> Any:", '    """Whom the event is about."""']
    if all(kind.person == "actor" for kind, _ in kinds):
        return "\n".join([*head, *(f"    {line}" for line in actor)]), ()
    aimed = ['    return target(event, "User")']
    if not by_actor:
        return "\n".join([*head, *aimed]), ("target",)
    test = f'    if event["eventType"] in {literal(by_actor)}:'
    return "\n".join([*head, test, *(f"        {line}" for line in actor), *aimed]), ("target",)


class _Test(NamedTuple):
    """A condition on `event`, the lines it needs before the loop, and what it reads."""

    expression: str
    before: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def _tests(events: Events) -> Iterator[_Test]:
    """What the program tests itself."""
    from_snapshot = fed(events)
    for part, facet in _PARTS.items():
        selection: Selection | None = getattr(events, part)
        if selection is None:
            continue
        step_id = FED[part]
        name = step_id.upper()
        if step_id in from_snapshot:
            before = f"{name} = {{row[{literal(_ID[step_id])}] for row in await load({literal(step_id)})}}"
        else:
            before = f"{name} = {_ids(selection)}"
        reading = READ[facet]
        yield _Test(f"{reading.values[0][1]} in {name}", (before,), reading.fields, reading.needs)
    if events.whose != "anybody":
        sign = "!=" if events.whose == "others" else "=="
        expression = f'at(target(event, "User"), "id") {sign} at(event, "actor", "id")'
        some = 'target(event, "User") is not None and '
        yield _Test(f"{some}{expression}", (), ("actor", "target"), ("target",))
    yield from _spelt(events)


_PARTS: Final = {
    "person": Facet.PERSON,
    "actor": Facet.ACTOR,
    "application": Facet.APPLICATION,
    "group": Facet.GROUP,
}


def _ids(selection: Selection) -> str:
    assert isinstance(selection.where, Named)
    return literal(selection.where.ids)


def _spelt(events: Events) -> Iterator[_Test]:
    for name, values, facet in (
        ("REASONS", events.reasons, Facet.REASON),
        ("ADDRESSES", events.ips, Facet.IP),
        ("COUNTRIES", events.countries, Facet.COUNTRY),
        ("CITIES", events.cities, Facet.CITY),
    ):
        if values:
            reading = READ[facet]
            before = f"{name} = {literal([value.lower() for value in values])}"
            yield _Test(f'str({reading.key} or "").lower() in {name}', (before,), reading.fields)
    if events.roles:
        before = f"ROLES = {literal([role.lower() for role in events.roles])}"
        expression = 'any(name.strip() in ROLES for name in str(role(event) or "").lower().split(","))'
        yield _Test(expression, (before,), READ[Facet.ROLE].fields, ("role",))


def server_filter(events: Events) -> str:
    """The narrowest filter of the log that loses nothing."""
    clauses: dict[str, None] = {}
    for one in events.sets:
        kind = kind_of(one)
        types = _any("eventType", kind.types_of(one.ended))
        results = kind.results(one.ended)
        clauses[f"{types} and {_any('outcome.result', results)}" if results else types] = None
    whole = " or ".join(f"({clause})" if len(clauses) > 1 else clause for clause in clauses)
    parts = [f"({whole})" if len(clauses) > 1 else whole, *_named_parts(events)]
    if events.ips:
        parts.append(_any("client.ipAddress", events.ips))
    return " and ".join(parts)


def _named_parts(events: Events) -> Iterator[str]:
    sides = {kind_of(one).person for one in events.sets}
    for part in _PARTS:
        selection: Selection | None = getattr(events, part)
        if selection is None or not isinstance(selection.where, Named):
            continue
        ids = selection.where.ids
        if len(ids) > _MOST_IN_FILTER:
            continue
        if part == "actor" or (part == "person" and sides == {"actor"}):
            yield _any("actor.id", ids)
        elif part == "group" or (part == "person" and sides == {"target"}):
            yield _any("target.id", ids)


def _any(path: str, values: Sequence[str]) -> str:
    parts = [f"{path} eq {_quoted(value)}" for value in values]
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
