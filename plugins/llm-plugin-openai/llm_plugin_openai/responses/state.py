"""What clients of the Responses API may refer to later (OpenAI API reference, Responses: `store`,
`previous_response_id`, Retrieve, Delete, List input items)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct, structs

from llm_plugin_openai.responses.read_request import ResponsesRequest, request_of
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import ITEMS, MEMBERS, NULL, is_string, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.context import Target
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.events import Start
from lockgate_ports.kept import KeptAnswer
from lockgate_ports.patch import rewritten
from lockgate_ports.sse import SseParser
from lockgate_ports.wire import Request

_PAGE, _LONGEST_PAGE = 20, 100
_ENDS = ("response.completed", "response.incomplete")


class Answer(Struct, gc=False):
    """What of a whole answer is gone on from."""

    id: str
    output: list[Raw]
    store: bool | None = None
    status: str | None = None


class _Event(Struct, gc=False):
    type: str = ""
    response: Raw = NULL


class _Item(Struct, gc=False):
    type: str | None = None
    encrypted_content: str | None = None


_ANSWER = msgspec.json.Decoder(Answer)
_EVENT = msgspec.json.Decoder(_Event)
_ITEM = msgspec.json.Decoder(_Item)


def continued(request: ResponsesRequest, earlier: KeptAnswer | None, answer_id: str) -> ResponsesRequest:
    """Pinned to who holds the history, where the same model is asked that it came from; else with the whole of it."""
    own = own_items(request.given_body)
    history = _history(earlier) if earlier is not None else []
    told = request
    if earlier is not None and earlier.holder is not None and earlier.model == request.model:
        told.model = str(earlier.holder)
    elif earlier is not None:
        items = [*(item for item in history if _travels(item)), *own]
        changes = {"input": msgspec.json.encode(items), "previous_response_id": None, "conversation": None}
        told = request_of(rewritten(request.given_body, changes), request.headers)
    told.history, told.answer_id, told.asked_model = [*history, *own], answer_id, request.asked_model
    told.asked, told.conversation = request.asked, request.conversation
    return told


def kept(request: ResponsesRequest, body: bytes, caller: str, target: Target, now: float) -> KeptAnswer | None:
    """None for an answer that has no id, or is still being made."""
    answer = read_answer(body)
    if answer is None:
        return None
    return KeptAnswer(
        id=answer.id,
        caller=caller,
        created=now,
        model=request.asked_model,
        holder=target if answer.store and answer.id != request.answer_id else None,
        given=msgspec.json.encode(request.history),
        body=body,
    )


def read_answer(body: bytes) -> Answer | None:
    """A whole one; None for anything else."""
    try:
        answer = _ANSWER.decode(body)
    except BROKEN:
        return None
    return None if answer.status in ("queued", "in_progress") else answer


def whole_answer() -> Callable[[bytes], bytes | None]:
    """The `response` of the event that ends a stream."""
    parser = SseParser()

    def look(data: bytes) -> bytes | None:
        for event in parser.feed(data):
            if event.event not in ("", *_ENDS):
                continue
            try:
                told = _EVENT.decode(event.data)
            except BROKEN:
                continue
            if told.type in _ENDS and said(told.response):
                return bytes(told.response)
        return None

    return look


def write_kept(answer: KeptAnswer, query: Mapping[str, str]) -> bytes:
    """`response`."""
    for name in ("stream", "starting_after", "include", "include[]"):
        if name in query and query[name] not in ("", "false"):
            raise InvalidRequest(f"{name}: an answer is shown whole, as it was given; leave it out", param=name)
    return answer.body


def write_given(answer: KeptAnswer, query: Mapping[str, str]) -> bytes:
    """`list` of items: `limit` of them (20), newest first unless `order` is `asc`, after the item `after`."""
    items = [shown_item(raw, f"{answer.id}_{place}") for place, raw in enumerate(ITEMS.decode(answer.given))]
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise InvalidRequest("order must be asc or desc", param="order")
    if order == "desc":
        items.reverse()
    limit = query.get("limit", str(_PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:4]) <= _LONGEST_PAGE):
        raise InvalidRequest(f"limit must be a number from 1 to {_LONGEST_PAGE}", param="limit")
    ids = [item["id"] for item in items]
    after = query.get("after")
    if after is not None and after not in ids:
        raise InvalidRequest(f"after: the answer was made from no item {after[:100]!r}", param="after")
    start = ids.index(after) + 1 if after is not None else 0
    return write_page(items[start : start + int(limit)], has_more=start + int(limit) < len(items))


def write_page(items: list[dict[str, Any]], *, has_more: bool) -> bytes:
    """`list`."""
    ends = {"first_id": items[0]["id"], "last_id": items[-1]["id"]} if items else {"first_id": None, "last_id": None}
    return msgspec.json.encode({"object": "list", "data": items, **ends, "has_more": has_more})


def write_forgotten(answer_id: str) -> bytes:
    """`{"id": ..., "object": "response", "deleted": true}`."""
    return msgspec.json.encode({"id": answer_id, "object": "response", "deleted": True})


def headed(start: Start, request: Request[ChatRequest]) -> Start:
    """Under the id that the gateway gives it, where it keeps answers. Id, time and model are those of the request where
    the provider tells none."""
    given = request.answer_id if isinstance(request, ResponsesRequest) else None
    return structs.replace(
        start,
        id=given or start.id or f"resp_{request.tag}",
        created=start.created or request.asked_at,
        model=start.model or request.model,
    )


def _history(earlier: KeptAnswer) -> list[Raw]:
    """What came before: of a conversation its items, of an answer what it was made from, and itself."""
    given = ITEMS.decode(earlier.given)
    answer = read_answer(earlier.body)
    return given if answer is None else given + answer.output


def own_items(body: bytes) -> list[Raw]:
    """`input` of a request, as items."""
    given = MEMBERS.decode(body)["input"]
    if not is_string(given):
        return ITEMS.decode(given)
    words = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}
    return [Raw(msgspec.json.encode(words))]


def _travels(item: Raw) -> bool:
    """A thought without its seal means nothing to whoever has not kept it."""
    told = _ITEM.decode(item)
    return told.type != "reasoning" or told.encrypted_content is not None


def shown_item(raw: Raw, own_id: str) -> dict[str, Any]:
    """An item as the SDKs' types want it."""
    item: dict[str, Any] = dict(MEMBERS.decode(raw))
    if "type" not in item:
        item["type"] = "message"
    if "id" in item:
        item["id"] = msgspec.json.decode(item["id"])
    if not item.get("id"):
        item["id"] = own_id
    content = item.get("content")
    if isinstance(content, Raw) and is_string(content):
        item["content"] = [{"type": "input_text", "text": content}]
    return item
