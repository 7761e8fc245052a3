"""Everyone in the demo company, as Okta user records, with managers, custom attributes and believable histories."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from holdfast.demo.cast import CAST, Part, person_id
from holdfast.demo.records import Record, okta_id, stamp_seconds
from holdfast.demo.words import (
    CERTIFICATIONS,
    COMPANY,
    CONTRACTOR_DOMAIN,
    DEPARTMENTS,
    DOMAIN,
    FIRST_NAMES,
    LAST_NAMES,
    OFFICES,
    SERVICE_NAMES,
    TITLES,
)

_DAY = 86_400
_TYPES = (("Employee", 80), ("Contractor", 13), ("Service", 4), ("Intern", 3))
_STATUSES = (
    ("ACTIVE", 800),
    ("DEPROVISIONED", 70),
    ("PROVISIONED", 30),
    ("SUSPENDED", 30),
    ("STAGED", 20),
    ("LOCKED_OUT", 20),
    ("PASSWORD_EXPIRED", 20),
    ("RECOVERY", 10),
)
# Ages in days of the last sign-in, and how common they are. "Today" lies in the day's first minute, so that it is
# never ahead of a clock that reads it later.
_LAST_LOGIN_AGES = ((0.0, 0.0), (0.01, 7.0), (7.0, 30.0), (30.0, 90.0), (90.0, 420.0))
_LAST_LOGIN_WEIGHTS = (12, 50, 18, 9, 11)
_NEVER_SIGNED_IN = frozenset({"STAGED", "PROVISIONED"})
CHIEF = "chief"
_HEAD_TITLE = "Head of {}"


@dataclass(frozen=True)
class _Sketch:
    """What decides a person's record, before ids, dates and a manager are added."""

    key: object
    first: str
    last: str
    department: str | None
    title: str
    user_type: str
    status: str
    part: Part | None = None
    leads: bool = False
    login_window: int | None = None


def user_type_ids(seed: int) -> tuple[str, str]:
    """Ids of the two user types: the default one, and the one contractors have."""
    return okta_id("oty", seed, "type", "user"), okta_id("oty", seed, "type", "contractor")


def make_people(seed: int, users: int, now: datetime) -> dict[str, Record]:
    """`users` people by id, in the order of their ids. `now` is UTC; no timestamp lies more than a minute after it."""
    records = _Maker(seed, users, now).everyone()
    return dict(sorted((record["id"], record) for record in records))


