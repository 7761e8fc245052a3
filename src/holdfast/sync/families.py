"""What a sync reads, in which order, and what is in doubt where the tenant does not answer.

Pure, so that the workflow may plan with it. A family is read once (`/groups`) or once for each of its parents
(`/groups/{parent}/users`). Edges are read after the things at both their ends, so that few of them point at
something that was made in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType

# The parent of a family that is one list.
WHOLE = ""


@dataclass(frozen=True)
class Family:
    """One kind of read.

    `path` holds `{parent}` where the family is read for each parent, and `parents_from` names the family whose rows
    are those parents. `alive_path` answers 404 where the parent itself is gone. `label` and `relation` are what a
    refusal leaves in doubt.
    """

    name: str
    path: str
    label: str
    relation: str | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    parents_from: str | None = None
    # The query parameter that names the parent, where the path does not.
    parent_param: str | None = None
    needs: tuple[str, ...] = ()
    alive_path: str | None = None
    # Without this family a snapshot is of no use: a refusal fails the sync instead of leaving everything unknown.
    essential: bool = False
    # The answer is one record and not a list of them.
    one_record: bool = False

    @property
    def is_one_list(self) -> bool:
        """Whether the family is read once, and not for each parent."""
        return self.parents_from is None and self.parent_param is None


_ALIVE_USER = "/api/v1/users/{parent}"
_ALIVE_GROUP = "/api/v1/groups/{parent}"
_ALIVE_APP = "/api/v1/apps/{parent}"

_ALL = (
    # Custom attributes belong to user types; both families only tell their types, nothing in the graph hangs on them.
    Family("user_types", "/api/v1/meta/types/user", label="User"),
    Family(
        "user_schemas",
        "/api/v1/meta/schemas/user/{parent}",
        label="User",
        parents_from="user_types",
        one_record=True,
    ),
    # A plain list leaves DEPROVISIONED people out, a search does not, and everyone was updated since 1970.
    Family(
        "users",
        "/api/v1/users",
        label="User",
        params={"search": 'lastUpdated gt "1970-01-01T00:00:00.000Z"', "limit": 200},
        essential=True,
    ),
    # The statistics tell how many members to expect and, at no further call, which groups hold admin roles.
    Family("groups", "/api/v1/groups", label="Group", params={"limit": 200, "expand": "stats"}),
    Family("group_rules", "/api/v1/groups/rules", label="GroupRule", params={"limit": 200}, needs=("groups",)),
    Family("apps", "/api/v1/apps", label="Application", params={"limit": 200}),
    Family("zones", "/api/v1/zones", label="NetworkZone", params={"limit": 200}),
    Family(
        "devices", "/api/v1/devices", label="Device", params={"limit": 200, "expand": "userSummary"}, needs=("users",)
    ),
    Family(
        "group_members",
        "/api/v1/groups/{parent}/users",
        label="Group",
        relation="MEMBER_OF",
        params={"limit": 1000},
        parents_from="groups",
        needs=("users",),
        alive_path=_ALIVE_GROUP,
    ),
    Family(
        "app_users",
        "/api/v1/apps/{parent}/users",
        label="Application",
        relation="HAS_ACCESS",
        params={"limit": 500},
        parents_from="apps",
        needs=("users",),
        alive_path=_ALIVE_APP,
    ),
    Family(
        "app_groups",
        "/api/v1/apps/{parent}/groups",
        label="Application",
        relation="GROUP_HAS_ACCESS",
        params={"limit": 200},
        parents_from="apps",
        needs=("groups",),
        alive_path=_ALIVE_APP,
    ),
    Family(
        "factors",
        "/api/v1/users/{parent}/factors",
        label="User",
        relation="ENROLLED",
        parents_from="users",
        alive_path=_ALIVE_USER,
    ),
    # Roles of everyone would cost a call a person; Okta lists who holds any.
    Family(
        "role_assignees",
        "/api/v1/iam/assignees/users",
        label="User",
        relation="HAS_ROLE",
        params={"limit": 100},
    ),
    Family(
        "user_roles",
        "/api/v1/users/{parent}/roles",
        label="User",
        relation="HAS_ROLE",
        parents_from="role_assignees",
        needs=("users",),
        alive_path=_ALIVE_USER,
    ),
    # Only groups whose statistics say that they hold admin privileges, or that have no statistics.
    Family(
        "group_roles",
        "/api/v1/groups/{parent}/roles",
        label="Group",
        relation="HAS_ROLE",
        parents_from="groups",
        alive_path=_ALIVE_GROUP,
    ),
    Family("policies", "/api/v1/policies", label="Policy", parent_param="type", needs=("groups",)),
    Family(
        "policy_rules",
        "/api/v1/policies/{parent}/rules",
        label="Policy",
        relation="CONTAINS_RULE",
        parents_from="policies",
        needs=("users", "groups", "zones"),
        alive_path="/api/v1/policies/{parent}",
    ),
)

FAMILIES: Mapping[str, Family] = MappingProxyType({family.name: family for family in _ALL})

# Okta lists policies by type only.
POLICY_TYPES = (
    "ACCESS_POLICY",
    "CLIENT_UPDATE",
    "DEVICE_SIGNAL_COLLECTION",
    "ENTITY_RISK",
    "IDENTITY_CLAIM_SOURCING",
    "IDP_DISCOVERY",
    "MFA_ENROLL",
    "OKTA_SIGN_ON",
    "PASSWORD",
    "POST_AUTH_SESSION",
    "PROFILE_ENROLLMENT",
    "SESSION_VIOLATION_DETECTION",
)


def prerequisites(family: Family) -> frozenset[str]:
    """The families that must be finished before this one starts."""
    parents = () if family.parents_from is None else (family.parents_from,)
    return frozenset((*parents, *family.needs))


def ready_families(finished: Set[str], started: Set[str]) -> Iterable[Family]:
    """Families that are not started and whose prerequisites are all finished, in the order of the table."""
    return [f for f in FAMILIES.values() if f.name not in started and prerequisites(f) <= finished]
