"""RankingAnswers: answers that hold a ranking as a list of {index, relevance_score, document}."""

from typing import Generic, Literal, TypeVar

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL, STRING, is_string, said
from lockgate_ports.rerank import Ranked, RerankResponse
from lockgate_ports.status_errors import StatusErrors
from lockgate_ports.vector_answers import total_usage
from lockgate_ports.wire import Glance

_Row = TypeVar("_Row")


class _Result(Struct, gc=False):
    index: int
    relevance_score: float
    document: Raw = NULL


class _Results(Struct, Generic[_Row], gc=False):
    rows: list[_Row] = field(name="results")
    model: str | None = None
    usage: Raw = NULL


class _Data(Struct, Generic[_Row], gc=False):
    rows: list[_Row] = field(name="data")
    model: str | None = None
    usage: Raw = NULL


_ANSWER: dict[str, Decoder[_Results[_Result]] | Decoder[_Data[_Result]]] = {
    "results": Decoder(_Results[_Result]),
    "data": Decoder(_Data[_Result]),
}
_GLANCE: dict[str, Decoder[_Results[Raw]] | Decoder[_Data[Raw]]] = {
    "results": Decoder(_Results[Raw]),
    "data": Decoder(_Data[Raw]),
}


class RankingAnswers(Struct, frozen=True):
    """What reads them, where the list stands in `member`: `errors` tells an error that came with status 200."""

    dialect: str
    errors: StatusErrors
    member: Literal["results", "data"]

    def read(self, body: bytes) -> RerankResponse:
        """The best first, as they come. Raises UpstreamError."""
        try:
            wire = _ANSWER[self.member].decode(body)
            body.decode()  # what is carried unread was not looked at
        except BROKEN as error:
            raise self.errors.instead(error, body, self.dialect) from None
        return RerankResponse(
            results=tuple(Ranked(each.index, each.relevance_score, _document(each.document)) for each in wire.rows),
            model=wire.model,
            usage=total_usage(wire.usage),
        )

    def glance(self, body: bytes) -> Glance:
        """Model and usage. Raises UpstreamError."""
        try:
            wire = _GLANCE[self.member].decode(body)
        except BROKEN as error:
            raise self.errors.instead(error, body, self.dialect) from None
        return Glance(wire.model, total_usage(wire.usage))


def _document(raw: Raw) -> str | Raw | None:
    if not said(raw):
        return None
    return STRING.decode(raw) if is_string(raw) else raw
