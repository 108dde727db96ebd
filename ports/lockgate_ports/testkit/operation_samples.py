"""What the author of a dialect for embeddings or reranking brings to its contract: known answers, and what they say."""

from collections.abc import Callable

from msgspec import Struct

from lockgate_ports.http import Headers, HttpRequest
from lockgate_ports.testkit.samples import Refused
from lockgate_ports.testkit.scripted import JSON
from lockgate_ports.usage import Usage


class OperationSample(Struct, frozen=True, kw_only=True):
    """One answer as the wire has it, and what it says: the vector of each input in the order of the inputs; or, of a
    reranking, (index, score) of each document, the best first. `headers` are for wires that tell usage in them."""

    body: bytes
    headers: Headers = JSON
    said: tuple[tuple[float, ...], ...]
    usage: Usage | None = None


class OperationAsked(Struct, frozen=True, kw_only=True):
    """What a request asks, read back from its bytes. `texts` are the inputs, or the query and then the documents;
    `size` is the length of the vectors, or how many documents are wanted."""

    model: str
    texts: tuple[str, ...]
    size: int | None = None


class OperationSamples(Struct, frozen=True, kw_only=True):
    """All that the contract needs to know of one dialect's wire.

    `answer` says at least three things that differ, with usage; `no_usage` the same kind of answer without it. In
    `more`, where the wire numbers its results, one has them out of order. `no_answer` are bodies that come with status
    200 and hold no answer. `relay_request` is a request as odd as the dialect allows, with ALIAS for the model; None
    where no client speaks the language. `sized`: a request can say how long a vector shall be; `several`: it can hold
    more than one input, else `answer` says one thing.
    """

    dialect: str
    read_back: Callable[[HttpRequest], OperationAsked]
    answer: OperationSample
    no_usage: OperationSample
    more: tuple[OperationSample, ...] = ()
    invalid_key: Refused
    rate_limited: Refused
    server_error: Refused
    more_errors: tuple[Refused, ...] = ()
    no_answer: tuple[bytes, ...]
    relay_request: bytes | None
    sized: bool = True
    several: bool = True

    @property
    def answers(self) -> dict[str, OperationSample]:
        """Every sample of a good answer, by a name for it."""
        named = {"answer": self.answer, "no_usage": self.no_usage}
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
