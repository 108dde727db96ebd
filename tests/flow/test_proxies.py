"""Forward proxies and private certificate authorities, in front of both clients."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from forward_proxy import forward_proxy
from gateway import serving, settings
from upstream import Upstream, answer, http, upstream

from lockgate.adapters.aiohttp_client import AiohttpClient
from lockgate.adapters.allow_list import AllowList
from lockgate.adapters.lean_client import LeanClient
from lockgate.adapters.via import Via, trusting
from lockgate_ports.egress import Allowance
from lockgate_ports.errors import EgressDenied, SettingsError, UpstreamError
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.secret import Secret

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
FAR = Origin("http", "llm.example", 80)
FAR_TLS = Origin("https", "llm.example", 443)


@pytest.fixture(params=[LeanClient, AiohttpClient])
def client_class(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def client(client_class: Any, proxy_port: int, *origins: Origin, named: bool = True, **via: Any) -> Any:
    proxy = Origin("http", "127.0.0.1", proxy_port)
    policy = AllowList([Allowance(provider_id="up", origins=origins, proxies=(proxy,) if named else ())])
    return client_class("up", policy, 2.0, Via(proxy, **via))


@asynccontextmanager
async def tls_upstream(ca: trustme.CA, host: str) -> AsyncIterator[Upstream]:
    up = Upstream()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(host).configure_cert(context)
    server = await asyncio.start_server(up._serve, "127.0.0.1", 0, ssl=context)
    up.port = server.sockets[0].getsockname()[1]
    try:
        yield up
    finally:
        server.close()


async def test_a_request_goes_through_the_proxy_and_its_name_is_not_resolved_here(client_class: Any) -> None:
    async with upstream() as up, forward_proxy() as proxy:
        up.say([http(b"hello")])
        proxy.ways["llm.example:80"] = proxy.ways["llm.example"] = up.port
        asking = client(client_class, proxy.port, FAR)
        for _ in range(2):
            response = await asking.send(HttpRequest("POST", FAR, "/v1/x?y=1", (("x-a", "b"),), b"body"))
            assert await response.read(100) == b"hello"
        assert [
            (seen.path.removeprefix("http://llm.example"), seen.body, seen.headers["host"]) for seen in up.seen
        ] == [("/v1/x?y=1", b"body", "llm.example")] * 2
        assert len(proxy.asked) == 1, "the tunnel is kept for the next request"
        await asking.aclose()


async def test_tls_goes_through_it_end_to_end_and_a_private_authority_is_trusted(
    client_class: Any, tmp_path: Path
) -> None:
    ca = trustme.CA()
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    async with tls_upstream(ca, "llm.example") as up, forward_proxy() as proxy:
        up.say([http(b"hello")])
        proxy.ways["llm.example:443"] = up.port
        asking = client(client_class, proxy.port, FAR_TLS, tls=trusting(str(file)))
        response = await asking.send(HttpRequest("GET", FAR_TLS, "/v1", (("authorization", "Bearer canary"),)))
        assert await response.read(100) == b"hello"
        assert (proxy.asked, proxy.shown) == (["llm.example:443"], [None])
        await asking.aclose()
        untrusting = client(client_class, proxy.port, FAR_TLS)
        with pytest.raises(UpstreamError, match="certificate") as caught:
            await untrusting.send(HttpRequest("GET", FAR_TLS, "/v1"))
        assert not caught.value.sent
        await untrusting.aclose()


async def test_a_certificate_for_another_host_is_not_trusted(client_class: Any, tmp_path: Path) -> None:
    ca = trustme.CA()
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    async with tls_upstream(ca, "other.example") as up, forward_proxy() as proxy:
        proxy.ways["llm.example:443"] = up.port
        asking = client(client_class, proxy.port, FAR_TLS, tls=trusting(str(file)))
        with pytest.raises(UpstreamError, match="certificate"):
            await asking.send(HttpRequest("GET", FAR_TLS, "/v1"))
        await asking.aclose()


async def test_the_proxy_is_shown_its_credential_and_the_provider_is_not(client_class: Any) -> None:
    async def credential() -> Secret:
        return Secret("user:pass", "env:PROXY")

    async with upstream() as up, forward_proxy() as proxy:
        up.say([http(b"hello")])
        proxy.ways["llm.example:80"] = proxy.ways["llm.example"] = up.port
        asking = client(client_class, proxy.port, FAR, credential=credential)
        await (await asking.send(HttpRequest("GET", FAR, "/"))).read(100)
        assert proxy.shown == ["Basic dXNlcjpwYXNz"]
        await asking.aclose()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (b"407 Proxy Authentication Required", "fatal", "credentials"),
        (b"403 Forbidden", "fatal", "does not allow"),
        (b"503 Service Unavailable", "transient", "503"),
    ],
)
async def test_a_refusal_of_the_proxy_is_no_answer_of_the_provider(
    client_class: Any, status: bytes, kind: str, words: str
) -> None:
    async with forward_proxy() as proxy:
        proxy.status = status
        asking = client(client_class, proxy.port, FAR_TLS)
        with pytest.raises(UpstreamError, match=words) as caught:
            await asking.send(HttpRequest("GET", FAR_TLS, "/"))
        assert (caught.value.kind, caught.value.sent) == (kind, False)
        await asking.aclose()


async def test_a_proxy_that_is_not_named_is_not_asked(client_class: Any) -> None:
    async with forward_proxy() as proxy:
        asking = client(client_class, proxy.port, FAR, named=False)
        with pytest.raises(EgressDenied, match="no proxy of up"):
            await asking.send(HttpRequest("GET", FAR, "/"))
        assert proxy.asked == []
        await asking.aclose()


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "::ffff:169.254.169.254", "2852039166", "0xa9.254.43518", "0x7f.1"]
)
async def test_an_address_in_any_form_is_judged_before_the_proxy_is_asked_for_it(client_class: Any, host: str) -> None:
    async with forward_proxy() as proxy:
        there = Origin("http", host, 80)
        asking = client(client_class, proxy.port, there)
        with pytest.raises(EgressDenied, match="address"):
            await asking.send(HttpRequest("GET", there, "/"))
        assert proxy.asked == []
        await asking.aclose()


async def test_no_proxy_at_all_is_a_fault_that_heals(client_class: Any, free_port: int) -> None:
    asking = client(client_class, free_port, FAR)
    with pytest.raises(UpstreamError, match="refuses the connection") as caught:
        await asking.send(HttpRequest("GET", FAR, "/"))
    assert (caught.value.kind, caught.value.sent) == ("transient", False)
    await asking.aclose()


@pytest.mark.parametrize("http_client", ["lean", "aiohttp"])
async def test_a_gateway_behind_a_proxy(http_client: str) -> None:
    async with upstream() as up, forward_proxy() as proxy:
        up.say([answer()])
        proxy.ways["llm.corp.example:8000"] = up.port
        config = settings("http://llm.corp.example:8000/v1", http_client=http_client)
        config["providers"]["near"] = {"kind": "openai-compatible", "base_url": up.url, "proxy": "direct"}
        config["proxy"] = {"url": f"http://127.0.0.1:{proxy.port}", "credential_ref": "env:PROXY"}
        async with serving(config, env={"PROXY": "user:pass"}) as gw:
            assert (await gw.ask(ASK)).status == 200
            assert proxy.shown == ["Basic dXNlcjpwYXNz"]
            assert (await gw.ask({**ASK, "model": "near/m"})).status == 200
            assert len(proxy.asked) == 1


async def test_a_certificate_file_that_cannot_be_used_is_told_when_the_gateway_opens(tmp_path: Path) -> None:
    config = settings("https://llm.example/v1")
    config["providers"]["up"]["ca_file"] = str(tmp_path / "none.pem")
    with pytest.raises(SettingsError, match=r"providers.up.ca_file: .*none.pem"):
        async with serving(config):
            pass


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ({"url": "https://proxy:3128"}, "http://host:port"),
        ({"url": "http://user:pass@proxy:3128"}, "user name"),
        ({"url": "http://proxy:3128", "credential_ref": "proxy-password"}, "not be the key"),
    ],
)
async def test_a_proxy_that_cannot_be_is_a_fault_of_the_settings(proxy: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        async with serving(settings("https://llm.example/v1", proxy=proxy)):
            pass
