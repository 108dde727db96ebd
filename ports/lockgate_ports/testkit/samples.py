"""What the author of a dialect brings to its contract: the bytes of known answers, and what they say."""

from collections.abc import Callable

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import Choice
from lockgate_ports.errors import ErrorKind
from lockgate_ports.http import Headers, HttpRequest
from lockgate_ports.testkit.scripted import JSON
from lockgate_ports.testkit.splitting import by_blank_line
from lockgate_ports.usage import Usage

KEY = "lk-canary-Zq7vK2xW9pL4mT8dR3"
"""The key of every call in the contract. Error samples echo it, as some providers do; no error may show it on."""

ALIAS = "the-clients-name-for-it"
"""The model's name in every request of the contract; what goes upstream is the provider's own name."""


class Sample(Struct, frozen=True, kw_only=True):
    """One answer as the wire has it, whole and streamed, and what both say.

    Of each choice these count: index, text, thinking, refusal, tool calls and finish reason. Leave a tool call's `id`
    empty where the wire has none: the dialect must then make one up.
    """

    body: bytes
    stream: bytes
    choices: tuple[Choice, ...]
    usage: Usage | None = None


class Refused(Struct, frozen=True, kw_only=True):
    """One error answer, and what it means. `retry_after` is in seconds; None where the provider does not say."""

    status: int
    kind: ErrorKind
    body: bytes
    headers: Headers = JSON
    retry_after: float | None = None


class BrokenStream(Struct, frozen=True, kw_only=True):
    """A stream that begins well and then tells of an error, and the kind of it."""

    stream: bytes
    kind: ErrorKind


class Asked(Struct, frozen=True, kw_only=True):
    """What a request asks, read back from its bytes. `messages` are (role, text) with the roles `system` and `user`;
    `tools` are the names of the functions offered."""

    model: str
    messages: tuple[tuple[str, str], ...]
    tools: tuple[str, ...] = ()
    max_tokens: int | None = None
    stream: bool = False


class Listed(Struct, frozen=True, kw_only=True):
    """The provider's own list of models: the answers in the order in which they are asked for, and what they say."""

    pages: tuple[bytes, ...]
    cards: tuple[ModelCard, ...]


LISTED_ON = (("content-type", "application/json"), ("date", "Fri, 20 Nov 2026 12:00:00 GMT"))
"""The head of every page: prices in a list are of the day on which it was asked for."""


class Samples(Struct, frozen=True, kw_only=True):
    """All that the contract needs to know of one dialect's wire.

    `text` must hold letters outside ASCII as UTF-8; `parallel_tools` at least two calls; `no_usage` no usage in either
    form. `no_answer` are bodies that come with status 200 and hold no answer: no choices, an error. `malformed_event`
    is a well-framed event whose payload is rubbish; it is put into the middle of a stream. `relay_request` is a request
    as odd as the dialect allows (unknown fields, big integers, unusual spacing) with ALIAS for the model where the
    dialect has it in the body. `stream_end` is what closes a good stream and is not relayed (`data: [DONE]`);
    `relayed` says what a client of the dialect is given of a stream, where the provider wraps its events in frames.
    `model_list` is None for a provider that has no list of its models.
    """

    dialect: str
    read_back: Callable[[HttpRequest], Asked]
    text: Sample
    length: Sample
    no_usage: Sample
    tool_call: Sample
    parallel_tools: Sample
    more: tuple[Sample, ...] = ()
    invalid_key: Refused
    rate_limited: Refused
    server_error: Refused
    more_errors: tuple[Refused, ...] = ()
    broken_stream: BrokenStream
    malformed_event: bytes
    no_answer: tuple[bytes, ...]
    relay_request: bytes
    model_list: Listed | None = None
    stream_end: bytes = b""
    relayed: Callable[[bytes], bytes] | None = None
    event_content_type: str = "text/event-stream"
    split_events: Callable[[bytes], list[bytes]] = by_blank_line

    def to_client(self, stream: bytes) -> bytes:
        """What a client of the dialect is given of a sample's stream."""
        return self.relayed(stream) if self.relayed is not None else stream.removesuffix(self.stream_end)

    @property
    def answers(self) -> dict[str, Sample]:
        """Every sample of a good answer, by a name for it."""
        named = {
            "text": self.text,
            "length": self.length,
            "no_usage": self.no_usage,
            "tool_call": self.tool_call,
            "parallel_tools": self.parallel_tools,
        }
        return named | {f"more[{index}]": sample for index, sample in enumerate(self.more)}

    @property
    def refusals(self) -> dict[str, Refused]:
        """Every sample of an error answer, by a name for it."""
        named = {
            "invalid_key": self.invalid_key,
            "rate_limited": self.rate_limited,
            "server_error": self.server_error,
        }
        return named | {f"more_errors[{index}]": refused for index, refused in enumerate(self.more_errors)}
