"""Conversations that calls belong to (OpenAI API reference, Conversations)."""

from typing import Any, cast

import msgspec
from msgspec import Raw, Struct, structs

from llm_plugin_openai.responses.read_request import check_item
from llm_plugin_openai.responses.request_wire import WireItem
from llm_plugin_openai.responses.state import own_items, read_answer, shown_item, write_page
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import ITEMS, NULL, said
from lockgate_ports.errors import InvalidRequest, NotFound
from lockgate_ports.kept import KeptAnswer

_MOST = 20


class _Asked(Struct, gc=False):
    items: Raw = NULL
    metadata: dict[str, str] | None = None


_ASKED = msgspec.json.Decoder(_Asked)
_ITEMS = msgspec.json.Decoder(list[WireItem])


def conversation_of(given: Any) -> str | None:
    """Its id, which may stand in an object. Raises InvalidRequest."""
    found: Any = cast(dict[str, Any], given).get("id") if isinstance(given, dict) else given
    if found is not None and not isinstance(found, str):
        raise InvalidRequest("conversation must be an id, or an object with one", param="conversation")
    return found


def begun(body: bytes, conversation_id: str, caller: str, now: float) -> KeptAnswer:
    """Raises InvalidRequest."""
    asked = _read(body)
    told = _told(conversation_id, int(now), asked.metadata or {})
    items = _checked(asked.items) if said(asked.items) else []
    given = msgspec.json.encode(items)
    return KeptAnswer(id=conversation_id, caller=caller, created=now, model="", holder=None, given=given, body=told)


def changed(conversation: KeptAnswer, body: bytes, now: float) -> KeptAnswer:
    """`metadata`, in place of all that there was. Raises InvalidRequest."""
    asked = _read(body)
    if asked.metadata is None:
        raise InvalidRequest("metadata is missing", param="metadata")
    begun_at = msgspec.json.decode(conversation.body)["created_at"]
    return structs.replace(conversation, body=_told(conversation.id, begun_at, asked.metadata), created=now)


def with_items(conversation: KeptAnswer, body: bytes, now: float) -> tuple[KeptAnswer, bytes]:
    """And the list of those that are new. Raises InvalidRequest."""
    added = _checked(_read(body).items)
    items = ITEMS.decode(conversation.given)
    grown = _holding(conversation, [*items, *added], now)
    return grown, write_page(_shown(grown)[len(items) :], has_more=False)


def without_item(conversation: KeptAnswer, item_id: str, now: float) -> KeptAnswer:
    """Raises NotFound. The others keep their ids."""
    items = _shown(conversation)
    rest = [item for item in items if item["id"] != item_id]
    if len(rest) == len(items):
        raise _no_item(item_id)
    return structs.replace(conversation, given=msgspec.json.encode(rest), created=now)


def write_one_item(conversation: KeptAnswer, item_id: str) -> bytes:
    """Raises NotFound."""
    for item in _shown(conversation):
        if item["id"] == item_id:
            return msgspec.json.encode(item)
    raise _no_item(item_id)


def grown(conversation: KeptAnswer, asked: bytes, body: bytes, now: float) -> KeptAnswer | None:
    """With what a call said and was told."""
    answer = read_answer(body)
    if answer is None:
        return None
    return _holding(conversation, [*ITEMS.decode(conversation.given), *own_items(asked), *answer.output], now)


def write_ended(conversation_id: str) -> bytes:
    """`conversation.deleted`."""
    return msgspec.json.encode({"id": conversation_id, "object": "conversation.deleted", "deleted": True})


def _holding(conversation: KeptAnswer, items: list[Raw], now: float) -> KeptAnswer:
    return structs.replace(conversation, given=msgspec.json.encode(items), created=now)


def _shown(conversation: KeptAnswer) -> list[dict[str, Any]]:
    items = ITEMS.decode(conversation.given)
    return [shown_item(raw, f"{conversation.id}_{place}") for place, raw in enumerate(items)]


def _told(conversation_id: str, created_at: int, metadata: dict[str, str]) -> bytes:
    told = {"id": conversation_id, "object": "conversation", "created_at": created_at, "metadata": metadata}
    return msgspec.json.encode(told)


def _read(body: bytes) -> _Asked:
    try:
        return _ASKED.decode(body or b"{}")
    except BROKEN as error:
        raise fault(error, body) from None


def _checked(given: Raw) -> list[Raw]:
    try:
        wire, items = _ITEMS.decode(given), ITEMS.decode(given)
    except BROKEN:
        raise InvalidRequest("items must be a list of input items", param="items") from None
    if not 1 <= len(items) <= _MOST:
        raise InvalidRequest(f"items must be 1 to {_MOST} at once", param="items")
    for place, item in enumerate(wire):
        check_item(item, f"items[{place}]")
    return items


def _no_item(item_id: str) -> NotFound:
    return NotFound(f"the conversation holds no item {item_id[:100]!r}")
