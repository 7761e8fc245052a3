"""Second factors, devices and administrator roles of the demo company's people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from holdfast.demo.cast import group_id, person_id
from holdfast.demo.records import Record, okta_id, stamp_seconds

_DAY = 86_400
# Kind of factor, provider, how many people have it.
_FACTORS = (
    ("email", "OKTA", 0.9),
    ("push", "OKTA", 0.6),
    ("signed_nonce", "OKTA", 0.35),
    ("token:software:totp", "OKTA", 0.35),
    ("sms", "OKTA", 0.3),
    ("webauthn", "FIDO", 0.2),
    ("question", "OKTA", 0.08),
    ("call", "OKTA", 0.05),
    ("token:hardware", "YUBICO", 0.03),
)
_PROVIDERS = {kind: provider for kind, provider, _ in _FACTORS}
_WITHOUT_FACTORS = frozenset({"STAGED", "PROVISIONED", "DEPROVISIONED"})
# Platform, manufacturer, model, versions.
_MACHINES = (
    ("MACOS", "Apple", "MacBook Pro", ("15.6.1", "15.7", "26.0.1")),
    ("WINDOWS", "Lenovo", "ThinkPad T14", ("10.0.22631.4317", "10.0.26100.1742")),
    ("IOS", "Apple", "iPhone 16", ("18.6.2", "26.0")),
    ("ANDROID", "Google", "Pixel 9", ("15", "16")),
)
ROLE_LABELS = {
    "SUPER_ADMIN": "Super Administrator",
    "ORG_ADMIN": "Organization Administrator",
    "APP_ADMIN": "Application Administrator",
    "USER_ADMIN": "Group Administrator",
    "HELP_DESK_ADMIN": "Help Desk Administrator",
    "READ_ONLY_ADMIN": "Read-only Administrator",
    "REPORT_ADMIN": "Report Administrator",
    "API_ACCESS_MANAGEMENT_ADMIN": "API Access Management Administrator",
}
CUSTOM_ROLE_LABEL = "Offboarding Clerk"
# Standard roles given to people one by one, and the department each is drawn from.
_DIRECT_ROLES = (
    ("ORG_ADMIN", "IT"),
    ("APP_ADMIN", "IT"),
    ("USER_ADMIN", "HR"),
    ("HELP_DESK_ADMIN", "Support"),
    ("REPORT_ADMIN", "Finance"),
    ("READ_ONLY_ADMIN", "Legal"),
    ("API_ACCESS_MANAGEMENT_ADMIN", "Engineering"),
)
_GROUP_ROLES = (
    ("sso-super-admins", "SUPER_ADMIN"),
    ("IT-Helpdesk", "HELP_DESK_ADMIN"),
    ("auditors", "READ_ONLY_ADMIN"),
)


def factor_kinds(seed: int, user: Record) -> tuple[str, ...]:
    """Kinds of factor that this person enrolled by themselves, before any script or change says otherwise."""
    if user["status"] in _WITHOUT_FACTORS or user["profile"]["userType"] == "Service":
        return ()
    random = Random(f"{seed}/factors/{user['id']}")
    if random.random() < 0.05:
        return ()
    return tuple(kind for kind, _, share in _FACTORS if random.random() < share)


def make_factors(
    seed: int, user: Record, kinds: tuple[str, ...], now: datetime, reset: int | None = None
) -> list[Record]:
    """The factor records of one person. Made when asked for: a large company has hundreds of thousands.

    All were enrolled after `reset`, milliseconds since 1970, if the person's factors were reset then.
    """
    started = datetime.fromisoformat(user["activated"] or user["created"]).timestamp()
    if reset is not None:
        started = reset / 1_000 + 60
    return [_factor(seed, user, kind, (started, now)) for kind in kinds]


def _factor(seed: int, user: Record, kind: str, between: tuple[float, datetime]) -> Record:
    random = Random(f"{seed}/factor/{user['id']}/{kind}")
    started, now = between
    # Whoever joined after `now` (see `changes`) enrols on the spot.
    latest = max(started, now.timestamp())
    created = random.uniform(started, latest)
    provider = _PROVIDERS[kind]
    return {
        "id": okta_id("fwf" if provider == "FIDO" else "mfa", seed, "factor", user["id"], kind),
        "factorType": kind,
        "provider": provider,
        "vendorName": provider,
        "status": "PENDING_ACTIVATION" if random.random() < 0.03 else "ACTIVE",
        "created": stamp_seconds(created),
        "lastUpdated": stamp_seconds(random.uniform(created, latest)),
        "profile": _factor_profile(kind, user["profile"]),
    }


def _factor_profile(kind: str, person: Record) -> Record:
    # Factors hold phone numbers in E.164, profiles as people write them.
    login, phone = person["login"], str(person["mobilePhone"]).replace(" ", "")
    profiles: dict[str, Record] = {
        "email": {"email": person["email"]},
        "sms": {"phoneNumber": phone},
        "call": {"phoneNumber": phone},
        "push": {"credentialId": login, "deviceType": "SmartPhone_IPhone", "name": "Phone", "platform": "IOS"},
        "signed_nonce": {"credentialId": login, "deviceType": "Computer", "name": "Laptop", "platform": "MACOS"},
        "webauthn": {"credentialId": login, "authenticatorName": "YubiKey 5 NFC"},
        "question": {"question": "favorite_security_question", "questionText": "What is the name of your first pet?"},
    }
    return profiles.get(kind, {"credentialId": login})


@dataclass(frozen=True)
class DeviceUse:
    """One person's use of one device."""

    user_id: str
    management_status: str
    screen_lock: str
    created: str


