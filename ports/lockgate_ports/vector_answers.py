"""VectorAnswers: answers that hold vectors in OpenAI's form (OpenAI API reference, Embeddings), of other providers."""

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL
from lockgate_ports.embed import Embedding, EmbedResponse
from lockgate_ports.refusals import unusable
from lockgate_ports.status_errors import StatusErrors
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance


class _Vector(Struct, gc=False):
    embedding: str | list[float]
    index: int | None = None


class _Answer(Struct, gc=False):
    data: list[_Vector]
    model: str | None = None
    usage: Raw = NULL


class _Glance(Struct, gc=False):
    data: list[Raw]
    model: str | None = None
    usage: Raw = NULL


class _Usage(Struct, gc=False):
    total_tokens: int | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_GLANCE = msgspec.json.Decoder(_Glance)
_USAGE = msgspec.json.Decoder(_Usage)


class VectorAnswers(Struct, frozen=True):
    """What reads them: `errors` tells an error that came with status 200."""

    dialect: str
    errors: StatusErrors

    def read(self, body: bytes) -> EmbedResponse:
        """In the order of the inputs, whatever their order on the wire. Raises UpstreamError."""
        try:
            wire = _ANSWER.decode(body)
        except BROKEN as error:
            raise self.errors.instead(error, body, self.dialect) from None
        if not wire.data:
            raise unusable("an answer without vectors")
        numbered = [
            Embedding(
                place if each.index is None else each.index,
                each.embedding if isinstance(each.embedding, str) else tuple(each.embedding),
            )
            for place, each in enumerate(wire.data)
        ]
        numbered.sort(key=lambda each: each.index)
        return EmbedResponse(embeddings=tuple(numbered), model=wire.model, usage=total_usage(wire.usage))

    def glance(self, body: bytes) -> Glance:
        """Model and usage. Raises UpstreamError."""
        try:
            wire = _GLANCE.decode(body)
        except BROKEN as error:
            raise self.errors.instead(error, body, self.dialect) from None
        if not wire.data:
            raise unusable("an answer without vectors")
        return Glance(wire.model, total_usage(wire.usage))


def total_usage(raw: Raw) -> Usage | None:
    """From `{"total_tokens": ...}`: all tokens were read; none was written."""
    try:
        total = _USAGE.decode(raw).total_tokens
    except msgspec.ValidationError:
        return None
    return None if total is None else Usage(input_tokens=total, output_tokens=0, total_tokens=total)
