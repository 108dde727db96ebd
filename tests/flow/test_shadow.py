"""Shadow traffic, from client bytes to provider bytes: who gets a copy, and what is told of it."""

import asyncio

import pytest
from gateway import serving, settings
from upstream import answer, http, stream, upstream

from lockgate import ChatRequest, open_gateway, user
from lockgate_ports.errors import SettingsError

ASK = {"model": "r", "messages": [{"role": "user", "content": "hi"}], "a_new_field": 1}
KEYED = {"server": {"admin_credential_refs": ["env:CLIENT_KEY"]}}
KEY = {"authorization": "Bearer sk-client"}


def routes(share: float = 1.0, **more) -> dict:
    return {"r": {"targets": ["up/old"], "shadow": {"targets": ["up/new"], "share": share, **more}}}


async def reports(served, compared: int) -> list[dict]:
    for _ in range(200):
        told = (await served.get("/admin/shadows", headers=KEY)).json
        if told and told[0]["compared"] == compared:
            return told
        await asyncio.sleep(0.01)
    raise AssertionError(told)


async def test_a_copy_goes_to_the_shadow_and_the_client_hears_nothing_of_it() -> None:
    async with upstream() as up, serving(settings(up.url, routes=routes(), **KEYED)) as served:
        up.say(lambda seen: [http(b"{}", 500)] if seen.json["model"] == "new" else [answer("hello")])
        told = await served.ask(ASK, headers=KEY)
        assert (told.status, told.headers["x-lockgate-target"]) == (200, "up/old")
        (report,) = await reports(served, 1)
        assert (report["route"], report["target"], report["differ"]) == ("r", "up/new", {"status": 1})
        copies = [seen for seen in up.seen if seen.json["model"] == "new"]
        assert len(copies) == 1, "a copy is tried once"
        assert copies[0].json["a_new_field"] == 1
        metrics = (await served.get("/metrics", headers=KEY)).body.decode()
        assert 'lockgate_surface="shadow"' in metrics
        assert 'lockgate_detail="r: status"' in metrics


async def test_a_stream_is_compared_with_the_copy_of_it() -> None:
    async with upstream() as up, serving(settings(up.url, routes=routes(), **KEYED)) as served:
        up.say(lambda seen: stream("hel", "lo", finish="length" if seen.json["model"] == "new" else "stop"))
        told = await served.ask({**ASK, "stream": True}, headers=KEY)
        assert told.events[-1] == "[DONE]"
        (report,) = await reports(served, 1)
        assert (report["differ"], report["copies"]["characters"]) == ({"finish_reason": 1}, 5)


async def test_who_gets_a_copy_is_explained() -> None:
    async with upstream() as up, serving(settings(up.url, routes=routes())) as served:
        told = served.gateway.explain(ChatRequest(model="r", messages=(user("hi"),)))
        assert told.shadow == ("up/new",)


@pytest.mark.parametrize(
    ("shadow", "said"),
    [
        ({"targets": ["upp/m"], "share": 0.1}, 'routes.r.shadow.targets[0]: there is no provider "upp"'),
        ({"targets": ["up/m"], "share": 1.5}, "routes.r.shadow.share"),
        ({"targets": ["up/m"]}, "share is missing"),
        ({"targets": [], "share": 0.1}, "routes.r.shadow.targets"),
        ({"targets": ["up/{name}"], "share": 0.1}, "{name} stands for nothing"),
    ],
)
async def test_a_shadow_that_cannot_be_is_refused(shadow: dict, said: str) -> None:
    wrong = settings("http://127.0.0.1:1/v1", routes={"r": {"targets": ["up/old"], "shadow": shadow}})
    with pytest.raises(SettingsError) as caught:
        async with open_gateway(wrong, env={"UP_KEY": "x"}):
            pass
    assert said in caught.value.message
