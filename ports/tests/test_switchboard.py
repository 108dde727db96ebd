"""Switchboard: each call goes to the one who answers for the model, by the name that it has there."""

from typing import Any

import pytest

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.embed import EmbedResponse
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.replies import reply_of
from lockgate_ports.rerank import RerankResponse
from lockgate_ports.switchboard import Line, Switchboard
from lockgate_ports.wire import Request

_CALLS = ("chat", "stream", "embed", "rerank", "count_tokens", "probe")


class _Line:
    """Notes what it is asked for."""

    models = (ModelCard(id="unseen"),)

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def open(self) -> None:
        self.heard.append(("open", ""))

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Any:
        return self._note("chat", attempt, reply_of(ChatResponse(choices=())))

    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> Any:
        return self._note("stream", attempt, None)

    async def embed(self, request: Request[Any], attempt: Attempt) -> Any:
        return self._note("embed", attempt, EmbedResponse(embeddings=()))

    async def rerank(self, request: Request[Any], attempt: Attempt) -> Any:
        return self._note("rerank", attempt, RerankResponse(results=()))

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt) -> Any:
        return self._note("count_tokens", attempt, TokenCount(1))

    async def probe(self, attempt: Attempt) -> None:
        self._note("probe", attempt, None)

    async def aclose(self) -> None:
        self.heard.append(("aclose", ""))

    def _note(self, call: str, attempt: Attempt, answer: Any) -> Any:
        self.heard.append((call, attempt.model))
        return answer


def _board() -> tuple[Switchboard, _Line, _Line]:
    plain, renamed = _Line(), _Line()

    def line_of(model: str) -> Line:
        return (renamed, model.removeprefix("b/")) if model.startswith("b/") else (plain, model)

    return Switchboard((plain, renamed), line_of, (ModelCard(id="a"),)), plain, renamed


@pytest.mark.parametrize("call", _CALLS)
async def test_a_call_goes_to_the_line_of_its_model(call: str) -> None:
    board, plain, renamed = _board()
    view = ChatRequest(model="m", messages=(user("Hi"),))
    request = Request(operation="chat", model="m", stream=False, view=view)
    for model in ("a", "b/c"):
        given = () if call == "probe" else (request,)
        await getattr(board, call)(*given, Attempt(model))
    assert plain.heard == [(call, "a")]
    assert renamed.heard == [(call, "c")]


async def test_every_line_is_opened_and_closed_and_the_catalogue_is_its_own() -> None:
    board, plain, renamed = _board()
    await board.open()
    await board.aclose()
    assert plain.heard == renamed.heard == [("open", ""), ("aclose", "")]
    assert board.models == (ModelCard(id="a"),)
