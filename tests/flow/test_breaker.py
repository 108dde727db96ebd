"""Outages, from client to upstream and back: what is wasted, what is told, and how it ends."""

import asyncio
import json

import pytest
from gateway import serving, settings
from upstream import HANG, answer, http, upstream

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
DOWN = [http(json.dumps({"error": {"message": "down"}}).encode(), 503)]


async def crowd(gw, count: int, at_once: int) -> list:
    turn = asyncio.Semaphore(at_once)

    async def one():
        async with turn:
            return await gw.ask(ASK)

    return await asyncio.gather(*(one() for _ in range(count)))


async def test_a_dead_primary_wastes_few_attempts_and_serves_again_once_it_has_healed():
    async with upstream() as primary, upstream() as spare:
        config = settings(primary.url, breaker={"open_for": 0.2, "max_open_for": 0.2})
        config["providers"]["spare"] = {**config["providers"]["up"], "base_url": spare.url}
        config["routes"]["fast"]["targets"].append("spare/m")
        async with serving(config) as gw:
            primary.say(DOWN)
            spare.say([answer()])
            assert {told.status for told in await crowd(gw, 40, 4)} == {200}
            assert len(primary.seen) <= 15
            primary.say([answer()])
            await asyncio.sleep(0.3)
            told = await gw.ask(ASK)
            assert told.headers["x-lockgate-target"] == "up/m"


async def test_an_outage_of_the_only_target_is_not_amplified_and_told_with_a_time_to_come_back():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(DOWN)
        told = await crowd(gw, 60, 6)
        assert {each.status for each in told} == {503}
        assert len(up.seen) <= 1.5 * 60
        last = told[-1]
        assert last.json["error"]["code"] == "upstream_overloaded"
        assert int(last.headers["retry-after"]) >= 1
        assert "failed too often just now" in last.json["error"]["message"]


async def test_calls_that_are_left_open_no_breaker():
    async with upstream() as up, serving(settings(up.url, breaker={"failures": 2})) as gw:
        up.say([HANG])
        for number in range(5):
            call = asyncio.create_task(gw.ask(ASK))
            while len(up.seen) <= number:
                await asyncio.sleep(0.01)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await asyncio.wait_for(up.seen[number].left.wait(), 2)
        up.say([answer()])
        assert (await gw.ask(ASK)).status == 200


async def test_a_clients_timeout_ends_the_call_in_time():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([HANG])
        told = await gw.ask(ASK, headers={"x-request-timeout": "0.2"})
        assert (told.status, told.json["error"]["code"]) == (504, "upstream_timeout")
        told = await gw.ask(ASK, headers={"x-stainless-read-timeout": "0.2"})
        assert told.status == 504


@pytest.mark.parametrize("written", ["soon", "0", "-1", "nan", ""])
async def test_a_timeout_that_makes_no_sense_is_refused_with_the_name_of_its_header(written):
    async with upstream() as up, serving(settings(up.url)) as gw:
        told = await gw.ask(ASK, headers={"x-request-timeout": written})
        assert told.status == 400
        assert told.json["error"]["param"] == "x-request-timeout"
        assert told.headers["x-should-retry"] == "false"
        assert up.seen == []


async def test_what_an_sdk_says_of_itself_is_never_refused():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        for written in ("NOT_GIVEN", "None", "inf", "600"):
            assert (await gw.ask(ASK, headers={"x-stainless-read-timeout": written})).status == 200


async def test_a_health_check_brings_a_dead_target_back_without_a_clients_call():
    async with upstream() as up:
        config = settings(up.url, breaker={"failures": 1, "open_for": 60, "max_open_for": 60})
        config["providers"]["up"]["health_check"] = {"interval": 0.05}
        async with serving(config) as gw:
            up.say([http(b"{}", 503)])
            assert (await gw.ask(ASK)).status == 503
            assert "failed too often just now" in (await gw.ask(ASK)).json["error"]["message"]
            up.say([answer()])
            async with asyncio.timeout(10):
                while (await gw.ask(ASK)).status != 200:
                    await asyncio.sleep(0.02)
            shown = (await gw.get("/metrics")).body.decode()
    assert 'lockgate_breaker_opened_total{gen_ai_provider_name="up",lockgate_detail="m"} 1.0' in shown
    assert 'lockgate_breaker_closed_total{gen_ai_provider_name="up",lockgate_detail="m"} 1.0' in shown


async def test_nobody_is_checked_who_does_not_ask_for_it():
    async with upstream() as up, serving(settings(up.url)):
        await asyncio.sleep(0.1)
        assert up.seen == []


async def test_a_call_that_nobody_answered_lists_what_was_tried():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(b"{}", 503)])
        told = await gw.ask(ASK)
        assert told.headers["x-lockgate-tried"] == "up/m upstream_overloaded x3"
