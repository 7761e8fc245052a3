"""What devices must be like: assurance policies."""

from __future__ import annotations

from holdfast.demo.company import Company
from holdfast.demo.families.dates import administrator, dated
from holdfast.demo.records import Record, okta_id
from holdfast.demo.resources import Collection, Records, by_id

# Name, platform, what is demanded.
_ASSURANCES: tuple[tuple[str, str, Record], ...] = (
    (
        "Managed Mac",
        "MACOS",
        {
            "osVersion": {"minimum": "15.6.0"},
            "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]},
            "screenLockType": {"include": ["PASSCODE", "BIOMETRIC"]},
            "secureHardwarePresent": True,
        },
    ),
    (
        "Managed Windows",
        "WINDOWS",
        {
            "osVersion": {"minimum": "10.0.22631.4317"},
            "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]},
            "secureHardwarePresent": True,
        },
    ),
    ("Current iPhone", "IOS", {"osVersion": {"minimum": "18.6.2"}, "jailbreak": False}),
    ("Current Android", "ANDROID", {"osVersion": {"minimum": "15"}, "jailbreak": False}),
)


def device_assurances(company: Company) -> Records:
    """Device assurance policies by id."""
    found = []
    for name, platform, demands in _ASSURANCES:
        dates = dated(company, "assurance", name)
        found.append(
            {
                "id": okta_id("dae", company.seed, "assurance", name),
                "name": name,
                "platform": platform,
                **demands,
                "displayRemediationMode": "SHOW",
                "createdBy": administrator(company),
                "createdDate": dates["created"],
                "lastUpdatedBy": administrator(company),
                "lastUpdate": dates["lastUpdated"],
            }
        )
    return by_id(found)


ASSURANCES = Collection(
    "/api/v1/device-assurances",
    "DeviceAssurance",
    "okta.deviceAssurance.read",
    lambda company, _: company.family(device_assurances),
)
ROUTES = ASSURANCES.routes()
EXPORTED = {"device_assurances": ASSURANCES.rows}
