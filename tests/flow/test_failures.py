"""What clients are told when a provider fails, and that no key shows in it."""

import gzip
import json
import logging

import pytest
from gateway import CANARY, serving, settings
from upstream import CLOSE, RESET, answer, http, upstream

from lockgate.building import build_egress
from lockgate.loading import load

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}


def error(status: int, message: str = "no", extra: str = "", **fields) -> list[bytes]:
    return [http(json.dumps({"error": {"message": message, **fields}}).encode(), status, extra=extra)]


@pytest.mark.parametrize(
    ("script", "status", "code", "tries"),
    [
        (error(400, type="invalid_request_error", param="x"), 400, None, 1),
        (error(422), 422, None, 1),
        (error(401), 502, "upstream_auth_failed", 1),
        (error(403), 502, "upstream_permission", 1),
        (error(404), 404, None, 1),
        (error(429, code="insufficient_quota"), 429, None, 1),
        (error(429), 429, None, 3),
        (error(500), 502, None, 3),
        (error(503), 503, None, 3),
        (error(529), 503, None, 3),
        ([http(b"<html>Bad gateway</html>", 502, "text/html")], 502, "upstream_transient", 3),
        ([http(b"not json")], 502, "upstream_transient", 3),
        ([http(b'{"choices":[]}')], 502, "upstream_transient", 3),
        ([http(b"null")], 502, "upstream_transient", 3),
        ([http(b'{"error":{"message":"bad key","code":"invalid_api_key"}}')], 502, "upstream_auth_failed", 1),
        ([http(b"", 302, extra="location: http://127.0.0.1:1/\r\n")], 502, "upstream_fatal", 1),
        ([RESET], 502, "upstream_transient", 3),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", CLOSE], 502, "upstream_transient", 3),
        ([b"not http at all\r\n\r\n", CLOSE], 502, "upstream_transient", 3),
    ],
)
async def test_failures_become_the_right_status_after_the_right_number_of_tries(script, status, code, tries):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(script)
        told = await gw.ask(ASK)
        assert (told.status, len(up.seen)) == (status, tries)
        assert told.json["error"]["message"]
        if code is not None:
            assert told.json["error"]["code"] == code
        up.say([answer()])
        # Another model, since a refusal of the key is remembered for the one that it was said of.
        assert (await gw.ask({**ASK, "model": "up/m2"})).status == 200


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed"])
async def test_an_answer_over_the_limit_is_asked_of_another_target_and_never_of_the_same_again(packed: bool):
    huge = json.dumps({"choices": [{"message": {"role": "assistant", "content": "x" * 9_999}}]}).encode()
    body = gzip.compress(huge) if packed else huge
    async with upstream() as up, upstream() as spare:
        config = settings(up.url)
        config["providers"]["up"]["response_limit"] = 5_000
        config["providers"]["spare"] = config["providers"]["up"] | {"base_url": spare.url}
        config["routes"]["safe"] = {"targets": ["up/m", "spare/m"]}
        async with serving(config) as gw:
            up.say([http(body, extra="content-encoding: gzip\r\n" if packed else "")])
            spare.say([answer("short")])
            told = await gw.ask(ASK)
            assert (told.status, told.json["error"]["code"], len(up.seen)) == (502, "upstream_transient", 1)
            assert told.headers["x-should-retry"] == "false"
            told = await gw.ask(ASK | {"model": "safe"})
            assert (told.status, told.headers["x-lockgate-target"]) == (200, "spare/m")
            assert (len(up.seen), len(spare.seen)) == (2, 1)
            for _ in range(8):  # a few answers that are too long do not shut it for everybody
                await gw.ask(ASK)
            assert len(up.seen) == 10


async def test_a_dead_upstream_is_a_502_and_the_next_target_answers():
    config = settings("http://127.0.0.1:9/v1")
    async with upstream() as up:
        async with serving(config) as gw:
            assert (await gw.ask(ASK)).status == 502
        config["providers"]["spare"] = {**config["providers"]["up"], "base_url": up.url}
        config["routes"]["fast"]["targets"].append("spare/m2")
        async with serving(config) as gw:
            up.say([answer("from the spare")])
            told = await gw.ask(ASK)
            assert told.headers["x-lockgate-target"] == "spare/m2"
            assert up.seen[0].json["model"] == "m2"


