"""The shared fixtures do what they say."""

import aiohttp
from aioresponses import aioresponses


async def test_mocked_http_answers_for_an_upstream(mocked_http: aioresponses) -> None:
    mocked_http.post("https://upstream.example/v1/chat/completions", payload={"ok": True}, status=201)
    async with (
        aiohttp.ClientSession() as session,
        session.post("https://upstream.example/v1/chat/completions", json={}) as answer,
    ):
        assert (answer.status, await answer.json()) == (201, {"ok": True})
