"""What every HttpPort adapter promises, against an upstream on raw sockets."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Awaitable, Callable

import pytest
import trustme
import uvloop
from msgspec import structs
from upstream import CLOSE, HANG, RESET, Upstream, http, upstream

from lockgate.adapters.aiohttp_client import AiohttpClient
from lockgate.adapters.allow_list import AllowList, AllowListSettings
from lockgate.adapters.lean_client import LeanClient
from lockgate.adapters.via import Via
from lockgate_ports.egress import Allowance
from lockgate_ports.errors import EgressDenied, UpstreamError
from lockgate_ports.handing import hand
from lockgate_ports.http import HttpPort, HttpRequest, Origin, Spliced

LOOPBACK = ("127.0.0.0/8", "::1/128")
Make = Callable[..., HttpPort]
TRAILED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
IN_PIECES = Spliced((b'{"a":"', memoryview(b"x" * 3_000_000), b'"}'))


@pytest.fixture(params=[LeanClient, AiohttpClient])
def make(request: pytest.FixtureRequest) -> Make:
    def made(*origins: Origin, private: tuple[str, ...] = LOOPBACK) -> HttpPort:
        return request.param("up", AllowList((allowance(*origins, private=private),), AllowListSettings()), 1.0)

    return made


def allowance(*origins: Origin, private: tuple[str, ...] = LOOPBACK) -> Allowance:
    return Allowance(provider_id="up", origins=origins, private_addresses=private)


def origin(up: Upstream) -> Origin:
    return Origin("http", "127.0.0.1", up.port)


def ask(up: Upstream, **more) -> HttpRequest:
    return HttpRequest("POST", origin(up), "/v1/x?y=%20z", (("x-a", "b"),), b'{"a":1}', **more)


async def test_a_request_arrives_as_it_was_written_and_the_answer_as_it_was_sent(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"hello", 201, extra="X-B: c\r\n")])
        response = await client.send(ask(up))
        assert (response.status, response.headers["x-b"]) == (201, "c")
        assert await response.read(100) == b"hello"
        (seen,) = up.seen
        assert (seen.method, seen.path, seen.body, seen.headers["x-a"]) == ("POST", "/v1/x?y=%20z", b'{"a":1}', "b")
        assert seen.headers["accept-encoding"] == "identity"
        assert seen.headers["user-agent"] == "lockgate"
        await client.aclose()


async def test_a_body_in_pieces_arrives_whole(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"hello")])
        response = await client.send(structs.replace(ask(up), body=IN_PIECES))
        assert await response.read(100) == b"hello"
        assert up.seen[0].body == bytes(IN_PIECES)
        await client.aclose()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_body_in_pieces_arrives_whole_over_tls(loop: Callable[[], asyncio.AbstractEventLoop]):
    async def main() -> None:
        authority, serves = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(serves)
        trusts = ssl.create_default_context()
        authority.configure_trust(trusts)
        async with upstream(serves) as up:
            up.say([http(b"hello")])
            there = Origin("https", "127.0.0.1", up.port)
            policy = AllowList((allowance(there),), AllowListSettings())
            client = LeanClient("up", policy, 5.0, Via(tls=trusts))
            response = await client.send(HttpRequest("POST", there, "/", body=IN_PIECES))
            assert await response.read(100) == b"hello"
            assert up.seen[0].body == bytes(IN_PIECES)
            await client.aclose()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


async def test_a_connection_is_used_again_after_a_whole_read_and_dropped_after_a_partial_one(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"hello")])
        for _ in range(3):
            response = await client.send(ask(up))
            assert await response.read(100) == b"hello"
            response.abort()
        assert up.connections == 1
        up.say([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", HANG], [http(b"hello")])
        (await client.send(ask(up))).abort()
        async with asyncio.timeout(1):
            await up.seen[-1].left.wait()
        await (await client.send(ask(up))).read(100)
        assert up.connections == 2
        await client.aclose()


@pytest.mark.parametrize(
    "script",
    [
        [RESET],
        [CLOSE],
        [b"not http\r\n\r\n", CLOSE],
        [b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", CLOSE],
        [http(b"hello", extra="x: " + "y" * 1_000_000 + "\r\n")],
        [http(b"hello", extra="".join(f"x-{n}: y\r\n" for n in range(500)))],
    ],
)
async def test_no_answer_in_http_is_a_transient_fault(make: Make, script):
    async with upstream() as up:
        client = make(origin(up))
        up.say(script)
        with pytest.raises(UpstreamError) as caught:
            await (await client.send(ask(up))).read(10_000_000)
        assert (caught.value.kind, caught.value.sent) == ("transient", True)
        await client.aclose()


@pytest.mark.parametrize(
    "script",
    [
        [b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello", CLOSE],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello", 0.05, RESET],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", CLOSE],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", CLOSE],
        [TRAILED, b"".join(b"x-%d: y\r\n" % n for n in range(20_000)), b"\r\n"],
        [http(b"hello", extra="content-encoding: gzip\r\n")],
    ],
)
async def test_an_answer_that_is_cut_or_corrupt_raises_and_its_connection_is_not_used_again(make: Make, script):
    async with upstream() as up:
        client = make(origin(up))
        up.say(script, [http(b"next")])
        with pytest.raises(UpstreamError) as caught:
            await (await client.send(ask(up))).read(1000)
        assert caught.value.kind == "transient"
        assert await (await client.send(ask(up))).read(100) == b"next"
        await client.aclose()


async def test_a_packed_answer_that_is_cut_raises():
    """Of the lean client alone: aiohttp takes a gzip stream without its end for whole."""
    async with upstream() as up:
        client = LeanClient("up", AllowList((allowance(origin(up)),), AllowListSettings()), 1.0)
        up.say([http(gzip.compress(b"hello" * 100)[:-4], extra="content-encoding: gzip\r\n")])
        with pytest.raises(UpstreamError, match="cut short"):
            await (await client.send(ask(up))).read(1000)
        await client.aclose()


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_answer_is_unpacked_and_no_further_than_the_limit(make: Make, coding: str, pack):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(pack(b"hello" * 1000), extra=f"content-encoding: {coding}\r\n")])
        assert await (await client.send(ask(up))).read(5000) == b"hello" * 1000
        with pytest.raises(UpstreamError, match="longer than 4999 bytes"):
            await (await client.send(ask(up))).read(4999)
        await client.aclose()


async def test_an_answer_without_a_length_ends_where_the_connection_does(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([b"HTTP/1.1 200 OK\r\n\r\nhel", 0.02, b"lo", CLOSE])
        response = await client.send(ask(up))
        assert b"".join([chunk async for chunk in response.chunks()]) == b"hello"
        await client.aclose()


async def test_bytes_left_over_never_answer_the_next_request(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"hello") + http(b"evil")], [http(b"next")])
        assert await (await client.send(ask(up))).read(100) == b"hello"
        await asyncio.sleep(0.02)
        assert await (await client.send(ask(up))).read(100) == b"next"
        await client.aclose()


async def test_interim_answers_are_passed_over(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + http(b"hello")])
        response = await client.send(ask(up))
        assert (response.status, await response.read(100)) == (200, b"hello")
        await client.aclose()


async def test_what_trails_a_body_is_no_part_of_the_next_head():
    """Of the lean client alone, which reads the next head where the last body ended."""
    async with upstream() as up:
        client = LeanClient("up", AllowList((allowance(origin(up)),), AllowListSettings()), 1.0)
        up.say([TRAILED + b"x-late: yes\r\n\r\n"], [http(b"next")])
        assert await (await client.send(ask(up))).read(100) == b"hello"
        response = await client.send(ask(up))
        assert (await response.read(100), "x-late" in response.headers) == (b"next", False)
        assert up.connections == 1
        await client.aclose()


async def test_a_redirect_is_an_answer_and_cookies_are_forgotten(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"", 302, extra="location: http://127.0.0.1:1/\r\nset-cookie: a=b\r\n")])
        response = await client.send(ask(up))
        assert response.status == 302
        await response.read(10)
        await (await client.send(ask(up))).read(10)
        assert "cookie" not in up.seen[1].headers
        await client.aclose()


async def test_leaving_while_waiting_hangs_up(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([HANG])
        asking = asyncio.create_task(client.send(ask(up)))
        while not up.seen:
            await asyncio.sleep(0.005)
        asking.cancel()
        async with asyncio.timeout(0.1):
            await up.seen[0].left.wait()
        await client.aclose()


async def test_a_reader_that_stops_reading_holds_the_upstream_back(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1_000_000] * 100, CLOSE])
        response = await client.send(ask(up))
        chunks = aiter(response.chunks())
        await anext(chunks)
        await asyncio.sleep(0.3)
        assert not up.seen[0].left.is_set()
        size = sum([len(chunk) async for chunk in chunks])
        assert size > 90_000_000
        await client.aclose()


async def test_what_is_handed_on_is_held_back_while_the_last_piece_is_being_taken(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1_000_000] * 100, CLOSE])
        response = await client.send(ask(up))
        free = asyncio.Event()
        sizes: list[int] = []

        def take(data: bytes) -> Awaitable[object] | None:
            sizes.append(len(data))
            return None if len(sizes) == 1 else free.wait()

        handing = asyncio.create_task(hand(aiter(response.chunks()), take))
        await asyncio.sleep(0.3)
        assert len(sizes) == 2
        assert not up.seen[0].left.is_set()
        free.set()
        await handing
        assert sum(sizes) == 100_000_000
        await client.aclose()


async def test_what_a_taker_raises_where_a_piece_arrives_comes_out_at_who_handed_it_on(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([b"HTTP/1.1 200 OK\r\n\r\n", b"a", 0.05, b"b", 0.05, HANG])
        response = await client.send(ask(up))

        def take(data: bytes) -> None:
            if data == b"b":
                raise ValueError("no b")

        with pytest.raises(ValueError, match="no b"):
            await asyncio.wait_for(hand(aiter(response.chunks()), take), 5)
        response.abort()
        await client.aclose()


async def test_the_lean_client_forgets_connections_that_are_gone():
    async with upstream() as up:
        client = LeanClient("up", AllowList((allowance(origin(up)),), AllowListSettings()), 1.0)
        up.say([b"HTTP/1.1 200 OK\r\n\r\nhello", CLOSE])
        for _ in range(20):
            assert await (await client.send(ask(up))).read(100) == b"hello"
        await asyncio.sleep(0.01)
        assert not client._open
        await client.aclose()


async def test_the_lean_client_holds_no_connection_open_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lockgate.adapters.lean_client._IDLE_LIMIT", 0.02)
    async with upstream() as up:
        client = LeanClient("up", AllowList((allowance(origin(up)),), AllowListSettings()), 1.0)
        up.say([http(b"hello")])
        await (await client.send(ask(up))).read(100)
        assert client._open
        async with asyncio.timeout(10):
            while client._open:
                await asyncio.sleep(0.01)
        await client.aclose()


async def test_nobody_there_is_told_as_never_sent(make: Make):
    nowhere = Origin("http", "127.0.0.1", 9)
    client = make(nowhere)
    with pytest.raises(UpstreamError, match="refuses the connection") as caught:
        await client.send(HttpRequest("GET", nowhere, "/"))
    assert (caught.value.kind, caught.value.sent) == ("transient", False)
    await client.aclose()


async def test_an_origin_that_is_not_allowed_is_not_asked(make: Make):
    async with upstream() as up:
        client = make(Origin("http", "127.0.0.1", up.port + 1))
        with pytest.raises(EgressDenied):
            await client.send(ask(up))
        assert up.connections == 0
        await client.aclose()


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
async def test_a_loopback_address_in_disguise_is_not_connected_to(make: Make, host: str):
    async with upstream() as up:
        there = Origin("http", host, up.port)
        client = make(there, private=())
        with pytest.raises((EgressDenied, UpstreamError)) as caught:
            await client.send(HttpRequest("GET", there, "/"))
        assert isinstance(caught.value, EgressDenied) or not caught.value.sent
        assert up.connections == 0
        await client.aclose()


@pytest.mark.parametrize("host", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
async def test_a_metadata_address_is_denied_even_as_a_base_url(make: Make, host: str):
    there = Origin("http", host, 80)
    client = make(there, private=())
    with pytest.raises(EgressDenied):
        await client.send(HttpRequest("GET", there, "/"))
    await client.aclose()


async def test_an_error_without_a_date_is_given_that_of_its_arrival(make: Make):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"", 429)])
        response = await client.send(ask(up))
        assert response.headers["date"].endswith("GMT")
        await response.read(10)
        await client.aclose()


@pytest.mark.parametrize("broken", ["a\r\nx-evil: 1", "a\nb"])
async def test_a_header_cannot_be_made_into_two(make: Make, broken: str):
    async with upstream() as up:
        client = make(origin(up))
        up.say([http(b"")])
        with pytest.raises(UpstreamError):
            await client.send(HttpRequest("GET", origin(up), "/", (("x-a", broken),)))
        assert all("x-evil" not in seen.headers for seen in up.seen)
        await client.aclose()


@pytest.mark.parametrize("target", ["/a b", "/a\r\nx-evil: 1", "/\u00e9", f"/{'a' * 2000} b"])
async def test_a_target_cannot_be_made_into_more(target: str):
    """Of the lean client alone: aiohttp writes such a target as a URL has it."""
    async with upstream() as up:
        client = LeanClient("up", AllowList((allowance(origin(up)),), AllowListSettings()), 1.0)
        up.say([http(b"")])
        with pytest.raises(UpstreamError, match="what HTTP cannot say") as caught:
            await client.send(HttpRequest("GET", origin(up), target))
        assert (caught.value.sent, up.seen) == (False, [])
        response = await client.send(HttpRequest("GET", origin(up), "/" + "a" * 2000))
        assert (await response.read(10), up.seen[0].path) == (b"", "/" + "a" * 2000)
        await client.aclose()


async def test_a_certificate_that_nobody_vouches_for_is_fatal(make: Make):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    there = Origin("https", "127.0.0.1", server.sockets[0].getsockname()[1])
    client = make(there)
    with pytest.raises(UpstreamError, match="certificate") as caught:
        await client.send(HttpRequest("GET", there, "/"))
    assert (caught.value.kind, caught.value.sent) == ("fatal", False)
    server.close()
    await client.aclose()
