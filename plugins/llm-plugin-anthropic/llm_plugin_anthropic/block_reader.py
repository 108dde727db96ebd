"""Blocks of an answer as canonical events; a whole block is one that opens full and closes at once."""

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.answer_wire import AnswerBlock, WireDelta
from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.carried import ITEMS, MEMBERS, STRING, is_string, said
from lockgate_ports.events import Event, NativeDelta, TextDelta, ThinkingDelta, ToolCallDelta
from lockgate_ports.parts import Native, Part, Text, Thinking, ToolCall
from lockgate_ports.unfold import delta_of


class _Open:
    """A block whose input or members are not complete: a call, the answer given by a tool, or a server tool's block."""

    __slots__ = ("begun", "block", "members", "pieces")

    def __init__(self, block: AnswerBlock, members: dict[str, Raw] | None) -> None:
        self.block = block
        self.members = members
        self.pieces: list[str] = []
        self.begun = False

    @property
    def is_answer(self) -> bool:
        """It calls the tool that stands for a response format."""
        return self.members is None and self.block.name == ANSWER_TOOL


def whole(block: AnswerBlock, index: int, answer: bytes) -> Part | None:
    """A block of a whole answer, whose bytes are there for one that only this dialect knows; None for one that says
    nothing."""
    match block.type:
        case "text" | "thinking" | "redacted_thinking":
            return _said_at_once(block)
        case "tool_use" if block.name == ANSWER_TOOL:
            return Text(_input(block))
        case "tool_use":
            return ToolCall(block.id or f"toolu_{index}", block.name or "", _input(block))
        case _:
            raw = MEMBERS.decode(ITEMS.decode(MEMBERS.decode(answer)["content"])[index])
            return Native(NAME, block.type, Raw(msgspec.json.encode(raw)))


class BlockReader:
    """`calls`: a tool of the caller's is called; `answered`: the answer came by the tool that stands for a format.
    A block's index is the number of its part."""

    def __init__(self) -> None:
        self.calls = False
        self.answered = False
        self._open: dict[int, _Open] = {}

    def open(self, index: int, block: AnswerBlock, data: bytes) -> list[Event]:
        """`data` is the event, for a block that only this dialect knows."""
        match block.type:
            case "text" | "thinking" | "redacted_thinking":
                told = _said_at_once(block)
                return [] if told is None else [delta_of(told, index)]
            case "tool_use":
                self._open[index] = opened = _Open(block, None)
                if opened.is_answer:
                    self.answered = True
                    return []
                self.calls = True
                return [ToolCallDelta(index, id=block.id or f"toolu_{index}", name=block.name or "")]
            case _:
                self._open[index] = _Open(block, MEMBERS.decode(_member(data, "content_block")))
        return []

    def delta(self, index: int, delta: WireDelta, data: bytes) -> list[Event]:
        """More of a block; what no canonical event stands for tells nothing. `data` is the event."""
        opened = self._open.get(index)
        if opened is not None and opened.members is not None:
            self._grow(opened, opened.members, delta, data)
            return []
        match delta.type:
            case "text_delta" if delta.text:
                return [TextDelta(delta.text, index)]
            case "citations_delta" if said(delta.citation):
                return [TextDelta("", index, annotations=Raw(b"[" + bytes(delta.citation) + b"]"), native=NAME)]
            case "thinking_delta" if delta.thinking:
                return [ThinkingDelta(delta.thinking, index, native=NAME)]
            case "signature_delta" if delta.signature:
                return [ThinkingDelta(part=index, signature=delta.signature, native=NAME)]
            case "input_json_delta" if delta.partial_json and opened is not None:
                opened.begun = True
                if opened.is_answer:
                    return [TextDelta(delta.partial_json, index)]
                return [ToolCallDelta(index, arguments=delta.partial_json)]
            case _:
                return []

    def close(self, index: int) -> list[Event]:
        """The block is complete."""
        opened = self._open.pop(index, None)
        if opened is None:
            return []
        if opened.members is not None:
            if opened.pieces:
                joined = "".join(opened.pieces).encode()
                opened.members["input"] = Raw(joined if _is_json(joined) else msgspec.json.encode(joined.decode()))
            return [NativeDelta(NAME, opened.block.type, Raw(msgspec.json.encode(opened.members)), index)]
        if opened.begun:
            return []
        if opened.is_answer:
            return [TextDelta(_input(opened.block), index)]
        return [ToolCallDelta(index, arguments=_input(opened.block))]

    def close_all(self) -> list[Event]:
        """Blocks whose end nobody told, when the message is complete."""
        return [event for index in sorted(self._open) for event in self.close(index)]

    @staticmethod
    def _grow(opened: _Open, members: dict[str, Raw], delta: WireDelta, data: bytes) -> None:
        """A server tool's input comes in pieces; any other member grows by words, or is set (`compaction_delta`)."""
        if delta.type == "input_json_delta":
            opened.pieces.append(delta.partial_json or "")
            return
        for name, value in MEMBERS.decode(_member(data, "delta")).items():
            before = members.get(name)
            if name == "type" or not said(value):
                continue
            if before is not None and is_string(before) and is_string(value):
                value = Raw(msgspec.json.encode(STRING.decode(before) + STRING.decode(value)))
            members[name] = value


def _said_at_once(block: AnswerBlock) -> Text | Thinking | None:
    """The words or thoughts that a block brings, or that one in a stream opens with."""
    match block.type:
        case "text":
            notes = Raw(msgspec.json.encode(block.citations)) if block.citations else None
            if not block.text and notes is None:
                return None
            return Text(block.text or "", notes, NAME if notes is not None else None)
        case "thinking":
            if not block.thinking and not block.signature:
                return None
            return Thinking(block.thinking or "", block.signature or None, native=NAME)
        case _:
            return Thinking(redacted=block.data or None, native=NAME)


def _input(block: AnswerBlock) -> str:
    """What a call opened with, where no pieces came."""
    return bytes(block.input).decode() if said(block.input) else "{}"


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _member(data: bytes, name: str) -> Raw:
    return MEMBERS.decode(data)[name]
