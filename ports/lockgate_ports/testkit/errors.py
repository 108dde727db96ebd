"""Errors: whatever an upstream does, the engine gets one UpstreamError of the right kind."""

import pytest

from lockgate_ports.errors import UpstreamError
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.provider import NAME, Provider, error_page, json_answer
from lockgate_ports.testkit.samples import Refused
from lockgate_ports.testkit.scripted import Exchange, NoAnswer, Script

_NOTHING: tuple[bytes, ...] = (b"", b"null", b"[]", b'"hello"', b"{", b"<html>sign in</html>", b"\xff\xfe")


class Errors(Declared):
    """Calls that fail."""

    async def test_an_invalid_key_is_an_auth_error(self, provider: Provider) -> None:
        """Look at the dialect's `read_error`: a 401 is of kind `auth`. The engine then tries the next key."""
        error = await _refused(provider, provider.samples.invalid_key)
        assert error.kind == "auth"

    async def test_a_rate_limit_says_when_to_come_back(self, provider: Provider) -> None:
        """Look at `read_error`: a 429 is of kind `rate_limit`, and `retry_after` holds the seconds that the header or
        the body tells. An answer must never be made of it."""
        error = await _refused(provider, provider.samples.rate_limited)
        assert error.kind == "rate_limit"
        assert error.retry_after == provider.samples.rate_limited.retry_after

    async def test_a_server_error_may_be_tried_again(self, provider: Provider) -> None:
        """Look at `read_error`: a 5xx is `transient` or `overloaded`, so that another attempt may follow."""
        error = await _refused(provider, provider.samples.server_error)
        assert error.kind in ("transient", "overloaded")

    async def test_an_error_keeps_the_providers_words(self, provider: Provider, refused: Refused) -> None:
        """Look at `read_error`: kind, status, `retry_after` and the name of the provider must be there, for a plain
        call and a streamed one, and the call's id where the provider gives one."""
        tagged = (*refused.headers, ("x-request-id", "req-of-the-provider"))
        exchange = Exchange(status=refused.status, headers=tagged, chunks=(refused.body,))
        for error in (await _error(provider, exchange), (await provider.stream(exchange))[1]):
            assert error is not None
            assert error.kind == refused.kind
            assert error.upstream_status == refused.status
            assert error.retry_after == refused.retry_after
            assert error.provider_id == NAME
            assert error.upstream_request_id

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
    async def test_a_web_page_is_no_answer(self, provider: Provider, status: int) -> None:
        """Look at what `read_error` does with a body that is not JSON: the status decides, and at most 200 bytes of the
        body stand in the message."""
        error = await _error(provider, error_page(status))
        assert error.kind in ("transient", "overloaded", "timeout")
        assert error.upstream_status == status
        assert str(error).count("line-") * len("<p>line-0000</p>") <= 200, f"too much of the body: {error}"

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"error": null}', b'{"error": 7}', b"{", b"\xff\xfe"])
    async def test_an_error_without_a_sound_body_is_told_by_its_status(self, provider: Provider, body: bytes) -> None:
        """Look at what `read_error` takes for granted: any key may be missing, of another type, or null."""
        assert (await _error(provider, json_answer(body, 503))).kind in ("transient", "overloaded")
        assert (await _error(provider, json_answer(body, 429))).kind == "rate_limit"
        assert (await _error(provider, json_answer(body, 401))).kind == "auth"

    async def test_a_body_without_an_answer_is_an_error(self, provider: Provider, no_answer: bytes) -> None:
        """Look at `read_response` and `glance`: status 200 with no choice in it, or with an error, is a failure of the
        provider; an empty answer would be taken for the model's own."""
        error = await _error(provider, json_answer(no_answer))
        assert error.provider_id == NAME
        relayed = await _error(provider, json_answer(no_answer), relay=provider.samples.relay_request)
        assert relayed.kind == error.kind

    @pytest.mark.parametrize("body", _NOTHING)
    async def test_a_body_that_makes_no_sense_is_an_error(self, provider: Provider, body: bytes) -> None:
        """Look for a decode error that is let out as it is: it must become an UpstreamError, in `glance` too."""
        assert (await _error(provider, json_answer(body))).kind in ("transient", "fatal")
        await _error(provider, json_answer(body), relay=provider.samples.relay_request)

    async def test_a_web_page_is_no_stream(self, provider: Provider) -> None:
        """Look at what comes of a sign-in page with status 200 where a stream was due: an error, not silence."""
        _, error = await provider.stream(Exchange(headers=(("content-type", "text/html"),), chunks=(b"<html></html>",)))
        assert error is not None
        assert error.provider_id == NAME

    async def test_a_connection_that_was_refused_is_known_as_never_sent(self, provider: Provider) -> None:
        """Look for a handler that wraps the HttpPort's error: `sent=False` lets the engine try elsewhere at no risk."""
        error = await _error(provider, NoAnswer("refused"))
        assert (error.kind, error.sent, error.provider_id) == ("transient", False, NAME)

    async def test_a_timeout_passes_through(self, provider: Provider) -> None:
        """Look for a handler that turns the HttpPort's errors into others: a timeout stays one."""
        assert (await _error(provider, NoAnswer("timeout"))).kind == "timeout"

    async def test_a_lost_connection_passes_through(self, provider: Provider) -> None:
        """Look for a handler that swallows the HttpPort's error, before the answer or in the middle of it."""
        assert (await _error(provider, NoAnswer("lost"))).kind == "transient"
        half = provider.samples.text.body[: len(provider.samples.text.body) // 2]
        assert (await _error(provider, Exchange(chunks=(half,), ending="cut"))).kind == "transient"

    async def test_a_failed_call_is_not_repeated(self, provider: Provider) -> None:
        """Look for a retry inside the plugin: the engine alone decides who is asked again, and counts it."""
        await _refused(provider, provider.samples.rate_limited)
        await _refused(provider, provider.samples.server_error)
        await _error(provider, NoAnswer("refused"))
        assert len(provider.http.requests) == 3


async def _refused(provider: Provider, refused: Refused) -> UpstreamError:
    return await _error(provider, Exchange(status=refused.status, headers=refused.headers, chunks=(refused.body,)))


async def _error(provider: Provider, script: Script, *, relay: bytes | None = None) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await provider.chat(script, relay=relay)
    return caught.value
