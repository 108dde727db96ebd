"""HttpModel, through the Acme dialect and a scripted upstream."""

import asyncio
from collections.abc import Mapping

import pytest
from llm_plugin_acme.dialect import AcmeChat
from llm_plugin_acme.samples import ACME_CHAT
from msgspec import structs

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.errors import EgressDenied, Unsupported, UpstreamError
from lockgate_ports.events import Event, Failure
from lockgate_ports.http import NO_HEADERS, Headers, HttpRequest, HttpResponse, Origin, Purpose
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import KEY, Exchange, NoAnswer, ScriptedHttp
from lockgate_ports.wire import Glance, Request

ORIGIN = Origin("https", "acme.test", 443)
ATTEMPT = Attempt("acme-1", Secret(KEY, "env:K"), Purpose("tenant-7"))
JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
CARDS = (ModelCard(id="acme-1"),)


def model(http: ScriptedHttp, dialect: AcmeChat | None = None, response_limit: int = 10_000) -> HttpModel:
    endpoint = Endpoint(
        origin=ORIGIN,
        prefix="/v1",
        auth=HeaderAuth(),
        headers=(("x-team", "red"),),
        response_limit=response_limit,
    )
    return HttpModel("acme-eu", Languages(chat=dialect or AcmeChat()), endpoint, http, CARDS)


def call(*, stream: bool = False) -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user("Hallo"),))
    return Request(operation="chat", model="m", stream=stream, view=view)


def relayed(*, stream: bool = False) -> Request[ChatRequest]:
    return Request(operation="chat", model="m", stream=stream, dialect="acme-chat", body=b'{"model":"m"}')


async def error_of(
    http: ScriptedHttp, request: Request[ChatRequest] | None = None, limit: int = 10_000
) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await model(http, response_limit=limit).chat(request or call(), ATTEMPT)
    assert http.leaks == []
    return caught.value


async def test_a_call_is_written_signed_and_read() -> None:
    http = ScriptedHttp(Exchange(headers=(*JSON, ("X-Request-Id", "r1")), chunks=(ACME_CHAT.text.body,)))
    reply = await model(http).chat(call(), ATTEMPT)
    assert reply.view.text == "Grüße aus 東京 🗼"
    assert (reply.request_id, reply.body, reply.dialect) == ("r1", None, None)
    (request,) = http.requests
    assert (request.method, request.origin, request.target) == ("POST", ORIGIN, "/v1/talk")
    assert dict(request.headers)["x-team"] == "red"
    assert dict(request.headers)["authorization"] == f"Bearer {KEY}"
    assert request.purpose == Purpose("tenant-7")


async def test_an_edited_call_of_the_same_dialect_is_written_anew_and_its_reply_relayed() -> None:
    http = ScriptedHttp(Exchange(chunks=(ACME_CHAT.text.body,)))
    edited = relayed().edited(ChatRequest(model="m", messages=(user("Anders"),)))
    reply = await model(http).chat(edited, ATTEMPT)
    assert b"Anders" in http.requests[0].body
    assert reply.body == ACME_CHAT.text.body


async def test_a_relayed_reply_that_cannot_be_decoded_later_is_an_error_of_this_provider() -> None:
    class Shallow(AcmeChat):
        def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
            raise UpstreamError(f"no sense in {KEY}", kind="fatal")

        def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
            return AcmeChat().glance(body, headers)

    reply = await model(ScriptedHttp(Exchange(chunks=(ACME_CHAT.text.body,))), Shallow()).chat(relayed(), ATTEMPT)
    with pytest.raises(UpstreamError) as caught:
        _ = reply.view
    assert str(caught.value) == "acme-eu: no sense in [redacted]"


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_not_followed_and_says_what_to_do(status: int) -> None:
    error = await error_of(ScriptedHttp(Exchange(status=status, headers=(("location", f"https://evil.test/{KEY}"),))))
    assert (error.kind, error.upstream_status) == ("fatal", status)
    assert "base_url" in str(error)
    assert "evil" not in str(error)


