"""Input items, from the wire to canonical messages (OpenAI API reference, Responses, input items).

What a model made in one turn (reasoning, words, calls) stands in items of its own here and in one assistant message
there.
"""

from typing import cast

from msgspec import Raw

from llm_plugin_openai.responses.drawn import DRAWN, drawn
from llm_plugin_openai.responses.namespaces import joined
from llm_plugin_openai.responses.read_parts import parts_of
from llm_plugin_openai.responses.request_wire import NAME, PARTS, WireItem, answers_a_tool
from llm_plugin_openai.responses.thoughts import thoughts_of
from lockgate_ports.carried import ITEMS, MEMBERS, STRING
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    Message,
    Native,
    Part,
    Role,
    Text,
    ToolResult,
    Video,
)
from lockgate_ports.seals import call_id_of, open_call

_OWN = ("id", "status", "phase")


class ItemFold:
    """`take` items in order, then read `messages`. Raises InvalidRequest, naming the field."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._turn: list[Part] = []
        self._extra: dict[str, Raw] = {}
        self._spoke = False
        self._calling = False

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages so far."""
        self._close()
        return tuple(self._messages)

    def take(self, item: WireItem, raw: Raw, at: str) -> None:
        """One item; `raw` is the same as it came, `at` its path."""
        match item.type or "message":
            case "message" if item.role == "assistant":
                if self._spoke and not self._calling:
                    self._close()
                self._spoke = True
                members = MEMBERS.decode(raw)
                self._extra |= {name: members[name] for name in _OWN if getattr(item, name) is not None}
                self._turn += parts_of(item.content, lambda: ITEMS.decode(members["content"]))
            case "message":
                parts = parts_of(item.content, lambda: ITEMS.decode(MEMBERS.decode(raw)["content"]))
                self._say(Message(cast(Role, item.role), tuple(parts)))
            case "reasoning":
                if self._spoke and not self._calling:
                    self._close()
                content = [] if isinstance(item.content, str) else [part.text or "" for part in item.content or ()]
                words = [each.text for each in item.summary or ()]
                self._turn += thoughts_of(item.id, words, content, item.encrypted_content)
            case "function_call":
                self._calling = True
                self._turn.append(
                    open_call(item.call_id or "", joined(item.name or "", item.namespace), item.arguments or "")
                )
            case "custom_tool_call":
                self._calling = True
                self._turn.append(
                    open_call(
                        item.call_id or "", joined(item.name or "", item.namespace), item.input or "", custom=True
                    )
                )
            case "function_call_output" | "custom_tool_call_output":
                call_id = call_id_of(item.call_id or "")
                self._say(Message("tool", (ToolResult(call_id, _output(item.output, f"{at}.output")),)))
            case kind if answers_a_tool(kind):
                self._say(Message("user", (Native(NAME, kind, raw),)))
            case kind:
                image = drawn(raw) if kind == DRAWN else None
                self._turn.append(image if image is not None else Native(NAME, kind, raw))

    def _say(self, message: Message) -> None:
        self._close()
        self._messages.append(message)

    def _close(self) -> None:
        if self._turn:
            native = NAME if self._extra else None
            self._messages.append(Message("assistant", tuple(self._turn), None, self._extra, native))
        self._turn, self._extra, self._spoke, self._calling = [], {}, False, False


def _output(raw: Raw, at: str) -> tuple[Text | Image | Audio | Video | File | Native, ...]:
    given = PARTS.decode(raw)
    if isinstance(given, str):
        return (Text(STRING.decode(raw)),)
    said: list[Text | Image | Audio | Video | File | Native] = []
    for place, part in enumerate(parts_of(given, lambda: ITEMS.decode(raw))):
        if not isinstance(part, Text | Image | Audio | Video | File | Native):
            raise InvalidRequest(f"{at}[{place}] is no part of a tool's answer", param=f"{at}[{place}]")
        said.append(part)
    return tuple(said)
