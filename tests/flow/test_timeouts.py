"""Timeouts and retries hold where they are said: of the profile, else the route, the model, the provider, the file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, DONE, HANG, SSE_HEAD, answer, event, http, stream, upstream

from lockgate import ChatRequest, user

ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
PLACES = ("file", "provider", "model", "route", "profile")


def said_at(url: str, places: dict[str, Any], what: str) -> dict[str, Any]:
    """Settings that say `what` (`timeouts`, `retry`) at each of these places; the profile `p` goes by the route."""
    config = settings(url)
    provider, route = config["providers"]["up"], config["routes"]["fast"]
    config["profiles"] = {"p": {"model": "fast"}}
    for place, said in places.items():
        match place:
            case "file":
                config[what] = config.get(what, {}) | said
            case "provider":
                provider[what] = said
            case "model":
                provider[f"model_{what}"] = {"m": said}
            case "route":
                route[what] = said
            case _:
                config["profiles"]["p"][what] = said
    return config


async def ask(gw: Served, *, streamed: bool = False) -> Any:
    return await gw.ask(ASK | {"model": "p", "stream": streamed})


async def test_the_nearest_timeout_counts():
    async with upstream() as up:
        config = settings(up.url, timeouts={"attempt": 0.3})
        config["providers"]["up"] |= {"model_timeouts": {"m": {"attempt": 0.2}}}
        config["routes"]["quick"] = {"targets": ["up/m", "up/other"], "timeouts": {"attempt": 0.1}}
        config["profiles"] = {"patient": {"model": "quick", "timeouts": {"attempt": 0.4}}}
        asked = (("up/other", "0.3"), ("up/m", "0.2"), ("fast", "0.2"), ("quick", "0.1"), ("patient", "0.4"))
        async with serving(config) as gw:
            up.say([HANG])
            for model, seconds in asked:
                told = await gw.ask(ASK | {"model": model})
                assert told.status == 504
                assert told.json["error"]["message"].startswith(f"up: no answer within {seconds} s")


@pytest.mark.parametrize("place", PLACES)
async def test_a_whole_answer_has_the_time_of_an_attempt(place):
    async with upstream() as up, serving(said_at(up.url, {place: {"attempt": 0.1}}, "timeouts")) as gw:
        up.say([HANG])
        told = await ask(gw)
    assert (told.status, "no answer within 0.1 s" in told.json["error"]["message"]) == (504, True)


@pytest.mark.parametrize("place", PLACES)
async def test_a_stream_has_a_time_for_its_first_content(place):
    async with upstream() as up, serving(said_at(up.url, {place: {"first_token": 0.1}}, "timeouts")) as gw:
        up.say([SSE_HEAD, b": still thinking\n\n", 0.05, b": still thinking\n\n", HANG])
        told = await ask(gw, streamed=True)
    assert (told.status, "no answer within 0.1 s" in told.json["error"]["message"]) == (504, True)


@pytest.mark.parametrize("place", PLACES)
async def test_a_stream_has_a_time_between_two_pieces_of_content(place):
    async with upstream() as up, serving(said_at(up.url, {place: {"idle": 0.4}}, "timeouts")) as gw:
        up.say([SSE_HEAD, event({"content": "one"}), 0.05, event({"content": "two"}), 0.05, b": ping\n\n", HANG])
        told = await ask(gw, streamed=True)
    assert "two" in told.events[1]
    assert "the stream sent nothing for 0.4 s" in told.events[-1]


async def test_a_stream_that_has_finished_is_whole_although_its_connection_stays_open():
    async with upstream() as up, serving(said_at(up.url, {"file": {"idle": 0.3}}, "timeouts")) as gw:
        for done in ([DONE], []):
            up.say([SSE_HEAD, event({"content": "one"}), event({}, "stop"), *done, HANG])
            told = await ask(gw, streamed=True)
            assert told.events[-1] == "[DONE]"
            assert "error" not in told.body.decode()


@pytest.mark.parametrize("place", PLACES)
async def test_a_call_has_a_time_for_all_of_it(place):
    more = [piece for _ in range(60) for piece in (event({"content": "on"}), 0.03)]
    async with upstream() as up, serving(said_at(up.url, {place: {"total": 0.6}}, "timeouts")) as gw:
        up.say([SSE_HEAD, *more, event({}, "stop"), DONE, CLOSE])
        told = await ask(gw, streamed=True)
    assert "the stream took longer than the call may" in told.events[-1]


@asynccontextmanager
async def deaf() -> AsyncIterator[str]:
    """It takes connections, and never says a word of TLS."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


