"""Hygiene: nothing left open, nothing held up, no way out but the one."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from lockgate_ports.errors import UpstreamError
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.provider import Provider, error_page
from lockgate_ports.testkit.scripted import Exchange, NoAnswer
from lockgate_ports.testkit.watch import Watch


class Hygiene(Declared):
    """What a provider leaves behind. Besides, every test of the contract ends with a look for open responses."""

    async def test_every_response_is_read_to_its_end_or_dropped(self, provider: Provider) -> None:
        """Look for a path that leaves a response alone: a success, an error status, a redirect, an empty answer, a body
        that makes no sense. Each costs a connection until the pool is empty."""
        await provider.chat(provider.plain(provider.samples.text))
        assert provider.http.leaks == [], "after a whole answer"
        await provider.stream(provider.streamed(provider.samples.text.stream))
        assert provider.http.leaks == [], "after a whole stream"
        for exchange in (
            error_page(500),
            Exchange(status=204),
            Exchange(status=302, headers=(("location", "/elsewhere"),)),
            Exchange(chunks=(b"{",)),
        ):
            with pytest.raises(UpstreamError):
                await provider.chat(exchange)
            assert provider.http.leaks == [], f"after a plain call that got {exchange}"
            if exchange.status != 200:
                await provider.stream(exchange)
                assert provider.http.leaks == [], f"after a streamed call that got {exchange}"

    async def test_closing_a_stream_early_drops_its_response(self, provider: Provider) -> None:
        """Look at the stream's `aclose`: it aborts the response at once, whether the stream was read or not, and may be
        called twice. A client that goes away must not leave the provider generating."""
        for read_first in (False, True):
            stream = await provider.open_stream(provider.streamed(provider.samples.text.stream))
            if read_first:
                async for _ in stream:
                    break
            await stream.aclose()
            await stream.aclose()
            assert provider.http.leaks == []

    @pytest.mark.parametrize("waits_for", ["head", "body", "event"])
    async def test_a_cancelled_call_drops_its_response(self, provider: Provider, waits_for: str) -> None:
        """Look for an `except` that catches the cancellation, or a missing `finally` around the read."""
        stalled = Exchange(chunks=(provider.samples.text.body[:1],), ending="stall")
        silent = Exchange(headers=(("content-type", provider.samples.event_content_type),), ending="stall")
        call: asyncio.Task[Any]
        match waits_for:
            case "head":
                call = asyncio.create_task(provider.chat(NoAnswer("stall")))
            case "body":
                call = asyncio.create_task(provider.chat(stalled))
            case _:
                call = asyncio.create_task(provider.stream(silent))
        await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert provider.http.leaks == []

    async def test_the_event_loop_is_never_held_up(self, provider: Provider) -> None:
        """Look for blocking work in a coroutine: `time.sleep`, a synchronous client, a file, heavy decoding. One call
        that blocks holds up all others of the process; move it to a thread (`asyncio.to_thread`)."""
        with Watch() as watch:
            async with watch.heartbeat():
                await _ordinary_traffic(provider)
        assert watch.blocked == []
        assert watch.longest_gap < Watch.LIMIT, f"the loop stood still for {watch.longest_gap:.2f} s"

    async def test_nothing_leaves_but_through_the_http_port(self, provider: Provider) -> None:
        """Look for a client, resolver or process of the plugin's own: the HttpPort is the one way out, since it asks
        the egress policy."""
        with Watch() as watch:
            await _ordinary_traffic(provider)
        assert watch.ways_out == []

    async def test_each_call_is_one_request(self, provider: Provider) -> None:
        """Look for calls on the side (a model list, a warm-up): each costs time and, maybe, money."""
        await _ordinary_traffic(provider)
        assert len(provider.http.requests) == 3

    async def test_closing_the_provider_closes_its_connections(self, provider: Provider) -> None:
        """Look at the model's `aclose`: it closes the HttpPort that it was built with."""
        await provider.chat(provider.plain(provider.samples.text))
        await provider.port.aclose()
        assert provider.http.closed


async def _ordinary_traffic(provider: Provider) -> None:
    await provider.chat(provider.plain(provider.samples.text))
    await provider.stream(provider.streamed(provider.samples.text.stream))
    refused = provider.samples.rate_limited
    with suppress(UpstreamError):
        await provider.chat(Exchange(status=refused.status, headers=refused.headers, chunks=(refused.body,)))
