"""Reads of devices, administrators, policies, zones, and of the organisation and its user schema."""

from __future__ import annotations

from holdfast.demo.filters import Grammar, compiled
from holdfast.demo.paging import Listing, PageSizes, cut, page
from holdfast.demo.policies import POLICY_TYPES
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.replies import ApiError, Call, Reply, Route, not_found
from holdfast.demo.user_schema import user_schema, user_types
from holdfast.demo.words import COMPANY

_DEVICES = PageSizes(usual=200, most=200)
_ASSIGNEES = PageSizes(usual=100, most=100)
_POLICIES = PageSizes(usual=200, most=200)
_ZONES = PageSizes(usual=200, most=200)
_OTHER_POLICY_TYPES = (
    "ENTITY_RISK",
    "POST_AUTH_SESSION",
    "DEVICE_SIGNAL_COLLECTION",
    "SESSION_VIOLATION_DETECTION",
    "CLIENT_UPDATE",
    "IDENTITY_CLAIM_SOURCING",
)
_DEVICE_SEARCH = Grammar(
    frozenset({"id", "status", "created", "lastUpdated"}),
    frozenset({"displayName", "platform", "manufacturer", "model", "osVersion", "serialNumber", "registered"}),
)
_ZONE_FILTER = Grammar(frozenset({"id", "usage", "system", "type", "status"}), None, frozenset({"eq"}))


def _list_devices(call: Call) -> Reply:
    devices, search = call.company.devices, call.query.get("search")
    expand = call.query.get("expand")
    if expand not in {None, "user", "userSummary"}:
        raise ApiError("E0000001", "expand", cause="expand: must be user or userSummary")
    test = compiled(search, _DEVICE_SEARCH) if search else None
    listing = Listing(
        tuple(devices),
        lambda device: call.present.device(device, expand),
        (lambda device: test(devices[device])) if test else None,
    )
    return page(call, _DEVICES, listing)


def _device_id(call: Call) -> str:
    device = call.path["device"]
    if device not in call.company.devices:
        raise not_found(device, "Device")
    return device


def _get_device(call: Call) -> Reply:
    return Reply(call.present.device(_device_id(call)))


def _device_users(call: Call) -> Reply:
    return Reply([call.present.device_use(use) for use in call.company.device_uses[_device_id(call)]])


def _assignees(call: Call) -> Reply:
    """This list pages through its body, not through headers."""
    origin = str(call.url.origin())

    def show(user: str) -> Record:
        address = f"{origin}/api/v1/users/{user}"
        links = {"self": {"href": address}, "roles": {"href": f"{address}/roles"}}
        return {"id": user, "orn": f"orn:okta:directory:{_org_id(call)}:users:{user}", "_links": links}

    ids, cursor = cut(call, _ASSIGNEES, Listing(call.company.administrators, show))
    body: Record = {"value": [show(user) for user in ids]}
    if cursor:
        body["_links"] = {"next": {"href": str(call.url.update_query(after=cursor))}}
    return Reply(body)


def _custom_roles(call: Call) -> Reply:
    return Reply({"roles": [_custom_role_record(call)], "_links": {}})


def _custom_role(call: Call) -> Reply:
    role = _custom_role_record(call)
    if call.path["role"] not in {role["id"], role["label"]}:
        raise not_found(call.path["role"], "IamRole")
    return Reply(role)


def _custom_role_record(call: Call) -> Record:
    role = call.company.custom_role
    address = f"{call.url.origin()}/api/v1/iam/roles/{role['id']}"
    return {**role, "_links": {"self": {"href": address}, "permissions": {"href": f"{address}/permissions"}}}


def _list_policies(call: Call) -> Reply:
    kind, status = call.query.get("type"), call.query.get("status")
    if not kind:
        raise ApiError("E0000028", cause="type: is required")
    if kind not in POLICY_TYPES + _OTHER_POLICY_TYPES:
        raise ApiError("E0000001", "type", cause=f"type: {kind} is no policy type")
    policies = call.company.policies
    ids = [p for p, record in policies.items() if record["type"] == kind and status in {None, record["status"]}]
    ids.sort(key=lambda policy: int(policies[policy]["priority"]))
    return page(call, _POLICIES, Listing(ids, call.present.policy, in_id_order=False))


