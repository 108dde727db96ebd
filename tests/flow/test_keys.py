"""Several keys of one provider, from client to upstream and back."""

import asyncio
import json
from collections import Counter

import pytest
from gateway import serving, settings
from upstream import HANG, Seen, answer, http, upstream

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
ENV = {"K1": "sk-key-number-one", "K2": "sk-key-number-two", "K3": "sk-key-number-three"}


def pool(url: str, **more) -> dict:
    config = settings(url)
    del config["providers"]["up"]["credential_ref"]
    config["providers"]["up"] |= {"credential_refs": [f"env:{name}" for name in ENV], **more}
    return config


def error(status: int, extra: str = "", **fields) -> list[bytes]:
    return [http(json.dumps({"error": {"message": "no", **fields}}).encode(), status, extra=extra)]


def key_of(seen: Seen) -> str:
    shown = seen.headers["authorization"].removeprefix("Bearer ")
    return next(name for name, value in ENV.items() if value == shown)


@pytest.mark.parametrize(
    "refusal", [error(401), error(429, "retry-after: 30\r\n"), error(403), error(429, code="insufficient_quota")]
)
async def test_every_call_is_served_while_two_of_three_keys_work_and_the_bad_one_is_left_alone(refusal):
    async with upstream() as up, serving(pool(up.url), env=ENV) as gw:
        up.say(lambda seen: refusal if key_of(seen) == "K2" else [answer()])
        for _ in range(30):
            assert (await gw.ask(ASK)).status == 200
        used = Counter(map(key_of, up.seen))
        assert used["K2"] == 1
        assert min(used["K1"], used["K3"]) >= 6


async def test_when_all_keys_are_limited_the_client_is_told_at_once_when_to_come_back():
    async with upstream() as up, serving(pool(up.url), env=ENV) as gw:
        waits = {"K1": 40, "K2": 20, "K3": 30}
        up.say(lambda seen: error(429, f"retry-after: {waits[key_of(seen)]}\r\n"))
        await gw.ask(ASK)
        told = await gw.ask(ASK)
        assert (told.status, told.headers["retry-after"]) == (429, "20")
        assert "x-should-retry" not in told.headers
        assert len(up.seen) == 3


async def test_when_all_keys_are_refused_nobody_is_asked_for_a_while_and_no_key_shows():
    async with upstream() as up, serving(pool(up.url), env=ENV) as gw:
        up.say(error(401))
        shown = [await gw.ask(ASK) for _ in range(5)]
        assert [told.status for told in shown] == [502] * 5
        assert {told.headers["x-should-retry"] for told in shown} == {"false"}
        assert "each of 3 keys was refused" in shown[-1].json["error"]["message"]
        assert len(up.seen) == 3
        assert not [value for value in ENV.values() if value in "".join(told.body.decode() for told in shown)]


async def test_a_key_file_that_changes_is_used_without_a_restart(tmp_path):
    path = tmp_path / "key"
    path.write_text("sk-old-old-old")
    path.chmod(0o600)
    async with upstream() as up:
        config = settings(up.url)
        config["providers"]["up"]["credential_ref"] = f"file:{path}"
        async with serving(config) as gw:
            up.say(lambda seen: [answer()] if "sk-new" in seen.headers["authorization"] else error(401))
            assert (await gw.ask(ASK)).status == 502
            path.write_text("sk-new-new-new-new")
            assert (await gw.ask(ASK)).status == 200
            path.unlink()
            await asyncio.sleep(0.6)
            assert (await gw.ask(ASK)).status == 200, "the last good key goes on serving"
            assert gw.gateway.providers["up"].keys.stale == 1


async def test_more_calls_than_may_run_at_once_are_busy_until_one_is_over_or_left():
    async with upstream() as up, serving(pool(up.url, max_parallel=1), env=ENV) as gw:
        up.say([HANG], [answer()])
        hanging = asyncio.create_task(gw.ask(ASK))
        while not up.seen:
            await asyncio.sleep(0.01)
        told = await gw.ask(ASK)
        assert (told.status, told.json["error"]["code"]) == (429, "busy")
        assert int(told.headers["retry-after"]) >= 1
        hanging.cancel()
        await asyncio.wait_for(up.seen[0].left.wait(), 2)
        assert (await gw.ask(ASK)).status == 200


async def test_a_queued_call_is_served_when_its_turn_comes():
    async with upstream() as up, serving(pool(up.url, max_parallel=1, max_queued=4), env=ENV) as gw:
        up.say([0.05, answer()])
        told = await asyncio.gather(*(gw.ask(ASK) for _ in range(5)))
        assert [each.status for each in told] == [200] * 5


async def test_a_conversation_with_a_cache_key_stays_with_its_key():
    async with upstream() as up, serving(pool(up.url), env=ENV) as gw:
        up.say([answer()])
        for _ in range(6):
            await gw.ask(ASK | {"prompt_cache_key": "c1"})
        assert len({seen.headers["authorization"] for seen in up.seen}) == 1
        for _ in range(6):
            await gw.ask(ASK)
        assert len({seen.headers["authorization"] for seen in up.seen}) > 1
