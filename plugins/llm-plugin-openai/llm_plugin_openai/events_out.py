"""A stream for a client (OpenAI API reference, Chat Completions, the object chat.completion.chunk)."""

from typing import Any

import msgspec

from llm_plugin_openai.finish import written
from llm_plugin_openai.pictures import image_item, shows
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import detail_of
from llm_plugin_openai.usage import write_usage
from llm_plugin_openai.write_response import fresh_id
from lockgate_ports.chat import ChatRequest
from lockgate_ports.events import (
    AudioDelta,
    Delta,
    Finish,
    MediaDelta,
    NativeDelta,
    RefusalDelta,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)
from lockgate_ports.parts import Image, Thinking
from lockgate_ports.seals import seal_call, seal_thought
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_ENCODE = msgspec.json.Encoder().encode
_AFTER = b'},"logprobs":null,"finish_reason":null}]}\n\n'


class ChunkForm:
    """A Form: one id, model and time through the stream."""

    def __init__(self, request: Request[ChatRequest]) -> None:
        self._request = request
        self.unsaid = Unsaid(NAME, shows)
        self._head = self._headed(Start())
        self._before: dict[int, bytes] = {}
        """What stands before words and nothing else, by choice."""
        self._spoken: set[int] = set()
        self._calls: dict[tuple[int, int], int] = {}
        self._images = 0
        self._details: dict[tuple[int, int], int] = {}

    def begin(self, start: Start) -> None:
        """What stands at the beginning of every chunk from here on."""
        self._head = self._headed(start)
        self._before.clear()

    def tell(self, delta: Delta) -> bytes:
        """A chunk with a piece of an answer; none for what has no form here."""
        choice = delta.choice
        if type(delta) is TextDelta and choice in self._spoken and delta.logprobs is None and delta.annotations is None:
            before = self._before.get(choice)
            if before is None:
                before = self._before[choice] = self._head + b'"choices":[{"index":%d,"delta":{"content":' % choice
            return before + _ENCODE(delta.text) + _AFTER
        piece = self._delta(delta)
        if not piece:
            return b""
        if choice not in self._spoken:
            self._spoken.add(choice)
            piece = {"role": "assistant", **piece}
        logprobs = delta.logprobs if type(delta) is TextDelta or type(delta) is RefusalDelta else None
        return self._chunk(choice, piece, None, logprobs)

    def finish(self, event: Finish) -> bytes:
        """A chunk with the reason."""
        delta = {} if event.choice in self._spoken else {"role": "assistant", "content": ""}
        return self._chunk(event.choice, delta, written(event.reason, event.native_reason))

    def count(self, usage: Usage) -> bytes:
        """A chunk without choices."""
        return self._head + b'"choices":[],"usage":' + _ENCODE(write_usage(usage)) + b"}\n\n"

    def _headed(self, start: Start) -> bytes:
        fields: dict[str, Any] = {
            "id": start.id or fresh_id(self._request),
            "object": "chat.completion.chunk",
            "created": start.created or self._request.asked_at,
            "model": start.model or self._request.model,
        }
        if start.service_tier is not None:
            fields["service_tier"] = start.service_tier
        if start.system_fingerprint is not None:
            fields["system_fingerprint"] = start.system_fingerprint
        return b"data: " + _ENCODE(fields)[:-1] + b","

    def _chunk(self, choice: int, delta: dict[str, Any], finish: str | None, logprobs: Any = None) -> bytes:
        item: dict[str, Any] = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return self._head + b'"choices":[' + _ENCODE(item) + b"]}\n\n"

    def _delta(self, event: Delta) -> dict[str, Any]:
        match event:
            case TextDelta():
                delta: dict[str, Any] = {"content": event.text}
                if event.annotations is not None and event.native == NAME:
                    delta["annotations"] = event.annotations
                return delta
            case ToolCallDelta():
                return {"tool_calls": [self._call(event)]}
            case ThinkingDelta():
                return self._thought(event)
            case RefusalDelta():
                return {"refusal": event.text}
            case AudioDelta():
                said = {"id": event.id, "data": event.data, "transcript": event.transcript}
                audio: dict[str, Any] = {name: value for name, value in said.items() if value}
                if event.expires_at is not None:
                    audio["expires_at"] = event.expires_at
                return {"audio": audio}
            case MediaDelta(Image() as image):
                self._images += 1
                return {"images": [image_item(image, self._images - 1)]}
            case MediaDelta():
                raise TypeError(f"{type(event.media).__name__} has no form here")  # Unsaid has made words of it
            case NativeDelta(type="image_url"):
                return {"images": [event.raw]}
            case NativeDelta():
                self.unsaid.leave_out(event.type)
                return {}

    def _call(self, event: ToolCallDelta) -> dict[str, Any]:
        key = (event.choice, event.part)
        index = self._calls.get(key)
        kind, member = ("custom", "input") if event.custom else ("function", "arguments")
        if index is not None:
            return {"index": index, kind: {member: event.arguments}}
        index = sum(choice == event.choice for choice, _ in self._calls)
        self._calls[key] = index
        body = {"name": event.name or "", member: event.arguments}
        told = seal_call(event.id or f"call_{event.choice}_{index}", event, NAME)
        return {"index": index, "id": told, "type": kind, kind: body}

    def _thought(self, event: ThinkingDelta) -> dict[str, Any]:
        delta: dict[str, Any] = {"reasoning_content": event.text} if event.text else {}
        if event.native == NAME:
            shown = bool(event.signature or event.redacted)
            piece = Thinking(event.text, event.signature, event.redacted, event.id)
        else:
            # Whether the thought will be signed is known only at its end: its words go into the item as they come, so
            # that the seal does not have to repeat them.
            seal = seal_thought(event, NAME)
            shown = bool(event.text or seal)
            piece = Thinking(event.text, seal)
        if shown:
            # the SDKs put pieces together by it
            key = (event.choice, event.part)
            index = self._details.get(key)
            if index is None:
                index = self._details[key] = sum(choice == event.choice for choice, _ in self._details)
            delta["reasoning_details"] = [detail_of(piece) | {"index": index}]
        return delta
