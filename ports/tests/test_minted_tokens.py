"""Tokens that a provider's auth gets by itself are hidden as keys are, whatever the provider says back."""

import pytest
from llm_plugin_acme.dialect import AcmeChat
from llm_plugin_acme.samples import ACME_CHAT

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import KEY, Exchange, ScriptedHttp
from lockgate_ports.testkit.keys import shows_key, told_by
from lockgate_ports.wire import Request

_SSE = (("content-type", "text/event-stream"),)
_OTHER = Secret("something-else-entirely", "env:K")


class _Minting:
    """An Auth that shows a token of its own."""

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        return HeaderAuth().sign(request, Secret(KEY, "minted"))


def _model(*script: Exchange) -> HttpModel:
    endpoint = Endpoint(origin=Origin("https", "acme.test", 443), prefix="/v1", auth=_Minting())
    return HttpModel("acme", Languages(chat=AcmeChat()), endpoint, ScriptedHttp(*script))


def _call(*, stream: bool = False, body: bytes | None = None) -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user("Hallo"),))
    dialect = "acme-chat" if body is not None else None
    return Request(operation="chat", model="m", stream=stream, view=view, dialect=dialect, body=body)


@pytest.mark.parametrize("secret", [None, _OTHER])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        Exchange(status=401, chunks=(ACME_CHAT.invalid_key.body,)),
        Exchange(status=502, chunks=(f"<title>no {KEY}</title>".encode(),)),
    ],
)
async def test_a_minted_token_that_the_provider_echoes_shows_in_no_error(
    answer: Exchange, stream: bool, secret: Secret | None
) -> None:
    model, attempt = _model(answer), Attempt("acme-1", secret)
    with pytest.raises(UpstreamError) as caught:
        await (model.stream if stream else model.chat)(_call(stream=stream), attempt)
    assert "redacted" in caught.value.message
    assert not shows_key(*told_by(caught.value))


async def test_a_minted_token_echoed_in_a_stream_shows_in_no_event() -> None:
    answer = Exchange(headers=_SSE, chunks=(ACME_CHAT.broken_stream.stream,))
    stream = await _model(answer).stream(_call(stream=True), Attempt("acme-1"))
    failures = [event async for batch in stream for event in batch if isinstance(event, Failure)]
    assert [shows_key(*told_by(failure.error)) for failure in failures] == [False]


def test_a_request_shows_its_secrets_in_no_repr() -> None:
    request = HttpRequest("GET", Origin("https", "acme.test", 443), "/", shows=(Secret(KEY),))
    assert not shows_key(repr(request), str(request.shows), str(request.__rich_repr__()))
