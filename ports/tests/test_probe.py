"""The smallest call of what a provider has."""

import msgspec
import pytest
from llm_plugin_acme.dialect import AcmeChat
from llm_plugin_acme.samples import ACME_CHAT
from llm_plugin_vec import ORIGIN, Vec

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.errors import Unsupported, UpstreamError
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.model import Attempt
from lockgate_ports.testkit import Exchange, ScriptedHttp

ATTEMPT = Attempt("vec-1")
VECTOR = Exchange(chunks=(b'{"v":[[0,[1]]]}',))


def model(http: ScriptedHttp, languages: Languages) -> HttpModel:
    return HttpModel("p", languages, Endpoint(origin=ORIGIN, prefix="", auth=HeaderAuth()), http)


async def test_a_provider_without_chat_is_asked_for_one_vector() -> None:
    http = ScriptedHttp(VECTOR)
    await model(http, Languages(embeddings=Vec())).probe(ATTEMPT)
    assert [msgspec.json.decode(request.body)["t"] for request in http.requests] == [["ping"]]


async def test_a_model_that_is_not_for_chat_is_tried_at_what_else_there_is() -> None:
    unknown = Exchange(status=404, chunks=(b"{}",))
    http = ScriptedHttp(unknown, VECTOR)
    await model(http, Languages(chat=AcmeChat(), embeddings=Vec())).probe(ATTEMPT)
    assert len(http.requests) == 2


async def test_chat_that_works_is_enough() -> None:
    http = ScriptedHttp(Exchange(chunks=(ACME_CHAT.text.body,)))
    await model(http, Languages(chat=AcmeChat(), embeddings=Vec())).probe(ATTEMPT)
    assert len(http.requests) == 1


async def test_a_wrong_key_is_told_at_once() -> None:
    http = ScriptedHttp(Exchange(status=401, chunks=(b"{}",)))
    with pytest.raises(UpstreamError) as caught:
        await model(http, Languages(chat=AcmeChat(), embeddings=Vec())).probe(ATTEMPT)
    assert (caught.value.kind, len(http.requests)) == ("auth", 1)


async def test_a_model_that_nothing_knows_is_told_by_the_first_error() -> None:
    http = ScriptedHttp(Exchange(status=404, chunks=(b"{}",)), Exchange(status=503, chunks=(b"{}",)))
    with pytest.raises(UpstreamError):
        await model(http, Languages(chat=AcmeChat(), embeddings=Vec())).probe(ATTEMPT)
    with pytest.raises(Unsupported):
        await model(ScriptedHttp(), Languages()).probe(ATTEMPT)
