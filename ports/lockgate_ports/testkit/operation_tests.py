"""The tests of embeddings and rerankings: one question, one whole answer."""

import asyncio
import logging
from contextlib import suppress

import pytest

from lockgate_ports.errors import UpstreamError
from lockgate_ports.testkit.keys import shows_key, told_by
from lockgate_ports.testkit.operation_provider import RERANK, OperationProvider, said_by
from lockgate_ports.testkit.operation_samples import OperationSample
from lockgate_ports.testkit.provider import NAME, error_page, json_answer
from lockgate_ports.testkit.samples import ALIAS, KEY, Refused
from lockgate_ports.testkit.scripted import Exchange, NoAnswer, Script
from lockgate_ports.testkit.watch import Watch

_NOTHING: tuple[bytes, ...] = (b"", b"null", b"[]", b'"hello"', b"{", b"{}", b"<html>sign in</html>", b"\xff\xfe")


class OperationAnswers:
    """Calls that succeed."""

    async def test_an_answer_says_what_the_provider_said(
        self, provider: OperationProvider, sample: OperationSample
    ) -> None:
        """Look at `read_response`: each vector with the index of its input and in that order, whatever the order on the
        wire; each ranked document with its index in the request and its score, the best first."""
        reply = await provider.ask(provider.answered(sample))
        said = said_by(reply.view)
        assert [len(each) for each in said] == [len(each) for each in sample.said]
        for mine, theirs in zip(said, sample.said, strict=True):
            assert mine == pytest.approx(theirs)

    async def test_usage_is_what_was_reported(self, provider: OperationProvider, sample: OperationSample) -> None:
        """Look at how usage is read: what was not reported is None, and never a default of 0."""
        reply = await provider.ask(provider.answered(sample))
        assert reply.view.usage == sample.usage
        assert reply.glance.usage == sample.usage

    async def test_the_request_carries_what_was_asked(self, provider: OperationProvider) -> None:
        """Look at `write_request`: the provider's own name of the model, every text in order, and the size wanted."""
        await provider.ask(provider.answered(provider.samples.answer))
        asked = provider.samples.read_back(provider.http.requests[0])
        assert asked.model == provider.attempt.model
        if provider.operation == "embeddings":
            assert (asked.texts, asked.size) == (provider.embed.inputs, provider.embed.dimensions)
        else:
            assert (asked.texts, asked.size) == ((RERANK.query, *RERANK.documents), RERANK.top_n)

    async def test_requests_go_where_the_factory_says(self, provider: OperationProvider) -> None:
        """Look at the factory's `origins`: it is the provider's egress allowance. Each call is one request."""
        await provider.ask(provider.answered(provider.samples.answer))
        (request,) = provider.http.requests
        assert request.origin in provider.factory.origins(provider.settings)
        assert request.target.startswith("/")
        assert all(name == name.lower() for name, _ in request.headers)

    async def test_a_relayed_call_keeps_its_bytes(self, provider: OperationProvider, sample: OperationSample) -> None:
        """Look at `relay_request` and `glance`: the model alone is patched, the answer stays as it came,
        and a glance at it tells what a whole decode tells."""
        if provider.samples.relay_request is None:
            return
        reply = await provider.ask(provider.answered(sample), relay=provider.samples.relay_request)
        expected = provider.samples.relay_request.replace(ALIAS.encode(), provider.attempt.model.encode())
        assert provider.http.requests[0].body == expected
        assert (reply.dialect, reply.body) == (provider.samples.dialect, sample.body)
        assert reply.glance.usage == reply.view.usage == sample.usage
        assert reply.glance.model == reply.view.model

    async def test_nothing_leaves_but_through_the_http_port(self, provider: OperationProvider) -> None:
        """Look for a client of the plugin's own, or for work that holds up the event loop."""
        with Watch() as watch:
            async with watch.heartbeat():
                await provider.ask(provider.answered(provider.samples.answer))
        assert watch.ways_out == []
        assert watch.blocked == []
        assert watch.longest_gap < Watch.LIMIT, f"the loop stood still for {watch.longest_gap:.2f} s"

    async def test_closing_the_provider_closes_its_connections(self, provider: OperationProvider) -> None:
        """Look at the model's `aclose`: it closes the HttpPort that it was built with."""
        await provider.port.aclose()
        assert provider.http.closed