async def test_retry_after_is_handed_on_when_it_is_too_long_to_wait():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(error(429, extra="retry-after: 3600\r\n"))
        told = await gw.ask(ASK)
        assert (told.status, told.headers["retry-after"], len(up.seen)) == (429, "3600", 1)


async def test_no_key_shows_in_answer_log_metric_or_health(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    echo = f"Incorrect API key provided: {CANARY}. And in part: {CANARY[:16]}****"
    shown: list[str] = []
    async with upstream() as up, serving(settings(up.url)) as gw:
        for number, script in enumerate(
            [
                error(401, echo),
                error(400, echo, param=CANARY),
                error(500, echo),
                [http(echo.encode(), 500, "text/html")],
                [http(echo.encode())],
                error(429, echo, extra=f"x-request-id: {CANARY}\r\n"),
            ]
        ):
            for streaming in (False, True):
                up.say(script)
                asked = len(up.seen)
                told = await gw.ask({**ASK, "model": f"up/{number}-{streaming}", "stream": streaming})
                assert len(up.seen) > asked
                shown += [told.body.decode(), str(told.headers)]
        shown += [(await gw.get(path)).body.decode() for path in ("/health", "/health/providers?test=true", "/metrics")]
        shown += [repr(gw.gateway.settings), repr(vars(gw.gateway)), (await gw.get("/v1/models")).body.decode()]
    assert CANARY[8:24] not in "".join(shown) + caplog.text
    assert CANARY[:16] not in "".join(shown) + caplog.text


async def test_clients_show_their_own_key_and_only_health_is_open():
    config = settings("http://127.0.0.1:9/v1", server={"client_credential_refs": ["env:CLIENT_KEY"]})
    async with upstream() as up:
        config["providers"]["up"]["base_url"] = up.url
        async with serving(config) as gw:
            up.say([answer()])
            told = await gw.ask(ASK)
            assert (told.status, told.json["error"]["code"]) == (401, "invalid_api_key")
            assert (await gw.ask(ASK, headers={"authorization": "Bearer sk-wrong"})).status == 401
            assert (await gw.get("/metrics")).status == 401
            assert (await gw.get("/health")).status == 200
            assert up.seen == []
            assert (await gw.ask(ASK, headers={"authorization": "Bearer sk-client"})).status == 200
            assert (await gw.ask(ASK, headers={"x-api-key": "sk-client"})).status == 200
            assert (await gw.ask(ASK, headers={"api-key": "sk-client"})).status == 200


async def test_egress_to_an_address_that_nobody_named_is_denied():
    config = settings("http://127.0.0.1:9/v1")
    config["providers"]["up"] |= {"base_url": "http://169.254.169.254/v1"}
    async with serving(config) as gw:
        told = await gw.ask(ASK)
        assert (told.status, told.json["error"]["code"]) == (403, "egress_denied")


@pytest.mark.parametrize("named", [True, False])
def test_a_private_address_passes_only_for_the_provider_whose_row_names_it(named: bool):
    config = settings("http://name.example/v1")
    config["providers"]["up"]["private_addresses"] = ["10.1.0.0/16"] if named else []
    config["providers"]["other"] = {**config["providers"]["up"], "private_addresses": []}
    policy = build_egress(*load(config, environment=None, env={}), {})
    assert policy.decide_address("up", "name.example", "10.1.2.3", 80).allowed is named
    assert not policy.decide_address("other", "name.example", "10.1.2.3", 80).allowed


async def test_models_are_listed_and_found_by_ids_with_slashes():
    config = settings("http://127.0.0.1:9/v1")
    config["providers"]["up"]["models"] = [{"id": "org/m-7b"}]
    async with serving(config) as gw:
        listed = (await gw.get("/v1/models")).json
        assert [row["id"] for row in listed["data"]] == ["fast", "up/org/m-7b"]
        assert (await gw.get("/v1/models/up/org/m-7b")).json["id"] == "up/org/m-7b"
        assert (await gw.get("/v1/models/nope")).json["error"]["code"] == "model_not_found"


async def test_health_of_providers_is_told_and_tested_by_a_real_call():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        (row,) = (await gw.get("/health/providers")).json["providers"]
        assert (row["provider_id"], row["kind"], "ok" in row) == ("up", "openai-compatible", False)
        assert up.seen == []
        (row,) = (await gw.get("/health/providers?test=true")).json["providers"]
        assert row["ok"] is True
        up.say(error(401))
        told = (await gw.get("/health/providers?test=true")).json
        assert (told["status"], told["providers"][0]["ok"]) == ("failing", False)
