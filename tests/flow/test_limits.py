"""Limits and budgets over HTTP, with real SDKs: what is refused and given back, and headers that tell the truth."""

import asyncio
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from gateway import Served, serving, settings
from test_callers import claude, create, keyed, sdk
from upstream import CLOSE, HANG, SSE_HEAD, answer, event, http, stream, upstream

from lockgate.adapters.sqlite_ledger import SqliteLedger, SqliteLedgerSettings
from lockgate_ports.ledger import AuditQuery

MESSAGES = [{"role": "user", "content": "hi"}]
ASK: dict[str, Any] = {"model": "fast", "messages": MESSAGES, "max_tokens": 10}
PRICED = [
    {"id": "m", "price": {"rates": {"input": "1000000", "output": "1000000"}, "source": "s", "as_of": "2026-01-01"}}
]


def limited(url: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return settings(url, limits={"rules": list(rules)}, **more)


async def used(gw: Served, rule: int = 0) -> int:
    """What the counter of the rule's first limit has: the rest is what is left of it."""
    store = gw.gateway._succession.current.engine._limiter._store  # type: ignore[union-attr]
    return [counter.used for counter in store._counters.values()][rule]


async def test_requests_beyond_the_limit_are_the_sdks_rate_limit_error_and_the_headers_tell_the_truth():
    async with upstream() as up, serving(limited(up.url, {"scope": "all", "rpm": 2})) as gw:
        up.say([answer()])
        left = []
        for _ in range(2):
            told = await gw.ask(ASK)
            left.append(told.headers["x-ratelimit-remaining-requests"])
            assert told.headers["x-ratelimit-limit-requests"] == "2"
            assert 0 < float(told.headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 60
        assert left == ["1", "0"]
        with pytest.raises(openai.RateLimitError) as caught:
            await sdk(gw.url, "x").chat.completions.create(**ASK)
        assert caught.value.code == "rate_limit_exceeded"
        headers = caught.value.response.headers
        assert 0 < int(headers["retry-after"]) <= 60
        assert headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(anthropic.RateLimitError):
            await claude(gw.url, "x").messages.create(model="fast", max_tokens=5, messages=MESSAGES)
        assert len(up.seen) == 2


async def test_tokens_are_taken_by_estimate_and_given_back_by_use():
    async with upstream() as up, serving(limited(up.url, {"scope": "all", "tpm": 100})) as gw:
        during: list[int] = []

        def look(_: object):
            during.append(next(c.used for c in counters()))
            return [answer()]

        def counters():
            return gw.gateway._succession.current.engine._limiter._store._counters.values()  # type: ignore[union-attr]

        up.say(look)
        told = await gw.ask(ASK)
        assert during[0] >= 10 + 3, "the answer's limit and some for the request"
        assert [c.used for c in counters()] == [5]
        assert int(told.headers["x-ratelimit-remaining-tokens"]) == 100 - during[0]
        too_large = await gw.ask({**ASK, "max_tokens": 200})
        assert (too_large.status, too_large.headers["x-lockgate-error"]) == (413, "request_exceeds_limit")
        assert too_large.headers["x-should-retry"] == "false"


async def test_streams_settle_too_and_what_failed_or_was_left_is_given_back():
    rules = ({"scope": "all", "tpm": 100}, {"scope": "all", "parallel": 1})
    config = limited("http://x", *rules, retry={"max_attempts": 1})
    async with upstream() as up:
        config["providers"]["up"]["base_url"] = up.url
        async with serving(config) as gw:
            up.say(stream("a", "b"))
            asked = {**ASK, "stream": True}
            assert (await gw.ask(asked)).status == 200
            assert (await used(gw), await used(gw, 1)) == (5, 0)
            up.say([http(b"{}", 500)])
            assert (await gw.ask(ASK)).status == 502
            assert (await used(gw), await used(gw, 1)) == (5, 0)
            up.say([HANG])
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await gw.ask(ASK)
            await asyncio.sleep(0.1)
            assert await used(gw, 1) == 0
            assert await used(gw) < 5 + 10, "the answer that nobody saw was given back"
            up.say([SSE_HEAD, event({"content": "a"}), CLOSE])
            before = await used(gw)
            assert b"error" in (await gw.ask(asked)).body
            assert before < await used(gw) < before + 10, "what was seen of the half answer counts"


async def test_calls_at_a_time():
    async with upstream() as up, serving(limited(up.url, {"scope": "all", "parallel": 2})) as gw:
        up.say([0.4, answer()])
        told = await asyncio.gather(*(gw.ask(ASK) for _ in range(5)))
        assert sorted(each.status for each in told) == [200, 200, 429, 429, 429]
        up.say([answer()])
        assert (await gw.ask(ASK)).status == 200


async def test_a_budget_is_taken_before_the_call_and_an_empty_one_is_402():
    labels = {"header": "x-labels"}
    config = limited("http://x", {"scope": "tenant:*", "budget_per_month": 20}, labels=labels)
    async with upstream() as up:
        config["providers"]["up"] |= {"base_url": up.url, "models": PRICED}
        async with serving(config) as gw:
            up.say([answer()])
            acme = {"x-labels": "tenant=acme"}
            asked = {**ASK, "max_tokens": 1}
            assert (await gw.ask(asked, headers=acme)).status == 200, "3 + 2 tokens, a dollar each"
            for expected in (200, 200, 402):
                told = await gw.ask(asked, headers=acme)
                assert told.status == expected, told.body
            assert told.json["error"]["code"] == "budget_exceeded"
            assert told.headers["x-should-retry"] == "false"
            with pytest.raises(openai.APIStatusError) as caught:
                await sdk(gw.url, "x").chat.completions.create(**asked, extra_headers=acme)
            assert (caught.value.status_code, caught.value.code) == (402, "budget_exceeded")
            with pytest.raises(anthropic.APIStatusError) as refused:
                await claude(gw.url, "x").messages.create(
                    model="fast", max_tokens=1, messages=MESSAGES, extra_headers=acme
                )
            assert refused.value.status_code == 402
            assert (await gw.ask(asked, headers={"x-labels": "tenant=other"})).status == 200


async def test_that_a_budget_was_hit_is_written_down_once_in_its_time(tmp_path: Path):
    labels = {"header": "x-labels"}
    ledger = {"kind": "sqlite", "path": str(tmp_path / "ledger.db")}
    rules = [{"scope": "tenant:*", "budget_per_month": 20, "rpm": 100}]
    async with upstream() as up:
        config = limited(up.url, *rules, labels=labels, ledger=ledger)
        config["providers"]["up"]["models"] = PRICED
        async with serving(config) as gw:
            up.say([answer()])
            for tenant in ("acme", "acme", "acme", "beta", "acme", "acme"):
                await gw.ask({**ASK, "max_tokens": 1}, headers={"x-labels": f"tenant={tenant}"})
    kept = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "ledger.db")))
    [row] = await kept.audit(AuditQuery(kinds=("budget_exceeded",)))
    assert (row.event.actor, row.event.subject) == ("gateway", "tenant:acme")
    assert row.event.details["budget"] == "20 USD a month"
    assert row.event.details["left"] == "5 USD"


