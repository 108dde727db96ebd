"""Chunks of a relayed stream that would break its form: a second end of a choice, a second usage, another id.

Some servers end a choice twice, report usage early or again, or change the id on the way; clients count on one of each.
Only such a chunk is written anew; all others go on as they came.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from lockgate_ports.carried import MEMBERS, NULL, said
from lockgate_ports.sse import sse

_CHOICES: msgspec.json.Decoder[list[dict[str, Raw]] | None] = msgspec.json.Decoder(list[dict[str, Raw]] | None)
_INDEX = msgspec.json.Decoder(int | None)
_DELTA = msgspec.json.Decoder(dict[str, Any])
_HEAD = ("id", "object", "created", "model")


def mended(data: bytes, *, chunk_id: str | None, usage: bool, ended: Collection[int]) -> bytes:
    """The chunk as an event with `chunk_id` for its id, without its usage unless `usage`, and without a second end of
    the choices in `ended`; nothing when it then says nothing."""
    given = MEMBERS.decode(data)
    members: dict[str, Any] = dict(given)
    if chunk_id is not None:
        members["id"] = chunk_id
    if not usage:
        members.pop("usage", None)
    choices = _CHOICES.decode(given.get("choices", NULL)) or []
    if ended:
        choices = members["choices"] = [
            choice for choice in choices if not _ends_again(choice, ended) or _goes_on(choice)
        ]
    if not choices and not said(members.get("usage", NULL)):
        return b""
    return sse(msgspec.json.encode(members))


def usage_chunk(data: bytes, chunk_id: str | None) -> bytes:
    """An event of the usage that the chunk `data` brought, and nothing else."""
    members = MEMBERS.decode(data)
    fields: dict[str, Any] = {name: members[name] for name in _HEAD if name in members}
    if chunk_id is not None:
        fields["id"] = chunk_id
    return sse(msgspec.json.encode(fields | {"choices": [], "usage": members["usage"]}))


def finish_chunk(data: bytes, reasons: Mapping[int, str]) -> bytes:
    """An event that ends the choices in `reasons`, with the head of the chunk `data`."""
    members = MEMBERS.decode(data)
    fields: dict[str, Any] = {name: members[name] for name in _HEAD if name in members}
    fields["choices"] = [
        {"index": index, "delta": {}, "logprobs": None, "finish_reason": word} for index, word in reasons.items()
    ]
    return sse(msgspec.json.encode(fields))


def _ends_again(choice: dict[str, Raw], ended: Collection[int]) -> bool:
    if (_INDEX.decode(choice.get("index", NULL)) or 0) not in ended or not said(choice.get("finish_reason", NULL)):
        return False
    choice["finish_reason"] = NULL
    return True


def _goes_on(choice: dict[str, Raw]) -> bool:
    delta = choice.get("delta", NULL)
    return said(delta) and any(value for name, value in _DELTA.decode(delta).items() if name != "role")