@dataclass(frozen=True)
class DeviceFamily:
    """Devices by id, and who uses each."""

    devices: dict[str, Record]
    uses: dict[str, tuple[DeviceUse, ...]]


def make_devices(seed: int, people: Mapping[str, Record], now: datetime) -> DeviceFamily:
    """Laptops and phones of everyone who works here now; a few are shared by two people, one is nobody's."""
    random = Random(f"{seed}/{len(people)}/devices")
    devices: dict[str, Record] = {}
    uses: dict[str, tuple[DeviceUse, ...]] = {}
    owners = [u for u in people.values() if u["status"] != "DEPROVISIONED" and u["profile"]["userType"] != "Service"]
    for place, user in enumerate(owners):
        for number in range(random.choice((0, 1, 1, 1, 2))):
            device = _device(seed, user, number, random, now)
            holders = [user]
            if random.random() < 0.02 or place == 0:
                holders.append(owners[(place + 1) % len(owners)])
            devices[device["id"]] = device
            uses[device["id"]] = tuple(_use(holder, device, random) for holder in holders)
    spare = _device(seed, owners[0], 99, random, now)
    devices[spare["id"]], uses[spare["id"]] = spare, ()
    return DeviceFamily(dict(sorted(devices.items())), dict(sorted(uses.items())))


def _device(seed: int, user: Record, number: int, random: Random, now: datetime) -> Record:
    platform, maker, model, versions = random.choice(_MACHINES)
    device = okta_id("guo", seed, "device", user["id"], number)
    name = f"{user['profile']['firstName']}'s {model}"
    created = now.timestamp() - random.uniform(1, 1200) * _DAY
    mobile = platform in {"IOS", "ANDROID"}
    return {
        "id": device,
        "status": random.choices(("ACTIVE", "SUSPENDED", "DEACTIVATED"), (92, 4, 4))[0],
        "created": stamp_seconds(created),
        "lastUpdated": stamp_seconds(random.uniform(created, now.timestamp())),
        "profile": {
            "displayName": name,
            "platform": platform,
            "manufacturer": maker,
            "model": model,
            "osVersion": random.choice(versions),
            "serialNumber": device[-12:].upper(),
            "registered": True,
            "secureHardwarePresent": random.random() < 0.95,
            "diskEncryptionType": "USER"
            if mobile
            else random.choice(("ALL_INTERNAL_VOLUMES", "NONE", "SYSTEM_VOLUME")),
        },
        "resourceType": "UDDevice",
        "resourceDisplayName": {"value": name, "sensitive": False},
        "resourceAlternateId": None,
        "resourceId": device,
    }


