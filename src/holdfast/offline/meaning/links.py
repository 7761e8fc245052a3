"""How things of a tenant hang together, in the words of meaning: each link seen from each of its ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Kind(StrEnum):
    """What a question can be about."""

    PERSON = "person"
    GROUP = "group"
    APPLICATION = "application"
    FACTOR = "factor"
    ROLE = "role"
    DEVICE = "device"
    POLICY = "policy"
    POLICY_RULE = "policy_rule"
    ZONE = "zone"
    GROUP_RULE = "group_rule"


class Link(StrEnum):
    """A link, named as its source sees it."""

    MEMBER_OF = "member_of"
    HAS_MEMBER = "has_member"
    CAN_OPEN = "can_open"
    OPENED_BY = "opened_by"
    OPENS_DIRECTLY = "opens_directly"
    OPENED_DIRECTLY_BY = "opened_directly_by"
    OPENS_THROUGH_GROUP = "opens_through_group"
    OPENED_THROUGH_GROUP_BY = "opened_through_group_by"
    GIVES = "gives"
    GIVEN_BY = "given_by"
    REPORTS_TO = "reports_to"
    MANAGES = "manages"
    ENROLLED = "enrolled"
    ENROLLED_BY = "enrolled_by"
    HOLDS = "holds"
    HELD_BY = "held_by"
    HOLDS_DIRECTLY = "holds_directly"
    HELD_DIRECTLY_BY = "held_directly_by"
    HOLDS_THROUGH_GROUP = "holds_through_group"
    HELD_THROUGH_GROUP_BY = "held_through_group_by"
    GRANTS = "grants"
    GRANTED_BY = "granted_by"
    OWNS = "owns"
    OWNED_BY = "owned_by"
    MANAGES_DEVICE = "manages_device"
    MANAGED_FOR = "managed_for"
    HAS_UNMANAGED = "has_unmanaged"
    UNMANAGED_FOR = "unmanaged_for"
    GOVERNED_BY = "governed_by"
    GOVERNS = "governs"
    CONTAINS = "contains"
    CONTAINED_IN = "contained_in"
    APPLIES_TO_GROUP = "applies_to_group"
    UNDER_POLICY = "under_policy"
    RULE_FOR_GROUP = "rule_for_group"
    UNDER_RULE = "under_rule"
    APPLIES_TO_ZONE = "applies_to_zone"
    IN_RULE = "in_rule"
    FILLS = "fills"
    FILLED_BY = "filled_by"


@dataclass(frozen=True)
class Ends:
    """What a link leads from and to, and the link that leads back."""

    source: Kind
    target: Kind
    inverse: Link


_PAIRS = (
    (Link.MEMBER_OF, Kind.PERSON, Kind.GROUP, Link.HAS_MEMBER),
    # Before CAN_OPEN, which is what "with" means between the two: the last one of a pair of kinds.
    (Link.OPENS_DIRECTLY, Kind.PERSON, Kind.APPLICATION, Link.OPENED_DIRECTLY_BY),
    (Link.OPENS_THROUGH_GROUP, Kind.PERSON, Kind.APPLICATION, Link.OPENED_THROUGH_GROUP_BY),
    (Link.CAN_OPEN, Kind.PERSON, Kind.APPLICATION, Link.OPENED_BY),
    (Link.GIVES, Kind.GROUP, Kind.APPLICATION, Link.GIVEN_BY),
    (Link.REPORTS_TO, Kind.PERSON, Kind.PERSON, Link.MANAGES),
    (Link.ENROLLED, Kind.PERSON, Kind.FACTOR, Link.ENROLLED_BY),
    # Before HOLDS, as above.
    (Link.HOLDS_DIRECTLY, Kind.PERSON, Kind.ROLE, Link.HELD_DIRECTLY_BY),
    (Link.HOLDS_THROUGH_GROUP, Kind.PERSON, Kind.ROLE, Link.HELD_THROUGH_GROUP_BY),
    (Link.HOLDS, Kind.PERSON, Kind.ROLE, Link.HELD_BY),
    (Link.GRANTS, Kind.GROUP, Kind.ROLE, Link.GRANTED_BY),
    # Before OWNS, as above: as the tenant says of each person's use of it.
    (Link.MANAGES_DEVICE, Kind.PERSON, Kind.DEVICE, Link.MANAGED_FOR),
    (Link.HAS_UNMANAGED, Kind.PERSON, Kind.DEVICE, Link.UNMANAGED_FOR),
    (Link.OWNS, Kind.PERSON, Kind.DEVICE, Link.OWNED_BY),
    (Link.GOVERNED_BY, Kind.APPLICATION, Kind.POLICY, Link.GOVERNS),
    (Link.CONTAINS, Kind.POLICY, Kind.POLICY_RULE, Link.CONTAINED_IN),
    (Link.APPLIES_TO_GROUP, Kind.POLICY, Kind.GROUP, Link.UNDER_POLICY),
    (Link.RULE_FOR_GROUP, Kind.POLICY_RULE, Kind.GROUP, Link.UNDER_RULE),
    (Link.APPLIES_TO_ZONE, Kind.POLICY_RULE, Kind.ZONE, Link.IN_RULE),
    (Link.FILLS, Kind.GROUP_RULE, Kind.GROUP, Link.FILLED_BY),
)

LINKS: Mapping[Link, Ends] = MappingProxyType(
    {link: Ends(source, target, inverse) for link, source, target, inverse in _PAIRS}
    | {inverse: Ends(target, source, link) for link, source, target, inverse in _PAIRS}
)

# Access by one way only: the links from a person, and their ways as `Paths` names them.
WAYS: Mapping[Link, Literal["any", "directly", "group"]] = MappingProxyType(
    {Link.CAN_OPEN: "any", Link.OPENS_DIRECTLY: "directly", Link.OPENS_THROUGH_GROUP: "group"}
)
OPENING: frozenset[Link] = frozenset(WAYS)
OPENED: frozenset[Link] = frozenset(LINKS[link].inverse for link in OPENING)

# Roles by one way only, as `RolePaths` names them.
ROLE_WAYS: Mapping[Link, Literal["any", "directly", "group"]] = MappingProxyType(
    {Link.HOLDS: "any", Link.HOLDS_DIRECTLY: "directly", Link.HOLDS_THROUGH_GROUP: "group"}
)
HOLDING: frozenset[Link] = frozenset(ROLE_WAYS)
HELD: frozenset[Link] = frozenset(LINKS[link].inverse for link in HOLDING)

# The link that "with", "of" and "'s" mean between two kinds: a group's people are its members.
BETWEEN: Mapping[tuple[Kind, Kind], Link] = MappingProxyType(
    {(ends.source, ends.target): link for link, ends in LINKS.items() if ends.source is not ends.target}
)