class _Maker:
    """Makes people one after the other; managers come before those who report to them."""

    def __init__(self, seed: int, users: int, now: datetime) -> None:
        self._seed = seed
        self._users = users
        self._now = int(now.timestamp())
        self._random = Random(f"{seed}/{users}/people")
        self._managers: dict[str, list[Record]] = defaultdict(list)
        self._by_key: dict[object, Record] = {}
        self._logins: dict[str, int] = {}

    def everyone(self) -> Iterator[Record]:
        for number, sketch in enumerate(self._sketches()):
            record = self._record(number, sketch)
            if sketch.leads:
                self._managers[str(sketch.department)].append(record)
            self._by_key[sketch.key] = record
            yield record

    def _sketches(self) -> Iterator[_Sketch]:
        yield _Sketch(CHIEF, "Marguerite", "Sørensen", "Operations", "Chief Executive Officer", "Employee", "ACTIVE")
        for number, (department, _, _) in enumerate(DEPARTMENTS):
            first, last = self._name()
            title = _HEAD_TITLE.format(department)
            window = number % len(_LAST_LOGIN_AGES)
            yield _Sketch(title, first, last, department, title, "Employee", "ACTIVE", leads=True, login_window=window)
        for part in CAST:
            yield _Sketch(
                part.key, part.first, part.last, part.department, part.title, part.user_type, part.status, part
            )
        fixed = 1 + len(DEPARTMENTS) + len(CAST)
        for number in range(fixed, self._users):
            yield self._anyone(number)

    def _anyone(self, number: int) -> _Sketch:
        # One service account at the first free place, so that the smallest company has one.
        first_free = number == 1 + len(DEPARTMENTS) + len(CAST)
        user_type = "Service" if first_free else self._weighted(_TYPES)
        if user_type == "Service":
            name = f"svc-{self._random.choice(SERVICE_NAMES)}"
            return _Sketch(number, name, "Service", None, "Service Account", user_type, "ACTIVE")
        first, last = self._name()
        department = self._weighted(tuple((name, share) for name, _, share in DEPARTMENTS))
        leads = user_type == "Employee" and self._random.random() < 0.1
        title = self._random.choice(TITLES[department])
        if leads:
            title = f"{department} Manager"
        elif user_type == "Intern":
            title = f"{department} Intern"
        status = self._weighted(_STATUSES)
        return _Sketch(number, first, last, department, title, user_type, status, leads=leads)

    def _name(self) -> tuple[str, str]:
        return self._random.choice(FIRST_NAMES), self._random.choice(LAST_NAMES)

    def _weighted(self, choices: tuple[tuple[str, int], ...]) -> str:
        names, weights = zip(*choices, strict=True)
        return str(self._random.choices(names, weights)[0])

    def _record(self, number: int, sketch: _Sketch) -> Record:
        default_type, contractor_type = user_type_ids(self._seed)
        history = self._history(sketch)
        record: Record = {
            "id": person_id(self._seed, sketch.key),
            "status": sketch.status,
            **history,
            "type": {"id": contractor_type if sketch.user_type == "Contractor" else default_type},
            "profile": self._profile(number, sketch, str(history["created"])),
            "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        }
        if sketch.status not in {"STAGED", "DEPROVISIONED"}:
            record["credentials"]["password"] = {}
        return record

    def _history(self, sketch: _Sketch) -> Record:
        random, now = self._random, self._now
        # About one in fifty joined within the last month.
        tenure_days = random.uniform(1, 30) if random.random() < 0.02 else random.uniform(31, 2900)
        created = now - tenure_days * _DAY
        activated = None if sketch.status == "STAGED" else min(created + random.uniform(0.02, 3) * _DAY, now - 3600)
        login = None if activated is None else self._last_login(sketch, activated)
        changed = activated if activated is not None else created
        if sketch.status not in {"ACTIVE", "PROVISIONED", "STAGED"}:
            changed = random.uniform(max(changed, login or changed), now)
        updated = random.uniform(changed, now)
        password = None
        if activated is not None and sketch.status != "PROVISIONED":
            password = random.uniform(max(activated, now - 400 * _DAY), max(activated, now - 3600))
        return {
            "created": stamp_seconds(created),
            "activated": _stamp_or_none(activated),
            "statusChanged": stamp_seconds(changed),
            "lastLogin": _stamp_or_none(login),
            "lastUpdated": stamp_seconds(updated),
            "passwordChanged": _stamp_or_none(password),
        }

    def _last_login(self, sketch: _Sketch, activated: float) -> float | None:
        random = self._random
        youngest, oldest = random.choices(_LAST_LOGIN_AGES, _LAST_LOGIN_WEIGHTS)[0]
        never = random.random() < 0.03
        if sketch.login_window is not None:
            youngest, oldest = _LAST_LOGIN_AGES[sketch.login_window]
            never = False
        if never or sketch.status in _NEVER_SIGNED_IN:
            return None
        if oldest == 0.0 and sketch.status == "ACTIVE":
            return self._now + random.uniform(0, 60)
        when = self._now - random.uniform(max(youngest, 0.01), max(oldest, 1.0)) * _DAY
        return max(when, activated)

    def _profile(self, number: int, sketch: _Sketch, created: str) -> Record:
        random = self._random
        cities, shares = [office[:3] for office in OFFICES], [office[3] for office in OFFICES]
        city, state, country = random.choices(cities, shares)[0]
        login = self._login(sketch)
        human = sketch.user_type != "Service"
        profile: Record = {
            "firstName": sketch.first,
            "lastName": sketch.last,
            "login": login,
            "email": login,
            "secondEmail": None,
            "mobilePhone": f"+1 512 {200 + number // 10_000} {number % 10_000:04d}" if human else None,
            "userType": sketch.user_type,
            "title": sketch.title,
            "organization": COMPANY,
            "employeeNumber": f"K{number + 1:06d}",
            "city": city,
            "state": state,
            "countryCode": country,
            "isPrivileged": sketch.department in {"IT", "Security"} and random.random() < 0.4,
        }
        if human and random.random() < 0.5:
            profile["displayName"] = f"{sketch.first} {sketch.last}"
        if human:
            profile["hireDate"] = created[:10]
            profile["badgeNumber"] = 100_000 + number
        if sketch.department:
            profile |= self._work(sketch, sketch.department)
        if sketch.part:
            profile |= sketch.part.profile
        return profile

    def _work(self, sketch: _Sketch, department: str) -> Record:
        random = self._random
        division = next(division for name, division, _ in DEPARTMENTS if name == department)
        work: Record = {"department": department, "division": division, "costCenter": f"CC-{department[:3].upper()}"}
        heads = self._managers[department]
        if heads:
            work["costCenterOwner"] = heads[0]["id"]
        if random.random() < 0.15:
            work["certifications"] = sorted(random.sample(CERTIFICATIONS, random.randint(1, 3)))
        manager = self._manager(sketch, department)
        if manager:
            work["managerId"] = manager["id"]
            work["manager"] = f"{manager['profile']['firstName']} {manager['profile']['lastName']}"
        return work

    def _manager(self, sketch: _Sketch, department: str) -> Record | None:
        if sketch.part and sketch.part.manager:
            return self._by_key[sketch.part.manager]
        candidates = self._managers[department]
        if not candidates:
            return self._by_key.get(CHIEF)
        # A team lead reports to the head of department, everyone else to any of its leads.
        return candidates[0] if sketch.leads else self._random.choice(candidates)

    def _login(self, sketch: _Sketch) -> str:
        words = f"{sketch.first}.{sketch.last}" if sketch.user_type != "Service" else sketch.first
        folded = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
        name = "".join(c for c in folded.replace("ß", "ss") if c.isalnum() or c in ".-").strip(".-")
        domain = CONTRACTOR_DOMAIN if sketch.user_type == "Contractor" else DOMAIN
        taken = self._logins.get(name, 0)
        self._logins[name] = taken + 1
        return f"{name}{taken + 1 if taken else ''}@{domain}"


def _stamp_or_none(epoch_seconds: float | None) -> str | None:
    return None if epoch_seconds is None else stamp_seconds(epoch_seconds)


def day_start(moment: datetime) -> datetime:
    """Midnight UTC of that day: the demo company's usual "now"."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
