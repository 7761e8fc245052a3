"""What a sentence says of each link: its verb, and the auxiliary that a denial of it needs."""

from __future__ import annotations

from typing import Final

from holdfast.offline.meaning.links import Link

# "Who … in", "who do not … report to": the auxiliary that a denial needs, and the words of the link.
VERBS: Final = {
    Link.MEMBER_OF: ("are", "in"),
    Link.HAS_MEMBER: ("do", "contain"),
    Link.CAN_OPEN: ("can", "open"),
    Link.OPENED_BY: ("are", "assigned to"),
    Link.OPENS_DIRECTLY: ("can", "directly open"),
    Link.OPENED_DIRECTLY_BY: ("are", "directly assigned to"),
    Link.OPENS_THROUGH_GROUP: ("can", "open through a group"),
    Link.OPENED_THROUGH_GROUP_BY: ("are", "assigned through a group to"),
    Link.GIVES: ("do", "give access to"),
    Link.GIVEN_BY: ("are", "assigned to"),
    Link.REPORTS_TO: ("do", "report directly to"),
    Link.MANAGES: ("do", "manage"),
    Link.ENROLLED: ("are", "enrolled in"),
    Link.ENROLLED_BY: ("are", "enrolled by"),
    Link.HOLDS: ("do", "hold"),
    Link.HELD_BY: ("are", "held by"),
    Link.HOLDS_DIRECTLY: ("do", "directly hold"),
    Link.HELD_DIRECTLY_BY: ("are", "directly held by"),
    Link.HOLDS_THROUGH_GROUP: ("do", "hold through a group"),
    Link.HELD_THROUGH_GROUP_BY: ("are", "held through a group by"),
    Link.GRANTS: ("do", "grant"),
    Link.GRANTED_BY: ("are", "granted by"),
    Link.OWNS: ("do", "own"),
    Link.OWNED_BY: ("are", "owned by"),
    Link.MANAGES_DEVICE: ("do", "own managed"),
    Link.MANAGED_FOR: ("are", "managed for"),
    Link.HAS_UNMANAGED: ("do", "own unmanaged"),
    Link.UNMANAGED_FOR: ("are", "unmanaged for"),
    Link.GOVERNED_BY: ("are", "governed by"),
    Link.GOVERNS: ("do", "govern"),
    Link.CONTAINS: ("do", "contain"),
    Link.CONTAINED_IN: ("are", "contained in"),
    Link.APPLIES_TO_GROUP: ("do", "apply to"),
    Link.UNDER_POLICY: ("are", "under"),
    Link.APPLIES_TO_ZONE: ("do", "mention"),
    Link.IN_RULE: ("are", "mentioned by"),
    Link.RULE_FOR_GROUP: ("do", "apply to"),
    Link.UNDER_RULE: ("are", "under"),
    Link.FILLS: ("do", "fill"),
    Link.FILLED_BY: ("are", "filled by"),
}