def _policy_id(call: Call) -> str:
    policy = call.path["policy"]
    if policy not in call.company.policies:
        raise not_found(policy, "Policy")
    return policy


def _get_policy(call: Call) -> Reply:
    return Reply(call.present.policy(_policy_id(call)))


def _policy_rules(call: Call) -> Reply:
    policy = _policy_id(call)
    return Reply([call.present.policy_rule(policy, rule) for rule in call.company.policy_rules[policy]])


def _policy_rule(call: Call) -> Reply:
    policy = _policy_id(call)
    for rule in call.company.policy_rules[policy]:
        if rule["id"] == call.path["rule"]:
            return Reply(call.present.policy_rule(policy, rule))
    raise not_found(call.path["rule"], "PolicyRule")


def _policy_mappings(call: Call) -> Reply:
    policy = _policy_id(call)
    guarded = [app for app, record in call.company.apps.items() if record.get("accessPolicy") == policy]
    return Reply([call.present.policy_mapping(policy, app) for app in guarded])


def _list_zones(call: Call) -> Reply:
    zones, expression = call.company.zones, call.query.get("filter")
    test = compiled(expression, _ZONE_FILTER) if expression else None
    keep = (lambda zone: test(zones[zone])) if test else None
    return page(call, _ZONES, Listing(tuple(zones), call.present.zone, keep))


def _get_zone(call: Call) -> Reply:
    zone = call.path["zone"]
    if zone not in call.company.zones:
        raise not_found(zone, "NetworkZone")
    return Reply(call.present.zone(zone))


def _user_types(call: Call) -> Reply:
    return Reply(user_types(call.company, str(call.url.origin())))


def _user_type(call: Call) -> Reply:
    named = call.path["type"]
    for user_type in user_types(call.company, str(call.url.origin())):
        if named == user_type["id"] or (named == "default" and user_type["default"]):
            return Reply(user_type)
    raise not_found(named, "UserType")


def _user_schema(call: Call) -> Reply:
    schema = user_schema(call.company, call.path["schema"], str(call.url.origin()))
    if schema is None:
        raise not_found(call.path["schema"], "UserSchema")
    return Reply(schema)


def _org_id(call: Call) -> str:
    return okta_id("00o", call.company.seed, "org")


def _org(call: Call) -> Reply:
    now = call.company.now
    founded = stamp(now.replace(year=now.year - 8, day=1))
    return Reply(
        {
            "id": _org_id(call),
            "companyName": COMPANY,
            "subdomain": "kelptide",
            "status": "ACTIVE",
            "website": "https://kelptide.example",
            "city": "San Francisco",
            "country": "United States",
            "created": founded,
            "lastUpdated": founded,
            "expiresAt": None,
        }
    )


_READ_ROLES, _READ_POLICIES = "okta.roles.read", "okta.policies.read"
ROUTES = (
    Route("/api/v1/devices", _list_devices, "okta.devices.read"),
    Route("/api/v1/devices/{device}", _get_device, "okta.devices.read"),
    Route("/api/v1/devices/{device}/users", _device_users, "okta.devices.read"),
    Route("/api/v1/iam/assignees/users", _assignees, _READ_ROLES),
    Route("/api/v1/iam/roles", _custom_roles, _READ_ROLES),
    Route("/api/v1/iam/roles/{role}", _custom_role, _READ_ROLES),
    Route("/api/v1/policies", _list_policies, _READ_POLICIES),
    Route("/api/v1/policies/{policy}", _get_policy, _READ_POLICIES),
    Route("/api/v1/policies/{policy}/rules", _policy_rules, _READ_POLICIES),
    Route("/api/v1/policies/{policy}/rules/{rule}", _policy_rule, _READ_POLICIES),
    Route("/api/v1/policies/{policy}/mappings", _policy_mappings, _READ_POLICIES),
    Route("/api/v1/zones", _list_zones, "okta.networkZones.read"),
    Route("/api/v1/zones/{zone}", _get_zone, "okta.networkZones.read"),
    Route("/api/v1/meta/types/user", _user_types, "okta.userTypes.read"),
    Route("/api/v1/meta/types/user/{type}", _user_type, "okta.userTypes.read"),
    Route("/api/v1/meta/schemas/user/{schema}", _user_schema, "okta.schemas.read"),
    Route("/api/v1/org", _org, "okta.orgs.read"),
)
