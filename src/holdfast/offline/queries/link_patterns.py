"""How each link runs through the graph."""

from __future__ import annotations

from typing import Final

from holdfast.offline.meaning.links import Link

# How a link runs through the graph, from `{0}` to `{1}`; a thing is linked if any of the patterns matches.
PATTERNS: Final[dict[Link, tuple[str, ...]]] = {
    Link.MEMBER_OF: ("({0})-[:MEMBER_OF]->({1}:`Group`)",),
    Link.HAS_MEMBER: ("({0})<-[:MEMBER_OF]-({1}:User)",),
    Link.CAN_OPEN: (
        "({0})-[:HAS_ACCESS]->({1}:Application)",
        "({0})-[:MEMBER_OF]->(:`Group`)-[:GROUP_HAS_ACCESS]->({1}:Application)",
    ),
    Link.OPENED_BY: (
        "({0})<-[:HAS_ACCESS]-({1}:User)",
        "({0})<-[:GROUP_HAS_ACCESS]-(:`Group`)<-[:MEMBER_OF]-({1}:User)",
    ),
    Link.OPENS_DIRECTLY: ("({0})-[:HAS_ACCESS {{scope: 'USER'}}]->({1}:Application)",),
    Link.OPENED_DIRECTLY_BY: ("({0})<-[:HAS_ACCESS {{scope: 'USER'}}]-({1}:User)",),
    Link.OPENS_THROUGH_GROUP: (
        "({0})-[:HAS_ACCESS {{scope: 'GROUP'}}]->({1}:Application)",
        "({0})-[:MEMBER_OF]->(:`Group`)-[:GROUP_HAS_ACCESS]->({1}:Application)",
    ),
    Link.OPENED_THROUGH_GROUP_BY: (
        "({0})<-[:HAS_ACCESS {{scope: 'GROUP'}}]-({1}:User)",
        "({0})<-[:GROUP_HAS_ACCESS]-(:`Group`)<-[:MEMBER_OF]-({1}:User)",
    ),
    Link.GIVES: ("({0})-[:GROUP_HAS_ACCESS]->({1}:Application)",),
    Link.GIVEN_BY: ("({0})<-[:GROUP_HAS_ACCESS]-({1}:`Group`)",),
    Link.REPORTS_TO: ("({0})-[:REPORTS_TO]->({1}:User)",),
    Link.MANAGES: ("({0})<-[:REPORTS_TO]-({1}:User)",),
    Link.ENROLLED: ("({0})-[:ENROLLED]->({1}:Factor)",),
    Link.ENROLLED_BY: ("({0})<-[:ENROLLED]-({1}:User)",),
    Link.HOLDS: ("({0})-[:HAS_ROLE]->({1}:Role)", "({0})-[:MEMBER_OF]->(:`Group`)-[:HAS_ROLE]->({1}:Role)"),
    Link.HELD_BY: ("({0})<-[:HAS_ROLE]-({1}:User)", "({0})<-[:HAS_ROLE]-(:`Group`)<-[:MEMBER_OF]-({1}:User)"),
    Link.HOLDS_DIRECTLY: ("({0})-[:HAS_ROLE]->({1}:Role)",),
    Link.HELD_DIRECTLY_BY: ("({0})<-[:HAS_ROLE]-({1}:User)",),
    Link.HOLDS_THROUGH_GROUP: ("({0})-[:MEMBER_OF]->(:`Group`)-[:HAS_ROLE]->({1}:Role)",),
    Link.HELD_THROUGH_GROUP_BY: ("({0})<-[:HAS_ROLE]-(:`Group`)<-[:MEMBER_OF]-({1}:User)",),
    Link.GRANTS: ("({0})-[:HAS_ROLE]->({1}:Role)",),
    Link.GRANTED_BY: ("({0})<-[:HAS_ROLE]-({1}:`Group`)",),
    Link.OWNS: ("({0})-[:OWNS]->({1}:Device)",),
    Link.OWNED_BY: ("({0})<-[:OWNS]-({1}:User)",),
    Link.MANAGES_DEVICE: ("({0})-[:OWNS {{management_status: 'MANAGED'}}]->({1}:Device)",),
    Link.MANAGED_FOR: ("({0})<-[:OWNS {{management_status: 'MANAGED'}}]-({1}:User)",),
    Link.HAS_UNMANAGED: ("({0})-[:OWNS {{management_status: 'NOT_MANAGED'}}]->({1}:Device)",),
    Link.UNMANAGED_FOR: ("({0})<-[:OWNS {{management_status: 'NOT_MANAGED'}}]-({1}:User)",),
    Link.GOVERNED_BY: ("({0})-[:GOVERNED_BY]->({1}:Policy)",),
    Link.GOVERNS: ("({0})<-[:GOVERNED_BY]-({1}:Application)",),
    Link.CONTAINS: ("({0})-[:CONTAINS_RULE]->({1}:PolicyRule)",),
    Link.CONTAINED_IN: ("({0})<-[:CONTAINS_RULE]-({1}:Policy)",),
    Link.APPLIES_TO_GROUP: ("({0})-[:APPLIES_TO_GROUP]->({1}:`Group`)",),
    Link.UNDER_POLICY: ("({0})<-[:APPLIES_TO_GROUP]-({1}:Policy)",),
    Link.RULE_FOR_GROUP: ("({0})-[:APPLIES_TO_GROUP {{mode: 'INCLUDE'}}]->({1}:`Group`)",),
    Link.UNDER_RULE: ("({0})<-[:APPLIES_TO_GROUP {{mode: 'INCLUDE'}}]-({1}:PolicyRule)",),
    Link.APPLIES_TO_ZONE: ("({0})-[:APPLIES_TO_ZONE]->({1}:NetworkZone)",),
    Link.IN_RULE: ("({0})<-[:APPLIES_TO_ZONE]-({1}:PolicyRule)",),
    Link.FILLS: ("({0})-[:POPULATES]->({1}:`Group`)",),
    Link.FILLED_BY: ("({0})<-[:POPULATES]-({1}:GroupRule)",),
}