class OperationErrors:
    """Calls that fail."""

    async def test_an_error_keeps_the_providers_words(self, provider: OperationProvider, refused: Refused) -> None:
        """Look at `read_error`: kind, status, `retry_after`, the name of the provider and the call's id."""
        tagged = (*refused.headers, ("x-request-id", "req-of-the-provider"))
        error = await _error(provider, Exchange(status=refused.status, headers=tagged, chunks=(refused.body,)))
        assert error.kind == refused.kind
        assert error.upstream_status == refused.status
        assert error.retry_after == refused.retry_after
        assert error.provider_id == NAME
        assert error.upstream_request_id

    async def test_the_three_errors_that_an_engine_acts_on_are_told_apart(self, provider: OperationProvider) -> None:
        """Look at `read_error`: a wrong key, a rate limit and a failing server each lead to another next step."""
        samples = provider.samples
        assert samples.invalid_key.kind == (await _refused(provider, samples.invalid_key)).kind == "auth"
        limited = await _refused(provider, samples.rate_limited)
        assert limited.kind == "rate_limit"
        assert limited.retry_after == samples.rate_limited.retry_after
        assert (await _refused(provider, samples.server_error)).kind in ("transient", "overloaded")
        assert len(provider.http.requests) == 3, "a failed call was repeated inside the plugin"

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
    async def test_a_web_page_is_no_answer(self, provider: OperationProvider, status: int) -> None:
        """Look at what `read_error` does with a body that is not JSON: the status decides, and little of it shows."""
        error = await _error(provider, error_page(status))
        assert error.kind in ("transient", "overloaded", "timeout")
        assert str(error).count("line-") * len("<p>line-0000</p>") <= 200, f"too much of the body: {error}"

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"error": 7}', b'{"detail": null}', b"{", b"\xff\xfe"])
    async def test_an_error_without_a_sound_body_is_told_by_its_status(
        self, provider: OperationProvider, body: bytes
    ) -> None:
        """Look at what `read_error` takes for granted: any key may be missing, of another type, or null."""
        assert (await _error(provider, json_answer(body, 503))).kind in ("transient", "overloaded")
        assert (await _error(provider, json_answer(body, 429))).kind == "rate_limit"
        assert (await _error(provider, json_answer(body, 401))).kind == "auth"

    @pytest.mark.parametrize("body", _NOTHING)
    async def test_a_body_that_makes_no_sense_is_an_error(self, provider: OperationProvider, body: bytes) -> None:
        """Look for a decode error that is let out as it is: it must become an UpstreamError, in `glance` too."""
        assert (await _error(provider, json_answer(body))).kind in ("transient", "fatal")
        await _error(provider, json_answer(body), relay=provider.samples.relay_request)

    async def test_a_body_without_an_answer_is_an_error(self, provider: OperationProvider, no_answer: bytes) -> None:
        """Look at `read_response` and `glance`: status 200 with an error in it, or with nothing, is a failure."""
        error = await _error(provider, json_answer(no_answer))
        relayed = await _error(provider, json_answer(no_answer), relay=provider.samples.relay_request)
        assert error.provider_id == NAME
        assert relayed.kind == error.kind

    async def test_what_the_http_port_tells_passes_through(self, provider: OperationProvider) -> None:
        """Look for a handler that wraps or swallows the HttpPort's errors."""
        refused = await _error(provider, NoAnswer("refused"))
        assert (refused.kind, refused.sent, refused.provider_id) == ("transient", False, NAME)
        assert (await _error(provider, NoAnswer("timeout"))).kind == "timeout"
        half = provider.samples.answer.body[: len(provider.samples.answer.body) // 2]
        assert (await _error(provider, Exchange(chunks=(half,), ending="cut"))).kind == "transient"

    async def test_a_cancelled_call_drops_its_response(self, provider: OperationProvider) -> None:
        """Look for an `except` that catches the cancellation, or a missing `finally` around the read."""
        stalled = Exchange(chunks=(provider.samples.answer.body[:1],), ending="stall")
        call = asyncio.create_task(provider.ask(stalled))
        await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert provider.http.leaks == []


class OperationKeys:
    """What becomes of the key."""

    key_header: str | None
    key_form: str

    async def test_the_key_is_sent_where_the_provider_wants_it_and_nowhere_else(
        self, provider: OperationProvider
    ) -> None:
        """Look at the auth of the endpoint, and at `key_header` and `key_form` of the contract class."""
        answer = provider.answered(provider.samples.answer)
        await provider.ask(answer)
        await provider.ask(answer, relay=provider.samples.relay_request)
        for request in provider.http.requests:
            carried = [value for name, value in request.headers if name == self.key_header]
            elsewhere = [value for name, value in request.headers if name != self.key_header]
            assert carried == ([] if self.key_header is None else [self.key_form.format(key=KEY)])
            assert not shows_key(request.target, bytes(request.body).decode("utf-8", "replace"), *elsewhere)

    async def test_a_key_that_the_provider_echoes_shows_in_no_error(self, provider: OperationProvider) -> None:
        """Look for an error made of the provider's words without `Secret.redact`."""
        refused = provider.samples.invalid_key
        page = f"<html>cannot use {KEY} here</html>".encode()
        for exchange in (
            Exchange(status=refused.status, headers=refused.headers, chunks=(refused.body,)),
            Exchange(status=502, headers=(("content-type", "text/html"),), chunks=(page,)),
            json_answer(page),
        ):
            assert not shows_key(*told_by(await _error(provider, exchange)))

    async def test_the_key_shows_in_no_log_and_no_repr(
        self, provider: OperationProvider, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Look for a log line or print, and for a repr that shows what it holds."""
        caplog.set_level(logging.DEBUG)
        reply = await provider.ask(provider.answered(provider.samples.answer))
        with suppress(UpstreamError):
            await provider.ask(error_page(500))
        printed = capsys.readouterr()
        assert not shows_key(caplog.text, printed.out, printed.err, repr(provider.port), repr(reply))


async def _refused(provider: OperationProvider, refused: Refused) -> UpstreamError:
    return await _error(provider, Exchange(status=refused.status, headers=refused.headers, chunks=(refused.body,)))


async def _error(provider: OperationProvider, script: Script, *, relay: bytes | None = None) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await provider.ask(script, relay=relay)
    assert provider.http.leaks == []
    return caught.value
