"""Bodies that come compressed, and requests that come from web pages."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from gateway import serving, settings
from upstream import answer, upstream

ASK = b'{"model":"fast","messages":[{"role":"user","content":"hi"}]}'
PACKED = {
    "gzip": gzip.compress(ASK),
    "deflate": zlib.compress(ASK),
    "br": brotli.compress(ASK),
    "zstd": zstandard.compress(ASK),
    "br, gzip": gzip.compress(brotli.compress(ASK)),
    "identity": ASK,
}
PAGE = {"origin": "https://app.example"}


@pytest.mark.parametrize("coding", PACKED)
async def test_a_compressed_body_reaches_the_upstream_unpacked(coding: str):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        told = await gw.ask(PACKED[coding], headers={"content-encoding": coding})
        assert told.status == 200
        assert up.seen[0].body == ASK.replace(b'"fast"', b'"m"')
        assert "content-encoding" not in up.seen[0].headers


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_is_cut_or_not_in_its_coding_is_refused(coding: str):
    async with upstream() as up, serving(settings(up.url)) as gw:
        for body in (PACKED[coding][:-3], ASK, b""):
            told = await gw.ask(body, headers={"content-encoding": coding})
            assert told.status == 400
            assert "content-encoding" in told.json["error"]["message"]
        assert up.seen == []


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.compress)]
)
async def test_a_bomb_is_refused_when_it_passes_the_bound(coding: str, pack):
    async with upstream() as up, serving(settings(up.url, server={"max_body_bytes": 1_000_000})) as gw:
        told = await gw.ask(pack(b" " * 50_000_000), headers={"content-encoding": coding})
        assert told.status == 413
        assert up.seen == []


async def test_pages_of_named_origins_may_call_and_others_may_not():
    config = settings("http://127.0.0.1:9/v1", server={"cors_origins": ["https://app.example"]})
    async with serving(config) as gw:
        asked = {**PAGE, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-a"}
        async with gw.client.options(gw.url + "/v1/chat/completions", headers=asked) as told:
            assert told.status == 204
            assert told.headers["access-control-allow-origin"] == "https://app.example"
            assert told.headers["access-control-allow-headers"] == "authorization,x-a"
        told = await gw.get("/v1/models", headers=PAGE)
        assert told.headers["access-control-allow-origin"] == "https://app.example"
        assert "x-request-id" in told.headers["access-control-expose-headers"]
        told = await gw.get("/v1/models", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in told.headers


async def test_without_the_setting_no_page_may_call():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw:
        assert "access-control-allow-origin" not in (await gw.get("/v1/models", headers=PAGE)).headers


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "Bearer sk-client"}, ""),
        ({"x-api-key": "sk-client"}, ""),
        ({"api-key": "sk-client"}, ""),
        ({"x-goog-api-key": "sk-client"}, ""),
        ({}, "?key=sk-client"),
    ],
)
async def test_a_client_may_show_its_key_wherever_its_sdk_puts_it(headers: dict[str, str], query: str):
    config = settings("http://127.0.0.1:9/v1", server={"client_credential_refs": ["env:CLIENT_KEY"]})
    async with serving(config) as gw:
        assert (await gw.get(f"/v1/models{query}", headers=headers)).status == 200
        assert (await gw.get("/v1/models")).status == 401
