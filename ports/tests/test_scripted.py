"""The scripted upstream keeps the promises of HttpPort."""

import asyncio

import pytest

from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import HttpPort, HttpRequest, Origin
from lockgate_ports.testkit import Exchange, NoAnswer, ScriptedHttp, by_blank_line, by_line
from lockgate_ports.testkit.splitting import SPLITTINGS, split

REQUEST = HttpRequest("GET", Origin("http", "acme.test", 80), "/")


async def test_it_answers_in_order_and_remembers() -> None:
    http = ScriptedHttp(Exchange(chunks=(b"a", b"b")), Exchange(status=404))
    port: HttpPort = http
    first = await port.send(REQUEST)
    assert (await first.read(10), first.headers["Content-Type"]) == (b"ab", "application/json")
    assert (await port.send(REQUEST)).status == 404
    assert http.requests == [REQUEST, REQUEST]
    await port.aclose()
    assert http.closed


async def test_a_request_beyond_the_script_is_a_fault_of_the_test() -> None:
    http = ScriptedHttp()
    with pytest.raises(AssertionError, match="request 1 was not expected"):
        await http.send(REQUEST)
    assert http.unscripted == [REQUEST]


async def test_a_response_leaks_until_it_is_read_or_aborted() -> None:
    http = ScriptedHttp(*[Exchange(chunks=(b"a", b"b"))] * 3)
    read, aborted, left = [await http.send(REQUEST) for _ in range(3)]
    assert len(http.leaks) == 3
    await read.read(10)
    aborted.abort()
    async for _ in left.chunks():
        break
    assert http.leaks == [left]
    read.abort()
    assert (read.state, aborted.state) == ("read", "aborted")


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [("refused", "transient", False), ("lost", "transient", True), ("timeout", "timeout", True)],
)
async def test_a_fault_is_told_as_http_port_tells_it(fault: str, kind: str, sent: bool) -> None:
    with pytest.raises(UpstreamError) as caught:
        await ScriptedHttp(NoAnswer(fault)).send(REQUEST)  # type: ignore[arg-type]
    assert (caught.value.kind, caught.value.sent) == (kind, sent)


async def test_a_cut_body_raises_after_what_came() -> None:
    response = await ScriptedHttp(Exchange(chunks=(b"a",), ending="cut")).send(REQUEST)
    got: list[bytes] = []

    async def read() -> None:
        async for chunk in response.chunks():
            got.append(chunk)  # noqa: PERF401  what came before the error counts

    with pytest.raises(UpstreamError):
        await read()
    assert got == [b"a"]
    assert response.state == "aborted"


async def test_a_stalled_body_waits_until_it_is_aborted() -> None:
    response = await ScriptedHttp(Exchange(ending="stall")).send(REQUEST)
    waiting = asyncio.create_task(response.read(10))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    response.abort()
    with pytest.raises(UpstreamError):
        await asyncio.wait_for(waiting, 1)


async def test_a_body_over_the_limit_is_refused() -> None:
    response = await ScriptedHttp(Exchange(chunks=(b"abc",))).send(REQUEST)
    with pytest.raises(UpstreamError, match="longer than 2 bytes"):
        await response.read(2)


@pytest.mark.parametrize("splitting", SPLITTINGS)
def test_a_split_stream_is_still_the_stream(splitting: str) -> None:
    stream = "data: Grüße\n\ndata: 🗼\r\n\r\ndata: x".encode()
    chunks = split(stream, splitting, by_blank_line)  # type: ignore[arg-type]
    assert b"".join(chunks) == stream
    assert all(chunks)
    assert len(chunks) == {"whole": 1, "events": 3, "bytes": len(stream), "code-points": 4}[splitting]


def test_lines_are_events_where_they_are() -> None:
    assert by_line(b'{"a":1}\n{"b":2}\n') == [b'{"a":1}\n', b'{"b":2}\n']