@pytest.mark.parametrize("status", [204, 199, 600])
async def test_a_status_without_an_answer_is_an_error(status: int) -> None:
    assert (await error_of(ScriptedHttp(Exchange(status=status)))).upstream_status == status


async def test_an_error_body_that_is_too_long_or_cut_still_tells_its_status() -> None:
    huge = Exchange(status=429, chunks=(b"x" * 300_000,))
    cut = Exchange(status=429, chunks=(b"{",), ending="cut")
    for exchange in (huge, cut):
        error = await error_of(ScriptedHttp(exchange))
        assert (error.kind, error.upstream_status, error.provider_id) == ("rate_limit", 429, "acme-eu")


async def test_an_answer_over_the_limit_is_refused() -> None:
    assert "longer than 50 bytes" in str(
        await error_of(ScriptedHttp(Exchange(chunks=(ACME_CHAT.text.body,))), limit=50)
    )


async def test_an_error_is_told_once_as_this_providers_and_without_the_key() -> None:
    body = b'{"oops":{"code":"%s","message":"no %s"}}' % (KEY.encode(), KEY.encode())
    error = await error_of(ScriptedHttp(Exchange(status=401, headers=(*JSON, ("cf-ray", "ray7")), chunks=(body,))))
    assert error.upstream_request_id == "ray7"
    assert str(error).count("acme-eu: ") == 1
    told = repr(error), str(error), error.args, error.upstream_message, error.upstream_code, error.body
    assert KEY[12:] not in repr(told)
    assert error.body == b'{"oops":{"code":"[redacted]","message":"no [redacted]"}}'


@pytest.mark.parametrize("type_", [JSON, SSE])
async def test_the_id_of_a_call_shows_no_key_that_its_provider_echoes(type_: Headers) -> None:
    echoed = Exchange(headers=(*type_, ("x-request-id", f"r-{KEY}")), chunks=(ACME_CHAT.text.body,))
    asked = model(ScriptedHttp(echoed))
    reply = await (asked.chat(call(), ATTEMPT) if type_ is JSON else asked.stream(call(stream=True), ATTEMPT))
    assert reply.request_id is not None
    assert KEY not in reply.request_id


async def test_a_failure_in_a_stream_is_told_as_this_providers_and_without_the_key() -> None:
    http = ScriptedHttp(Exchange(headers=SSE, chunks=(ACME_CHAT.broken_stream.stream,)))
    stream = await model(http).stream(call(stream=True), ATTEMPT)
    failures = [event async for batch in stream for event in batch if isinstance(event, Failure)]
    (failure,) = failures
    assert isinstance(failure.error, UpstreamError)
    assert failure.error.provider_id == "acme-eu"
    assert str(failure.error).startswith("acme-eu: ")
    assert KEY not in str(failure.error) + repr(failure) + str(failure.error.upstream_message)


async def test_a_json_answer_to_a_streamed_call_is_told_in_events() -> None:
    http = ScriptedHttp(
        Exchange(headers=(("content-type", "Application/JSON; charset=utf-8"),), chunks=(ACME_CHAT.text.body,))
    )
    stream = await model(http).stream(call(stream=True), ATTEMPT)
    events: list[Event] = [event async for batch in stream for event in batch]
    assert [type(event).__name__ for event in events] == ["Start", "TextDelta", "Finish", "UsageReport"]
    await stream.aclose()
    assert http.leaks == []


async def test_a_json_error_with_status_200_to_a_streamed_call_is_an_error() -> None:
    http = ScriptedHttp(Exchange(chunks=(b'{"oops":{}}',)))
    with pytest.raises(UpstreamError, match=r"^acme-eu: "):
        await model(http).stream(call(stream=True), ATTEMPT)
    assert http.leaks == []