async def test_a_model_without_a_price_is_refused_under_a_budget_where_settings_say_so():
    limits = {"rules": [{"scope": "all", "budget_per_day": 1}], "unpriced": "refuse"}
    config = settings("http://127.0.0.1:9/v1", limits=limits)
    async with serving(config) as gw:
        told = await gw.ask(ASK)
        assert (told.status, told.headers["x-lockgate-error"]) == (403, "price_unknown")


async def test_a_limit_of_a_provider_sends_the_call_to_the_next_one():
    async with upstream() as one, upstream() as two:
        config = limited(one.url, {"scope": "provider:up", "rpm": 1}, {"scope": "model:two/*", "rpm": 1})
        config["providers"]["two"] = {**config["providers"]["up"], "base_url": two.url}
        config["routes"] = {"fast": {"targets": ["up/m", "two/m"]}}
        async with serving(config) as gw:
            one.say([answer()])
            two.say([answer()])
            told = [await gw.ask(ASK) for _ in range(3)]
            assert [each.status for each in told] == [200, 200, 429]
            assert [each.headers.get("x-lockgate-target") for each in told] == ["up/m", "two/m", None]
            assert told[2].headers["x-lockgate-error"] == "rate_limit_exceeded"


async def test_a_limit_in_shadow_refuses_nothing_and_says_what_it_would_have():
    calls: list[Any] = []

    class Noting:
        def record(self, call: Any) -> None:
            calls.append(call)

        def exposition(self) -> bytes:
            return b""

        async def aclose(self) -> None: ...

    rule = {"scope": "all", "rpm": 1, "shadow": True}
    async with upstream() as up, serving(limited(up.url, rule), metrics=Noting()) as gw:
        up.say([answer()])
        told = [await gw.ask(ASK) for _ in range(2)]
        assert [each.status for each in told] == [200, 200]
        assert "x-ratelimit-limit-requests" not in told[0].headers
        assert [call.over_limits for call in calls] == [(), ("all",)]


async def test_the_limits_of_a_key_hold_and_those_of_its_parents(tmp_path):
    limits = {"rules": [{"scope": "team:*", "rpm": 3}]}
    keys = [
        create(tmp_path, "--rpm", "2", "--tpm", "100000", "--budget", "50/month", "--parent", "team:search")
        for _ in range(2)
    ]
    async with upstream() as up, serving(keyed(up.url, tmp_path, limits=limits)) as gw:
        up.say([answer()])

        async def status(key: str) -> tuple[int, str]:
            told = await gw.ask(ASK, headers={"authorization": f"Bearer {key}"})
            return told.status, told.json.get("error", {}).get("message", "")

        assert [(await status(keys[0]))[0] for _ in range(3)] == [200, 200, 429]
        assert (await status(keys[1]))[0] == 200
        code, words = await status(keys[1])
        assert code == 429
        assert words.startswith("team:search may have 3 requests a minute")


async def test_no_limits_no_store():
    async with serving(settings("http://127.0.0.1:9/v1")) as gw:
        assert gw.gateway._succession.current.engine._limiter is None
