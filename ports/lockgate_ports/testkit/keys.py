"""Keys: sent where the provider wants them, and seen nowhere else."""

import logging
import traceback

import pytest

from lockgate_ports.errors import UpstreamError
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.provider import Provider, json_answer
from lockgate_ports.testkit.samples import KEY
from lockgate_ports.testkit.scripted import Exchange

_PIECES = {KEY[at : at + 10] for at in range(len("lk-canary-"), len(KEY) - 9)}


class Keys(Declared):
    """What becomes of the key."""

    async def test_the_key_is_sent_where_the_provider_wants_it(self, provider: Provider) -> None:
        """Look at the auth of the endpoint, and at `key_header` and `key_form` of the contract class."""
        await self._every_call(provider)
        for request in provider.http.requests:
            carried = [value for name, value in request.headers if name == self.key_header]
            expected = [] if self.key_header is None else [self.key_form.format(key=KEY)]
            assert carried == expected

    async def test_the_key_is_sent_nowhere_else(self, provider: Provider) -> None:
        """Look for the key in the URL, the body or a second header: proxies and providers log those."""
        await self._every_call(provider)
        for request in provider.http.requests:
            elsewhere = [value for name, value in request.headers if name != self.key_header]
            assert not shows_key(request.target, bytes(request.body).decode("utf-8", "replace"), *elsewhere)

    async def test_a_key_that_the_provider_echoes_shows_in_no_error(self, provider: Provider) -> None:
        """Look for an error made of the provider's words without `Secret.redact`: a 401 often quotes the key, and the
        error goes to logs, metrics and other people's clients. Search message, repr, args, body and the chained causes.
        """
        refused = provider.samples.invalid_key
        page = f"<html>cannot use {KEY} here</html>".encode()
        for exchange in (
            Exchange(status=refused.status, headers=refused.headers, chunks=(refused.body,)),
            Exchange(status=502, headers=(("content-type", "text/html"),), chunks=(page,)),
            json_answer(page),
        ):
            with pytest.raises(UpstreamError) as caught:
                await provider.chat(exchange)
            assert not shows_key(*told_by(caught.value)), "an error of a plain call shows the key"
            _, error = await provider.stream(exchange)
            assert error is not None
            assert not shows_key(*told_by(error)), "an error of a streamed call shows the key"

    async def test_a_key_echoed_in_a_stream_shows_in_no_error(self, provider: Provider) -> None:
        """Look at errors that a reader hands on as events: they need the same care as those that are raised."""
        for relay in (None, provider.samples.relay_request):
            _, error = await provider.stream(provider.streamed(provider.samples.broken_stream.stream), relay=relay)
            assert error is not None
            assert not shows_key(*told_by(error))

    async def test_the_key_shows_in_no_log_and_no_repr(
        self, provider: Provider, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Look for a log line or print, and for a repr (a dataclass or Struct has one) that shows what it holds."""
        caplog.set_level(logging.DEBUG)
        reply = await provider.chat(provider.plain(provider.samples.text))
        stream = await provider.open_stream(provider.streamed(provider.samples.text.stream))
        await stream.aclose()
        await provider.stream(provider.streamed(provider.samples.broken_stream.stream))
        printed = capsys.readouterr()
        assert not shows_key(caplog.text, printed.out, printed.err)
        held = (
            (provider.port, reply, stream, *vars(provider.port).values()) if hasattr(provider.port, "__dict__") else ()
        )
        assert not shows_key(*map(repr, (provider.port, reply, stream, *held)))

    async def _every_call(self, provider: Provider) -> None:
        await provider.chat(provider.plain(provider.samples.text))
        await provider.stream(provider.streamed(provider.samples.text.stream))
        await provider.chat(provider.plain(provider.samples.text), relay=provider.samples.relay_request)
        await provider.probe(provider.plain(provider.samples.text))


def shows_key(*texts: str) -> bool:
    """Whether ten characters in a row of the key stand in any of these."""
    return any(piece in text for text in texts for piece in _PIECES)


def told_by(error: BaseException) -> list[str]:
    """Everything that an error and its causes tell to somebody who looks."""
    chain = [error, error.__cause__, error.__context__]
    texts = ["".join(traceback.format_exception(error))]
    for each in chain:
        if each is not None:
            held = [*each.args, *vars(each).values()]
            texts += [str(each), repr(each)]
            texts += [value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value) for value in held]
    return texts
