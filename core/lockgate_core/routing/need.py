"""What a request needs of a model, found out only where a card could say no."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from lockgate_core.estimate import estimate_tokens
from lockgate_ports.cards import Modality, ModelCard
from lockgate_ports.chat import ChatRequest
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.parts import Audio, File, Image, Part, Text, ToolResult, Video
from lockgate_ports.wire import Operation, Request

_BYTES_A_TOKEN = 6
"""No ordinary text has more: a bound from below, so that only what is surely too long counts as such."""

_TOOLS = (b'"tool', b'"function')
_STRUCTURE = (b"chema", b'"format"')
_MEDIA = (b"image", b"audio", b"video", b"file", b"document", b"nline", b"media")
_MODALITY: dict[type, Modality] = {Image: "image", Audio: "audio", Video: "video", File: "file"}
_ALL: frozenset[Modality] = frozenset({"text", "image", "audio", "video", "file"})


class Need(Struct, frozen=True):
    """What a model must be able to do. `input_tokens` is a bound from below."""

    operation: Operation = "chat"
    tools: bool = False
    structured_output: bool = False
    inputs: frozenset[Modality] = frozenset()
    outputs: frozenset[Modality] = frozenset()
    input_tokens: int = 0


class Doubts(Struct, frozen=True):
    """What the cards of some candidates could say no to. `marks` are bytes without one of which, in any language, a
    body asks for no such thing; `context` the shortest context, in tokens."""

    marks: tuple[bytes, ...] = ()
    context: int | None = None
    operation: bool = False

    def __bool__(self) -> bool:
        return bool(self.marks) or self.context is not None or self.operation


NO_DOUBTS = Doubts()


def doubts(cards: Iterable[ModelCard | None]) -> Doubts:
    """Those of all the cards together; one that is not known says no to nothing."""
    known = [card for card in cards if card is not None]
    marks: list[bytes] = []
    if any(card.tools is False for card in known):
        marks += _TOOLS
    if any(card.structured_output is False for card in known):
        marks += _STRUCTURE
    if any(said is not None and not _ALL.issubset(said) for card in known for said in (card.inputs, card.outputs)):
        marks += _MEDIA
    contexts = [card.context_tokens for card in known if card.context_tokens is not None]
    return Doubts(tuple(marks), min(contexts, default=None), any(card.operations for card in known))


def need_of(request: Request[Any], doubted: Doubts) -> Need:
    """What of the doubted the request needs. A body is decoded only when it may hold such a thing; one that can be
    read by nobody but its provider may need anything, and so counts as needing nothing."""
    body = request.body
    if body is not None:
        # A token is at least a byte of text, and a JSON string at least as long as its text.
        long = doubted.context is not None and len(body) > doubted.context * _BYTES_A_TOKEN
        if not long and not any(mark in body for mark in doubted.marks):
            return Need(request.operation)
    try:
        view = request.view
    except LockgateError:
        return Need(request.operation)
    return need_in(view, request.operation)


def likely_tokens(request: Request[Any], need: Need, shortest: int) -> int | None:
    """How many tokens a chat request has, by an estimate; None where it cannot be more than `shortest`, since a token
    is a byte at least, or where nobody can tell."""
    size = len(request.body) if request.body is not None else need.input_tokens * _BYTES_A_TOKEN
    if request.operation != "chat" or size <= shortest:
        return None
    try:
        return estimate_tokens(request.view)
    except LockgateError:
        return None


def need_in(view: object, operation: Operation) -> Need:
    """What a canonical request needs."""
    if isinstance(view, ChatRequest):
        return _chat(view, operation)
    if isinstance(view, EmbedRequest):
        images = any(isinstance(each, Image) for each in view.inputs)
        return Need(operation, inputs=frozenset({"image"} if images else ()))
    return Need(operation)


def _chat(view: ChatRequest, operation: Operation) -> Need:
    inputs: set[Modality] = set()
    length = 0
    for message in view.messages:
        length += _take(message.parts, inputs)
    structured = view.response_format is not None and view.response_format.type == "json_schema"
    outputs: frozenset[Modality] = frozenset(each for each in _ALL if each in view.modalities)
    return Need(operation, bool(view.tools), structured, frozenset(inputs), outputs, length // _BYTES_A_TOKEN)


def _take(parts: Iterable[Part], inputs: set[Modality]) -> int:
    """Notes what stands in the parts; returns the bytes of their text."""
    length = 0
    for part in parts:
        if isinstance(part, Text):
            text = part.text
            length += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        elif isinstance(part, ToolResult):
            length += _take(part.parts, inputs)
        elif (modality := _MODALITY.get(type(part))) is not None:
            inputs.add(modality)
    return length
