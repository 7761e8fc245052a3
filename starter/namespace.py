"""What Holdfast's workflows need of their Temporal namespace, embedded or on a real cluster.

Search attributes, by which an operator finds them, and a retention of closed ones as long as answers are kept.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from holdfast.contracts import ASKER_ATTRIBUTE, STATE_ATTRIBUTE, TENANT_ATTRIBUTE, TOOLS_ATTRIBUTE
from holdfast.errors import SettingsError

_WANTED = {
    STATE_ATTRIBUTE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    ASKER_ATTRIBUTE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    TENANT_ATTRIBUTE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    TOOLS_ATTRIBUTE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}


async def ensure_search_attributes(client: Client) -> None:
    """Register what is missing in the client's namespace; nothing happens when all is there.

    Raises SettingsError when the server does not let this client add them.
    """
    operator = client.operator_service
    known = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
    missing = {name: kind for name, kind in _WANTED.items() if name not in known.custom_attributes}
    if not missing:
        return
    try:
        await operator.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
    except RPCError as error:
        # Two processes that start together may both find it missing; the second is told that it is there.
        if error.status == RPCStatusCode.ALREADY_EXISTS:
            return
        if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
            names = ", ".join(missing)
            raise SettingsError(
                f"Temporal's namespace {client.namespace!r} has no search attribute {names} and does not let Holdfast "
                f"add it; let its operator run: temporal operator search-attribute create --name {names} "
                "--type Keyword"
            ) from error
        raise


async def retention_of(client: Client) -> timedelta | None:
    """How long closed workflows stay in the client's namespace; None where it may not be looked at."""
    try:
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.PERMISSION_DENIED:
            return None
        raise
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def ensure_retention(client: Client, at_least: timedelta) -> None:
    """Have closed workflows of a namespace that is ours kept so long; longer where they already are.

    Without them a question is not known any more, whose rows are still there.
    """
    kept = await retention_of(client)
    if kept is None or kept >= at_least:
        return
    wanted = Duration()
    wanted.FromTimedelta(at_least)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=wanted)
        )
    )


def retention_words(kept: timedelta, wanted: timedelta) -> str:
    """What is said where another's namespace forgets questions before their rows are removed."""
    return (
        f"Temporal forgets ended questions after {_hours(kept)}, and HOLDFAST_KEEP_ANSWERS is {_hours(wanted)}: their "
        "rows stay, and nobody finds them. Let its operator run: temporal operator namespace update "
        f"--retention {ceil(wanted / timedelta(hours=1))}h"
    )


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):,.0f} hours"