async def test_a_web_page_in_place_of_a_stream_says_what_to_check() -> None:
    http = ScriptedHttp(Exchange(headers=(("content-type", "text/html; charset=utf-8"),), chunks=(b"<html>",)))
    with pytest.raises(UpstreamError, match=r"^acme-eu: .*base_url"):
        await model(http).stream(call(stream=True), ATTEMPT)
    assert http.leaks == []


async def test_a_stream_whose_type_is_not_told_is_read_all_the_same() -> None:
    http = ScriptedHttp(Exchange(headers=(), chunks=(ACME_CHAT.text.stream,)))
    stream = await model(http).stream(call(stream=True), ATTEMPT)
    assert [event async for batch in stream for event in batch] != []


async def test_traffic_without_an_event_is_an_empty_batch() -> None:
    http = ScriptedHttp(Exchange(headers=SSE, chunks=(b": ping\n\n", ACME_CHAT.text.stream)))
    stream = await model(http).stream(call(stream=True), ATTEMPT)
    assert [len(batch) > 0 async for batch in stream][:2] == [False, True]


async def test_closing_ends_a_read_that_waits() -> None:
    http = ScriptedHttp(Exchange(headers=SSE, ending="stall"))
    stream = await model(http).stream(call(stream=True), ATTEMPT)

    async def read() -> None:
        async for _ in stream:
            pass

    waiting = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    await stream.aclose()
    with pytest.raises(UpstreamError, match=r"^acme-eu: "):
        await asyncio.wait_for(waiting, 1)


async def test_what_cannot_be_said_is_refused_before_anything_is_sent() -> None:
    class Narrow(AcmeChat):
        def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
            raise Unsupported("no pictures", param="messages[0].content")

    http = ScriptedHttp()
    with pytest.raises(Unsupported):
        await model(http, Narrow()).chat(call(), ATTEMPT)
    assert http.requests == []


async def test_a_denial_by_the_egress_policy_passes_through() -> None:
    class Walled:
        async def send(self, request: HttpRequest) -> HttpResponse:
            raise EgressDenied("no way out", rule="deny", provider_id="acme-eu")

        async def aclose(self) -> None:
            """Nothing is open."""

    endpoint = Endpoint(origin=ORIGIN, prefix="", auth=HeaderAuth())
    with pytest.raises(EgressDenied, match=r"^no way out$"):
        await HttpModel("acme-eu", Languages(chat=AcmeChat()), endpoint, Walled()).chat(call(), ATTEMPT)


async def test_a_connection_error_keeps_whether_it_was_sent() -> None:
    assert (await error_of(ScriptedHttp(NoAnswer("refused")))).sent is False
    assert (await error_of(ScriptedHttp(NoAnswer("lost")))).sent is True


async def test_the_catalogue_is_what_it_was_given() -> None:
    assert model(ScriptedHttp()).models == CARDS


class Second(AcmeChat):
    """Another language of the same provider."""

    name = "acme-second"

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        written = super().relay_request(body, headers, upstream, wire)
        return structs.replace(written, http=structs.replace(written.http, target="/v1/second"))


@pytest.mark.parametrize(("dialect", "target"), [("acme-second", "/v1/second"), ("acme-chat", None), (None, None)])
async def test_a_client_is_served_in_its_own_language_where_the_provider_has_it(
    dialect: str | None, target: str | None
) -> None:
    http = ScriptedHttp(Exchange(chunks=(ACME_CHAT.text.body,)))
    languages = Languages(chat=AcmeChat(), also=(Second(),))
    both = HttpModel("acme-eu", languages, Endpoint(origin=ORIGIN, prefix="/v1", auth=HeaderAuth()), http, CARDS)
    body = b'{"model":"m"}' if dialect is not None else None
    view = ChatRequest(model="m", messages=(user("Hallo"),))
    request = Request(operation="chat", model="m", stream=False, dialect=dialect, body=body, view=view)
    reply = await both.chat(request, ATTEMPT)
    assert reply.dialect == dialect
    assert (http.requests[0].target == "/v1/second") is (target is not None)