def _use(user: Record, device: Record, random: Random) -> DeviceUse:
    managed = random.choices(("MANAGED", "NOT_MANAGED"), (7, 3))[0]
    return DeviceUse(user["id"], managed, random.choice(("NONE", "PASSCODE", "BIOMETRIC")), device["created"])


@dataclass(frozen=True)
class RoleFamily:
    """Role assignments by user and by group, and the custom role they may refer to."""

    by_user: dict[str, tuple[Record, ...]]
    by_group: dict[str, tuple[Record, ...]]
    custom_role: Record


def make_roles(seed: int, people: Mapping[str, Record], now: datetime) -> RoleFamily:
    """Who administers the tenant, directly and through groups, with standard roles and a custom one."""
    random = Random(f"{seed}/{len(people)}/roles")
    by_user: dict[str, list[Record]] = {}
    custom = _custom_role(seed, now)

    def give(user_id: str, kind: str) -> None:
        role = _assignment(seed, user_id, kind, "USER", now)
        by_user.setdefault(user_id, []).append(_not_before(role, people[user_id]))

    give(person_id(seed, "super_admin"), "SUPER_ADMIN")
    for kind, department in _DIRECT_ROLES:
        staff = list(_active_in(people, department))
        for user in random.sample(staff, min(len(staff), 1 + len(people) // 1000)):
            give(user, kind)
    clerk = random.choice(list(_active_in(people, "HR")))
    by_user.setdefault(clerk, []).append(_not_before(_custom_assignment(seed, clerk, custom, now), people[clerk]))
    by_group: dict[str, tuple[Record, ...]] = {
        group_id(seed, name): (_assignment(seed, group_id(seed, name), kind, "GROUP", now),)
        for name, kind in _GROUP_ROLES
    }
    return RoleFamily(
        {user: tuple(roles) for user, roles in sorted(by_user.items())}, dict(sorted(by_group.items())), custom
    )


def _active_in(people: Mapping[str, Record], department: str) -> Iterator[str]:
    return (
        user
        for user, person in people.items()
        if person["status"] == "ACTIVE" and person["profile"].get("department") == department
    )


def _assignment(seed: int, assignee: str, kind: str, through: str, now: datetime) -> Record:
    when = stamp_seconds(now.timestamp() - Random(f"{seed}/{assignee}/{kind}").uniform(2, 900) * _DAY)
    return {
        "id": okta_id("ra1", seed, "assignment", assignee, kind),
        "label": ROLE_LABELS[kind],
        "type": kind,
        "status": "ACTIVE",
        "created": when,
        "lastUpdated": when,
        "assignmentType": through,
    }


def _not_before(role: Record, user: Record) -> Record:
    """Nobody gets a role before there is an account to give it to."""
    since = max(role["created"], user["activated"])
    return {**role, "created": since, "lastUpdated": since}


def _custom_role(seed: int, now: datetime) -> Record:
    when = stamp_seconds(now.timestamp() - 200 * _DAY)
    return {
        "id": okta_id("cr0", seed, "custom role"),
        "label": CUSTOM_ROLE_LABEL,
        "description": "Suspends people who leave",
        "created": when,
        "lastUpdated": when,
    }


def _custom_assignment(seed: int, user_id: str, role: Record, now: datetime) -> Record:
    when = stamp_seconds(now.astimezone(UTC).timestamp() - 90 * _DAY)
    return {
        "id": okta_id("irb", seed, "custom assignment", user_id),
        "label": role["label"],
        "type": "CUSTOM",
        "status": "ACTIVE",
        "created": when,
        "lastUpdated": when,
        "assignmentType": "USER",
        "role": role["id"],
        "resource-set": okta_id("iam", seed, "resource set"),
    }
