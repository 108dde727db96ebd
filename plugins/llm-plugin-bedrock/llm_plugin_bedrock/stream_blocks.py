"""Content blocks of a stream that begin with a contentBlockStart: tool calls, and what only Bedrock knows."""

from typing import Any, Protocol

import msgspec
from msgspec import Raw

from llm_plugin_bedrock.answer_wire import SERVER_TOOL, TOOL_USE, Delta, Opening
from llm_plugin_bedrock.drawn import drawn
from llm_plugin_bedrock.names import DIALECT, said_name
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.events import Event, MediaDelta, NativeDelta, TextDelta, ToolCallDelta


class OpenBlock(Protocol):
    """A block that has begun and not stopped. `calls`: it is a tool call for the client."""

    calls: bool

    def begin(self) -> list[Event]:
        """What its start tells."""
        ...

    def more(self, delta: Delta) -> list[Event]:
        """What a delta of it tells."""
        ...

    def close(self) -> list[Event]:
        """What was held until it stopped."""
        ...


def opened(start: Opening, part: int) -> OpenBlock | None:
    """The block that begins so; None for one that is not known."""
    if said(start.toolUse):
        use = TOOL_USE.decode(start.toolUse)
        if use.type == SERVER_TOOL:
            return _Kept("toolUse", start.toolUse, part)
        return _Answer(part) if use.name == ANSWER_TOOL else _Call(use.toolUseId, said_name(use.name), part)
    if said(start.toolResult):
        return _Kept("toolResult", start.toolResult, part)
    return _Picture(start.image, part) if said(start.image) else None


class _Call:
    """A tool call; one without input has the empty object for arguments, as in a whole answer."""

    calls = True

    def __init__(self, call_id: str, name: str, part: int) -> None:
        self._id = call_id
        self._name = name
        self._part = part
        self._any = False

    def begin(self) -> list[Event]:
        return [ToolCallDelta(self._part, id=self._id, name=self._name)]

    def more(self, delta: Delta) -> list[Event]:
        if delta.toolUse is None or not delta.toolUse.input:
            return []
        self._any = True
        return [ToolCallDelta(self._part, arguments=delta.toolUse.input)]

    def close(self) -> list[Event]:
        return [] if self._any else [ToolCallDelta(self._part, arguments="{}")]


class _Answer:
    """The call of the tool by which a structured answer is given: its input is the text."""

    calls = False

    def __init__(self, part: int) -> None:
        self._part = part
        self._any = False

    def begin(self) -> list[Event]:
        return []

    def more(self, delta: Delta) -> list[Event]:
        if delta.toolUse is None or not delta.toolUse.input:
            return []
        self._any = True
        return [TextDelta(delta.toolUse.input, self._part)]

    def close(self) -> list[Event]:
        return [] if self._any else [TextDelta("{}", self._part)]


class _Kept:
    """A server tool's use or result: told whole when it stops, as a whole answer has it."""

    calls = False

    def __init__(self, kind: str, start: Raw, part: int) -> None:
        self._kind = kind
        self._members: dict[str, Any] = dict(MEMBERS.decode(start))
        self._part = part
        self._input: list[str] = []
        self._results: list[Raw] = []

    def begin(self) -> list[Event]:
        return []

    def more(self, delta: Delta) -> list[Event]:
        if delta.toolUse is not None:
            self._input.append(delta.toolUse.input)
        self._results += delta.toolResult or ()
        return []

    def close(self) -> list[Event]:
        if self._kind == "toolUse":
            self._members["input"] = _json("".join(self._input))
        else:
            self._members["content"] = self._results
        return [NativeDelta(DIALECT, self._kind, Raw(msgspec.json.encode({self._kind: self._members})), self._part)]


class _Picture:
    """A picture, told whole when it stops; a block that holds none is kept as it came."""

    calls = False

    def __init__(self, start: Raw, part: int) -> None:
        self._start = start
        self._part = part
        self._pieces: list[Raw] = []

    def begin(self) -> list[Event]:
        return []

    def more(self, delta: Delta) -> list[Event]:
        if said(delta.image):
            self._pieces.append(delta.image)
        return []

    def close(self) -> list[Event]:
        image = drawn(self._start, self._pieces)
        if image is not None:
            return [MediaDelta(image, self._part)]
        members = {name: value for raw in (self._start, *self._pieces) for name, value in MEMBERS.decode(raw).items()}
        return [NativeDelta(DIALECT, "image", Raw(msgspec.json.encode({"image": members})), self._part)]


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text or "{}", type=Raw)
    except msgspec.DecodeError:
        return text
