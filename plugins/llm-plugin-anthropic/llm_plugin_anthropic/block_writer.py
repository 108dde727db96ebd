"""Deltas of parts as content blocks, one after the other: of what comes in between, a block waits for the open one's
end (Anthropic API reference, Messages, Streaming).
"""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.write_blocks import call_id
from lockgate_ports.events import (
    AudioDelta,
    Delta,
    MediaDelta,
    NativeDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)
from lockgate_ports.seals import seal_call, seal_thought
from lockgate_ports.sse import sse

_ENCODE = msgspec.json.Encoder().encode
_NOTES = msgspec.json.Decoder(list[Raw])


class BlockWriter:
    """At most one block is open. Words make room for any other part; a call keeps its place until its arguments are
    whole JSON, and what comes meanwhile is held back."""

    def __init__(self) -> None:
        self._index = -1
        self._before = b""
        """What stands before each delta of the open block."""
        self._part: int | None = None
        self._kind = ""
        self._arguments: list[str] = []
        self._custom = False
        self._held: dict[int, list[Delta]] = {}

    def write(self, delta: Delta) -> bytes:
        """The events that this delta makes; none while it waits."""
        out: list[bytes] = []
        part = delta.part
        if self._part is not None and part != self._part:
            if not self._done():
                self._held.setdefault(part, []).append(delta)
                return b""
            self._shut(out)
        if part in self._held:
            self._held[part].append(delta)
        else:
            self._say(delta, out)
        self._release(out)
        return b"".join(out)

    def close(self) -> bytes:
        """All that was held back, and the end of the last block."""
        out: list[bytes] = []
        self._shut(out)
        for deltas in self._held.values():
            for delta in deltas:
                self._say(delta, out)
            self._shut(out)
        self._held.clear()
        return b"".join(out)

    def _release(self, out: list[bytes]) -> None:
        """Parts that waited, in order, up to one that is not whole yet."""
        while self._held and self._done():
            part = next(iter(self._held))
            if part != self._part:
                self._shut(out)
            for delta in self._held.pop(part):
                self._say(delta, out)

    def _done(self) -> bool:
        """Whether the open block may be closed."""
        if self._part is None or self._kind != "tool_use":
            return True
        if self._custom:
            return False
        try:
            msgspec.json.decode("".join(self._arguments).encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def _say(self, delta: Delta, out: list[bytes]) -> None:
        match delta:
            case TextDelta() | RefusalDelta():
                self._words(delta, out)
            case ThinkingDelta():
                self._think(delta, out)
            case ToolCallDelta():
                self._call(delta, out)
            case NativeDelta():
                self._whole(delta.raw, delta.part, out)
            case AudioDelta() | MediaDelta():
                raise TypeError(f"{type(delta).__name__} has no form here")  # Unsaid has made words of it

    def _words(self, delta: TextDelta | RefusalDelta, out: list[bytes]) -> None:
        words = delta.text
        notes = delta.annotations if isinstance(delta, TextDelta) and delta.native == NAME else None
        if not words and notes is None:
            return
        self._enter("text", delta.part, {"type": "text", "text": ""}, out)
        if words:
            self._delta({"type": "text_delta", "text": words}, out)
        for note in _NOTES.decode(notes) if notes is not None else ():
            self._delta({"type": "citations_delta", "citation": note}, out)

    def _think(self, delta: ThinkingDelta, out: list[bytes]) -> None:
        """What another dialect signed or encrypted stands sealed in place of a signature."""
        own = delta.native == NAME
        if own and delta.redacted is not None:
            self._whole({"type": "redacted_thinking", "data": delta.redacted}, delta.part, out)
            return
        signature = delta.signature if own else seal_thought(delta, NAME)
        if not delta.text and not signature:
            return
        self._enter("thinking", delta.part, {"type": "thinking", "thinking": "", "signature": ""}, out)
        if delta.text:
            self._delta({"type": "thinking_delta", "thinking": delta.text}, out)
        if signature:
            self._delta({"type": "signature_delta", "signature": signature}, out)

    def _call(self, delta: ToolCallDelta, out: list[bytes]) -> None:
        if self._part != delta.part:
            self._arguments.clear()
            self._custom = delta.custom
            told = seal_call(call_id(delta.id or f"{delta.choice}_{delta.part}"), delta, NAME)
            self._enter("tool_use", delta.part, {"type": "tool_use", "id": told, "name": delta.name, "input": {}}, out)
        self._arguments.append(delta.arguments)
        if delta.arguments and not delta.custom:
            self._delta({"type": "input_json_delta", "partial_json": delta.arguments}, out)

    def _enter(self, kind: str, part: int, block: dict[str, Any], out: list[bytes]) -> None:
        if self._part == part:
            return
        self._shut(out)
        self._index += 1
        self._part, self._kind = part, kind
        self._before = sse(b'{"type":"content_block_delta","index":%d,"delta":' % self._index, "content_block_delta")[
            :-2
        ]
        told = {"type": "content_block_start", "index": self._index, "content_block": block}
        out.append(sse(_ENCODE(told), "content_block_start"))

    def _whole(self, block: Any, part: int, out: list[bytes]) -> None:
        self._shut(out)
        self._enter("whole", part, block, out)
        self._shut(out)

    def _delta(self, delta: dict[str, Any], out: list[bytes]) -> None:
        out.append(self._before + _ENCODE(delta) + b"}\n\n")

    def _shut(self, out: list[bytes]) -> None:
        if self._part is None:
            return
        if self._kind == "tool_use" and self._custom:
            # free text is no JSON: it travels as the one member of an object, and only when it is whole
            text = _ENCODE({"input": "".join(self._arguments)}).decode()
            self._delta({"type": "input_json_delta", "partial_json": text}, out)
        self._part = None
        told = {"type": "content_block_stop", "index": self._index}
        out.append(sse(_ENCODE(told), "content_block_stop"))