@pytest.mark.parametrize("client", ["lean", "aiohttp"])
@pytest.mark.parametrize("place", PLACES)
async def test_a_connection_has_a_time_to_stand(place, client):
    async with deaf() as url:
        config = said_at(url, {"file": {"connect": 30}} | {place: {"connect": 0.1}}, "timeouts")
        async with serving(config | {"http_client": client}) as gw:
            async with asyncio.timeout(5):
                told = await ask(gw)
    assert told.status == 504
    assert "does not take the connection in time" in told.json["error"]["message"]


@pytest.mark.parametrize("place", PLACES)
async def test_the_most_special_part_says_how_often_a_call_is_tried(place):
    general = PLACES[: PLACES.index(place)]
    said = {each: {"max_attempts": 5, "base_delay": 0} for each in general} | {place: {"max_attempts": 2}}
    async with upstream() as up, serving(said_at(up.url, said, "retry")) as gw:
        up.say([http(b"{}", 500)])
        assert (await ask(gw)).status == 502
        assert len(up.seen) == 2


async def test_a_profile_says_what_becomes_of_a_stream_that_fails():
    config = said_at("", {}, "timeouts")
    config["routes"]["fast"] |= {"targets": ["up/m", "up/other"], "stream": {"hold_tokens": 2}}
    config["profiles"]["p"]["stream"] = {"policy": "restart"}
    cut = [SSE_HEAD, *(event({"content": word}) for word in "abcde"), CLOSE]
    async with upstream() as up:
        config["providers"]["up"]["base_url"] = up.url
        async with serving(config) as gw:
            up.say(cut, stream("all", "of", "it"))
            told = await ask(gw, streamed=True)
            assert '"a"' not in told.body.decode()
            assert '"it"' in told.body.decode()
            up.say(cut, stream("never"))
            told = await gw.ask(ASK | {"model": "fast", "stream": True})
            assert "error" in told.events[-1]


async def test_it_is_explained_what_holds_and_who_says_so():
    config = said_at("http://127.0.0.1:1/v1", {"file": {"idle": 7}, "provider": {"idle": 6, "connect": 1}}, "timeouts")
    config["routes"]["fast"]["timeouts"] = {"first_token": 3}
    config["profiles"]["p"] |= {"timeouts": {"idle": 2}, "retry": {"max_attempts": 1}, "stream": {"policy": "restart"}}
    async with serving(config) as gw:
        told = gw.gateway.explain(ChatRequest(model="p", messages=(user("hi"),)))
        plain = gw.gateway.explain(ChatRequest(model="up/other", messages=(user("hi"),)))
    (target,) = told.targets
    times = target.timeouts
    assert (times.connect, times.attempt, times.first_token, times.idle, times.total) == (1, 300, 3, 2, 900)
    assert (target.retry.max_attempts, target.retry.base_delay, told.stream.after_commit) == (1, 0.01, "restart")
    assert {
        name: target.said_by[name] for name in ("timeouts.connect", "timeouts.attempt", "timeouts.first_token")
    } == {
        "timeouts.connect": "providers.up.timeouts",
        "timeouts.attempt": "default",
        "timeouts.first_token": "routes.fast.timeouts",
    }
    assert target.said_by["timeouts.idle"] == "profiles.p.timeouts"
    assert target.said_by["retry.max_attempts"] == "profiles.p.retry"
    assert target.said_by["retry.base_delay"] == "retry"
    assert target.said_by["stream"] == "profiles.p.stream"
    (other,) = plain.targets
    assert (other.timeouts.idle, other.said_by["timeouts.idle"]) == (6, "providers.up.timeouts")
    assert other.said_by["stream"] == "default"


async def test_a_good_answer_needs_none_of_it():
    async with upstream() as up, serving(said_at(up.url, {"profile": {"connect": 5, "attempt": 5}}, "timeouts")) as gw:
        up.say([answer()])
        assert (await ask(gw)).status == 200
