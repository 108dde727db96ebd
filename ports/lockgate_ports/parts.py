"""Content parts: what a message is made of, in the canonical view that all dialects share."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Raw, Struct
from msgspec.structs import replace


class CacheHint(Struct, frozen=True):
    """The caller asks the provider to cache the prompt up to and including the part that carries this."""

    ttl: str | None = None
    """Lifetime in the provider's words (`5m`, `1h`); None: the provider's default."""


class UrlSource(Struct, frozen=True, tag="url", tag_field="kind"):
    """Bytes the provider fetches by itself."""

    url: str
    media_type: str | None = None


class InlineSource(Struct, frozen=True, tag="inline", tag_field="kind"):
    """Bytes that travel in the request."""

    data: str
    """Base64, as the caller sent it."""
    media_type: str | None = None


class StoredSource(Struct, frozen=True, tag="stored", tag_field="kind"):
    """A file the provider holds already."""

    file_id: str
    media_type: str | None = None


Source = UrlSource | InlineSource | StoredSource


class Text(Struct, frozen=True, tag="text", tag_field="kind"):
    """Words. `annotations` are citations as the dialect `native` wrote them, a JSON array."""

    text: str
    annotations: Raw | None = None
    native: str | None = None
    cache: CacheHint | None = None


class Image(Struct, frozen=True, tag="image", tag_field="kind"):
    """A picture; `detail` is `low`, `high`, `auto` or another word of the provider's. One that a model made may have
    the `id` by which it can be named later."""

    source: Source
    detail: str | None = None
    cache: CacheHint | None = None
    id: str | None = None
    extra: Mapping[str, Raw] = {}
    """Members that only the dialect `native` knows, by their name there."""
    native: str | None = None


class Audio(Struct, frozen=True, tag="audio", tag_field="kind"):
    """Sound in; or, in an answer, sound out with its transcript and the id by which it can be named later."""

    source: Source | None = None
    format: str | None = None
    id: str | None = None
    transcript: str | None = None
    expires_at: int | None = None
    cache: CacheHint | None = None


class Video(Struct, frozen=True, tag="video", tag_field="kind"):
    """A moving picture."""

    source: Source
    cache: CacheHint | None = None


class File(Struct, frozen=True, tag="file", tag_field="kind"):
    """A document, such as a PDF."""

    source: Source
    name: str | None = None
    cache: CacheHint | None = None


class Refusal(Struct, frozen=True, tag="refusal", tag_field="kind"):
    """The model's own words that it declines."""

    text: str


class Thinking(Struct, frozen=True, tag="thinking", tag_field="kind"):
    """Reasoning shown by the model. `signature` and `redacted` are opaque and mean something to `native` alone."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None
    native: str | None = None


class ToolCall(Struct, frozen=True, tag="tool_call", tag_field="kind"):
    """The model asks for a tool. `arguments` is what it wrote: JSON text for a function, free text for `custom`."""

    id: str
    name: str
    arguments: str
    custom: bool = False
    signature: str | None = None
    native: str | None = None
    """The dialect that `signature` means something to."""
    cache: CacheHint | None = None


class ToolResult(Struct, frozen=True, tag="tool_result", tag_field="kind"):
    """What the tool said, for the call of the same id."""

    call_id: str
    parts: tuple["Text | Image | Audio | Video | File | Native", ...]
    is_error: bool = False
    name: str | None = None
    cache: CacheHint | None = None

    @property
    def marked(self) -> tuple["Text | Image | Audio | Video | File | Native", ...]:
        """The parts, the last of which has the wish to cache: for languages that mark parts alone."""
        if self.cache is None or not self.parts:
            return self.parts
        last = self.parts[-1]
        return self.parts if isinstance(last, Native) else (*self.parts[:-1], replace(last, cache=self.cache))


class Native(Struct, frozen=True, tag="native", tag_field="kind"):
    """A part that only one dialect knows (a server tool's result, say), kept as it came."""

    dialect: str
    type: str
    raw: Raw


Part = Text | Image | Audio | Video | File | Refusal | Thinking | ToolCall | ToolResult | Native

Role = Literal["system", "developer", "user", "assistant", "tool"]


class Message(Struct, frozen=True):
    """One turn. A `tool` message holds one `ToolResult`; tool calls stand in an `assistant` message."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    extra: Mapping[str, Raw] = {}
    """Members that only the dialect `native` knows, by their name there."""
    native: str | None = None
    again: tuple[str, ...] = ()
    """Names in `extra` of members that the parts say as well: only `native` needs them."""

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of members that another dialect than `native` loses."""
        return tuple([name for name in self.extra if name not in self.again]) if self.extra else ()

    @property
    def words(self) -> str | None:
        """What a message says that is one run of plain words and nothing else, as most are; None for any other."""
        if len(self.parts) != 1 or self.extra:
            return None
        only = self.parts[0]
        return only.text if type(only) is Text and only.annotations is None and only.cache is None else None

    @property
    def text(self) -> str:
        """All text parts joined; thinking, refusals and tools left aside."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def system(text: str) -> Message:
    """A system message of plain text."""
    return Message("system", (Text(text),))


def user(*content: str | Part) -> Message:
    """A user message of words and parts: `user("What is this?", Image(UrlSource(url)))`."""
    return Message("user", _parts(content))


def assistant(*content: str | Part) -> Message:
    """An assistant message of words and parts."""
    return Message("assistant", _parts(content))


def tool(call_id: str, *content: str) -> Message:
    """The result of the tool call `call_id`."""
    return Message("tool", (ToolResult(call_id, tuple(Text(words) for words in content)),))


def _parts(content: tuple[str | Part, ...]) -> tuple[Part, ...]:
    return tuple(Text(piece) if isinstance(piece, str) else piece for piece in content)
