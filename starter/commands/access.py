"""`keys`, `share` and `audit`: who may call the gateway, who sees a question, and who did what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from rich.text import Text

from holdfast.errors import HoldfastError
from holdfast.settings import load_settings
from starter import questions
from starter.access.callers import Action, Role
from starter.access.texts import LONGEST, Line
from starter.commands.arguments import QuestionId
from starter.connection import connect, located
from starter.plain_text import cell, visible, when
from starter.questions import asker
from starter.rendering import err, out
from starter.tables import table

if TYPE_CHECKING:
    from starter.access.audit import Entry, Wanted
    from starter.access.keys import ApiKey, NewKey
    from starter.access.stored import StoredAccess

_SPAN = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_PAGE = 1_000
_ENDLESS = 2**62

keys = typer.Typer(help="API keys of the gateway: make, list and revoke them.", no_args_is_help=True)


class RecordBroken(HoldfastError):
    """The audit record was changed or cut behind our back; compare it with a copy."""


@asynccontextmanager
async def _access() -> AsyncIterator[StoredAccess]:
    """The store of the stack that is meant; it need not run."""
    # Here and not above: the database's library takes a quarter of a second to import.
    from starter.access.stored import open_access

    access = open_access(located(load_settings()))
    try:
        yield access
    finally:
        access.close()


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option("--name", help="What it is for")],
    role: Annotated[list[Role], typer.Option("--role", help="What it may be; several: give it again")],
    subject: Annotated[
        str | None, typer.Option("--subject", help="Whom it stands for [default: your login name]")
    ] = None,
    scope: Annotated[
        list[Action] | None, typer.Option("--scope", help="Restrict it to this; several: give it again")
    ] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="After 12h or 90d, or on 2027-01-31")] = None,
) -> None:
    """Make a key and print it, this once: only a digest of it is kept.

    Example: holdfast keys create --name "Nightly report" --role asker --scope ask --scope see --expires 90d
    """
    from starter.access.keys import NewKey
    from starter.access.recording import recorded
    from starter.access.secret_texts import new_id
    from starter.access.stored import local_caller

    until = _until(expires, datetime.now(UTC)) if expires is not None else None
    whom = asker() if subject is None else _one_line(subject, "--subject")
    wanted = NewKey(whom, _one_line(name, "--name"), frozenset(role), frozenset(scope) if scope else None, until)

    async def run() -> None:
        key_id, me = new_id(), local_caller(asker())
        async with _access() as access, recorded(access, me, "create-key", key_id, **_described(wanted)):
            _, text = await access.keys.create(wanted, me.subject, key_id)
        typer.echo(text)
        err().print(Text(f"Key {key_id} stands for {visible(wanted.subject)}. It is shown this once; keep it well."))

    asyncio.run(run())


@keys.command("list")
def list_keys() -> None:
    """List the keys, the latest first; never their text.

    Example: holdfast keys list
    """

    async def run() -> None:
        async with _access() as access:
            found = await access.keys.listed()
        if found:
            headings = ("Id", "For", "Name", "Roles", "Only", "Made", "Last used", "Ends")
            out().print(table(headings, [_row(key) for key in found]))
        else:
            err().print(Text("No key yet. Make one: holdfast keys create --name … --role asker"))

    asyncio.run(run())


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `keys list` shows")]) -> None:
    """Revoke a key: every gateway refuses it from the next call on, and the sessions that it began.

    Example: holdfast keys revoke k3v9x2tamq7d
    """
    from starter.access.recording import recorded
    from starter.access.stored import local_caller

    async def run() -> None:
        async with _access() as access, recorded(access, local_caller(asker()), "revoke-key", key_id):
            key = await access.keys.revoke(key_id)
        out().print(Text(f"Key {key.id} of {visible(key.subject)} is revoked."))

    asyncio.run(run())


def share(
    question_id: QuestionId,
    subjects: Annotated[list[str] | None, typer.Argument(metavar="PERSON", help="None: show who sees it")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it out of their sight again")] = False,
) -> None:
    """Let others see a question and its answer on the page, by the names under which they sign in.

    Example: holdfast share q-20260724-k3v9x2ta bob@acme.example
    """
    from starter.access.recording import recorded
    from starter.access.stored import local_caller

    people = [_one_line(subject, "PERSON") for subject in subjects or ()]

    async def run() -> None:
        connection = await connect(load_settings())
        await questions.asked(connection, question_id)
        async with _access() as access:
            for subject in people:
                action = "unshare" if remove else "share"
                async with recorded(access, local_caller(asker()), action, question_id, subject=subject):
                    if remove:
                        await access.shares.remove(question_id, subject)
                    else:
                        await access.shares.add(question_id, subject, asker())
            found = await access.shares.of_question(question_id)
        rows = [(visible(each.subject), each.reason, visible(each.shared_by), when(each.made)) for each in found]
        out().print(table(("Seen by", "Because", "By", "Since"), rows) if rows else Text("Only its asker sees it."))

    asyncio.run(run())


def audit(  # noqa: PLR0913 - options of a command
    since: Annotated[str | None, typer.Option("--since", help="12h or 30d ago, or 2027-01-31 (UTC)")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Only what this person did")] = None,
    action: Annotated[str | None, typer.Option("--action", help="Only this: ask, review, export …")] = None,
    target: Annotated[str | None, typer.Option("--target", help="Only on this question, key or sync")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the latest; with --json: all")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Every entry as a line of JSON, the latest first")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Instead: check that no entry was changed or lost")] = False,
) -> None:
    """Show who asked, saw, approved, exported and changed what.

    Example: holdfast audit --since 7d --action export
    """
    from starter.access.audit import Wanted
    from starter.access.stored import local_caller

    if verify:
        asyncio.run(_verify())
        return
    beginning = _since(since, datetime.now(UTC)) if since is not None else None
    wanted = Wanted(beginning, subject, action, target)

    async def run() -> None:
        async with _access() as access:
            filters = {"since": since, "subject": subject, "action": action, "target": target}
            said = {name: value for name, value in filters.items() if value is not None}
            await access.record(local_caller(asker()), "read-audit", "audit", **said)
            if as_json:
                await _print_all(access, wanted)
            else:
                found = await access.audit.page(wanted, limit)
                headings = ("When", "Who", "By", "Did", "To", "With", "From")
                out().print(table(headings, [_line(entry) for entry in found]))

    asyncio.run(run())


async def _verify() -> None:
    async with _access() as access:
        verdict = await access.audit.verified()
    if verdict.broken_at is not None:
        raise RecordBroken(
            f"The audit record is not whole: entry {verdict.broken_at} does not follow from those before it, so one of "
            "them was changed or removed. Compare it with a copy."
        )
    out().print(Text(f"All {verdict.entries:,} entries follow from one another. The last seal is {verdict.chain}."))


async def _print_all(access: StoredAccess, wanted: Wanted) -> None:
    before = _ENDLESS
    while found := await access.audit.page(replace(wanted, before=before), _PAGE):
        for entry in found:
            typer.echo(orjson.dumps(asdict(entry)).decode())
        before = found[-1].id


def _line(entry: Entry) -> Sequence[str]:
    return (
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        visible(entry.subject),
        visible(entry.credential),
        visible(entry.action),
        visible(entry.target),
        cell(dict(entry.detail)),
        visible(entry.address),
    )


def _row(key: ApiKey) -> Sequence[str]:
    if key.revoked is not None:
        ends = f"revoked {when(key.revoked)}"
    else:
        ends = f"{key.expires:%Y-%m-%d %H:%M} UTC" if key.expires is not None else "when revoked"
    return (
        key.id,
        visible(key.subject),
        visible(key.name),
        ", ".join(sorted(key.roles)),
        ", ".join(sorted(key.scopes)) if key.scopes is not None else "",
        f"{when(key.created)} by {visible(key.created_by)}",
        when(key.last_used) if key.last_used is not None else "never",
        ends,
    )


def _described(wanted: NewKey) -> dict[str, object]:
    """A key to be, for the record."""
    return {
        "subject": wanted.subject,
        "name": wanted.name,
        "roles": sorted(wanted.roles),
        "scopes": sorted(wanted.scopes) if wanted.scopes is not None else None,
        "expires": wanted.expires,
    }


def _one_line(text: str, option: str) -> str:
    """The text as the gateway takes it too. Raises BadParameter."""
    try:
        return TypeAdapter(Line).validate_python(text)
    except ValidationError:
        raise typer.BadParameter(f"write 1 to {LONGEST} characters on one line", param_hint=option) from None


def _until(text: str, now: datetime) -> datetime:
    """`90d` from now, or the beginning of a day. Raises BadParameter."""
    moment = now + span if (span := _span(text)) is not None else _day(text, "--expires")
    if moment <= now:
        raise typer.BadParameter(f"{text} is over", param_hint="--expires")
    return moment


def _since(text: str, now: datetime) -> datetime:
    """`7d` ago, or the beginning of a day. Raises BadParameter."""
    span = _span(text)
    return now - span if span is not None else _day(text, "--since")


def _span(text: str) -> timedelta | None:
    found = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found is not None else None


def _day(text: str, option: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise typer.BadParameter("write 12h, 90d or 2027-01-31", param_hint=option) from None
