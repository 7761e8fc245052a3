"""Whom and what a tool's parameters mean, in the snapshot: exactly one, or a refusal that names the choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdfast.errors import ToolRefused
from holdfast.special.tool import ToolContext, cypher_text

_MOST_NAMED = 10


async def one_user(context: ToolContext, said: str) -> dict[str, Any]:
    """The person of this login (or its part before the @), id, email or full name: id, login, name and status.

    Raises ToolRefused where there is none, or several.
    """
    text = cypher_text(said.strip())
    rows = await context.ask(
        f"MATCH (u:User) WHERE u.id = {text} OR lower(u.login) = lower({text}) OR lower(u.email) = lower({text}) "
        f"OR lower(u.display_name) = lower({text}) OR lower(u.first_name + ' ' + u.last_name) = lower({text}) "
        f"OR starts_with(lower(u.login), concat(lower({text}), '@')) "
        "RETURN u.id AS id, u.login AS login, u.display_name AS name, u.status AS status ORDER BY login, id"
    )
    exact = [row for row in rows if said.strip().lower() in (row["id"].lower(), (row["login"] or "").lower())]
    names = [f"{row['login']} ({row['name']}, {row['status']})" for row in rows]
    return _one(exact or rows, "user", f"Nobody in the snapshot has the login, id or full name {said!r}", names)


async def one_application(context: ToolContext, said: str) -> dict[str, Any]:
    """The application of this label or id: id, label, status, and whether its users and groups are known.

    Raises ToolRefused where there is none, or several.
    """
    text = cypher_text(said.strip())
    rows = await context.ask(
        f"MATCH (a:Application) WHERE a.id = {text} OR lower(a.label) = lower({text}) "
        "RETURN a.id AS id, a.label AS label, a.status AS status, a.users_known AS users_known, "
        "a.groups_known AS groups_known ORDER BY label, id"
    )
    names = [f"{row['id']} ({row['label']}, {row['status']})" for row in rows]
    return _one(rows, "application", f"No application in the snapshot has the label or id {said!r}", names)


def _one(found: Sequence[dict[str, Any]], parameter: str, nothing: str, names: Sequence[str]) -> dict[str, Any]:
    if not found:
        raise ToolRefused(f"{nothing}; mend the parameter `{parameter}`.")
    if len(found) > 1:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise ToolRefused(
            f"`{parameter}` fits {len(found)}: {', '.join(names[:_MOST_NAMED])}{more}; give the id or login of one."
        )
    return found[0]
