"""Stream events: one grammar for all dialects.

    stream  = Start  delta*  ending
    delta   = TextDelta | ThinkingDelta | RefusalDelta | ToolCallDelta | AudioDelta | MediaDelta | NativeDelta
            | UsageReport
    ending  = Finish (one a choice, no deltas of that choice after it), UsageReport* | Failure

A part (`part`, counted within its choice) opens with its first delta; a tool call's first delta brings id and name.
`Relayed` stands for any of these when bytes go through unread: it is one event of the provider's own dialect.
`Skipped` may stand anywhere.
"""

from typing import TypeGuard, get_args

from msgspec import Raw, Struct

from lockgate_ports.chat import FinishReason
from lockgate_ports.errors import LockgateError
from lockgate_ports.parts import Audio, File, Image, Video
from lockgate_ports.usage import Usage


class Start(Struct, frozen=True):
    """The provider has begun to answer. `created` is seconds since 1970."""

    id: str | None = None
    model: str | None = None
    created: int | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None


class TextDelta(Struct, frozen=True, gc=False):
    """More words; `logprobs` is a JSON object in OpenAI's form; `annotations` a JSON array in dialect `native`."""

    text: str
    part: int = 0
    choice: int = 0
    logprobs: Raw | None = None
    annotations: Raw | None = None
    native: str | None = None


class ThinkingDelta(Struct, frozen=True):
    """More reasoning, or the signature that closes it."""

    text: str = ""
    part: int = 0
    choice: int = 0
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None
    native: str | None = None


class RefusalDelta(Struct, frozen=True):
    """More words of a refusal."""

    text: str
    part: int = 0
    choice: int = 0
    logprobs: Raw | None = None


class ToolCallDelta(Struct, frozen=True):
    """A tool call opens (with `id` and `name`) or its arguments go on."""

    part: int
    choice: int = 0
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    custom: bool = False
    signature: str | None = None
    native: str | None = None


class AudioDelta(Struct, frozen=True):
    """More sound (base64, of `media_type`), more transcript, or the id and expiry of it."""

    part: int = 0
    choice: int = 0
    data: str = ""
    transcript: str = ""
    id: str | None = None
    expires_at: int | None = None
    media_type: str | None = None


class MediaDelta(Struct, frozen=True):
    """A picture, film or file, or sound by its address: whole, since nobody sends one in pieces that mean anything."""

    media: Image | Audio | Video | File
    part: int = 0
    choice: int = 0


class NativeDelta(Struct, frozen=True):
    """Something only `dialect` knows, whole, as it came."""

    dialect: str
    type: str
    raw: Raw
    part: int = 0
    choice: int = 0


class UsageReport(Struct, frozen=True):
    """Usage so far; the last one counts."""

    usage: Usage


class Finish(Struct, frozen=True):
    """One choice is complete."""

    reason: FinishReason | None
    choice: int = 0
    native_reason: str | None = None


class Failure(Struct, frozen=True):
    """The stream ends here, by an error."""

    error: LockgateError


class Skipped(Struct, frozen=True):
    """An event that made no sense was left out here, and the stream goes on. It is counted, and no client sees it."""


class Relayed(Struct, frozen=True):
    """One event of the provider's dialect, as it came, and what a glance at it told.

    `raw` goes to the client unchanged. `content`: it carries something the client sees (words, a tool call).
    `finishes` are the choices it ends, with our word for why; `usage_only` says that it carries usage and nothing else.
    """

    raw: bytes
    content: bool = False
    finishes: tuple[Finish, ...] = ()
    usage: Usage | None = None
    usage_only: bool = False
    told: tuple["ReadEvent", ...] = ()
    """What it says, where somebody wants to know: empty unless `Request.tell_reply`."""


Delta = TextDelta | ThinkingDelta | RefusalDelta | ToolCallDelta | AudioDelta | MediaDelta | NativeDelta
Event = Start | Delta | UsageReport | Finish | Failure | Relayed
ReadEvent = Event | Skipped
"""What a reader tells; from there on nothing is skipped."""

_DELTAS = frozenset(get_args(Delta))


def is_delta(event: ReadEvent) -> TypeGuard[Delta]:
    """By its type alone, as nearly every event is one: asked one by one, `isinstance` takes long to say no."""
    return type(event) in _DELTAS
