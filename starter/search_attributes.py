"""The search attributes that Holdfast's workflows set, registered wherever they run: embedded or a real cluster."""

from __future__ import annotations

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
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
