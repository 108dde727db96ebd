"""Blocks of an answer as canonical events; a whole block is one that opens full and closes at once."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.answer_wire import AnswerBlock, WireDelta
from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.carried import MEMBERS, STRING, is_string, said
from lockgate_ports.events import Event, NativeDelta, TextDelta, ThinkingDelta, ToolCallDelta


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

    @property
    def input(self) -> str:
        """What it opened with, where no pieces came."""
        return bytes(self.block.input).decode() if said(self.block.input) else "{}"


class BlockReader:
    """`calls`: a tool of the caller's is called; `answered`: the answer came by the tool that stands for a format.
    A block's index is the number of its part."""

    def __init__(self) -> None:
        self.calls = False
        self.answered = False
        self._open: dict[int, _Open] = {}

    def open(self, index: int, block: AnswerBlock, raw: Callable[[], Raw]) -> list[Event]:
        """`raw` gives the block as it came, for one that only this dialect knows."""
        match block.type:
            case "text":
                notes = Raw(msgspec.json.encode(block.citations)) if block.citations else None
                if block.text or notes is not None:
                    return [TextDelta(block.text or "", index, annotations=notes, native=NAME if notes else None)]
            case "thinking":
                if block.thinking or block.signature:
                    return [ThinkingDelta(block.thinking or "", index, signature=block.signature or None, native=NAME)]
            case "redacted_thinking":
                return [ThinkingDelta(part=index, redacted=block.data, native=NAME)]
            case "tool_use":
                self._open[index] = opened = _Open(block, None)
                if opened.is_answer:
                    self.answered = True
                    return []
                self.calls = True
                return [ToolCallDelta(index, id=block.id or f"toolu_{index}", name=block.name or "")]
            case _:
                self._open[index] = _Open(block, MEMBERS.decode(raw()))
        return []

    def delta(self, index: int, delta: WireDelta, raw: Callable[[], Raw]) -> list[Event]:
        """More of a block; what no canonical event stands for tells nothing."""
        opened = self._open.get(index)
        if opened is not None and opened.members is not None:
            self._grow(opened, opened.members, delta, raw)
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
            return [TextDelta(opened.input, index)]
        return [ToolCallDelta(index, arguments=opened.input)]

    def close_all(self) -> list[Event]:
        """Blocks whose end nobody told, when the message is complete."""
        return [event for index in sorted(self._open) for event in self.close(index)]

    @staticmethod
    def _grow(opened: _Open, members: dict[str, Raw], delta: WireDelta, raw: Callable[[], Raw]) -> None:
        """A server tool's input comes in pieces; any other member grows by words, or is set (`compaction_delta`)."""
        if delta.type == "input_json_delta":
            opened.pieces.append(delta.partial_json or "")
            return
        for name, value in MEMBERS.decode(raw()).items():
            before = members.get(name)
            if name == "type" or not said(value):
                continue
            if before is not None and is_string(before) and is_string(value):
                value = Raw(msgspec.json.encode(STRING.decode(before) + STRING.decode(value)))
            members[name] = value


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
