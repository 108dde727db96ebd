"""Same dialect on both sides: bytes go through."""

import json

from gateway import CANARY, serving, settings
from upstream import DONE, USAGE, answer, completion, event, http, stream, upstream

ODD = (
    '{"zebra": {"model": "fast"}, "messages":[{"role":"user","content":"caf\u00e9 \\u00e9 \U0001f680","x_note":null}],'
    '  "model" :\t"fast", "seed":123456789012345678901234567890,"temperature":1.0, "unknown":[1e2,{"a":{}}] }'
).encode()


async def test_a_request_reaches_the_upstream_byte_for_byte_but_for_the_model():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        told = await gw.ask(ODD)
        assert told.status == 200
        assert up.seen[0].body == ODD.replace(b'\t"fast"', b'\t"m"')
        assert up.seen[0].path == "/v1/chat/completions"
        assert up.seen[0].headers["authorization"] == f"Bearer {CANARY}"


async def test_an_answer_comes_back_byte_for_byte():
    body = json.dumps(completion("caf\u00e9"), indent=3).encode() + b" \n"
    body = body.replace(b'"id"', b'"x_new": {"deep": [1, 2.50, 99999999999999999999]},\n "id"')
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(body)])
        assert (await gw.ask(ODD)).body == body


async def test_the_events_of_a_stream_come_back_byte_for_byte():
    odd = (
        b': hello\n\ndata: {"id":"chatcmpl-1", "x":{"new":1},"choices":[{"index":0,"delta":{"content":"\\u00e9"}}]}\n\n'
    )
    script = stream("he", "llo")
    script.insert(3, odd)
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(script)
        body = {"model": "fast", "stream": True, "stream_options": {"include_usage": True}, "messages": MESSAGES}
        told = await gw.ask(body)
        sent = b"".join(piece for piece in script[1:] if isinstance(piece, bytes)).replace(b": hello\n\n", b"")
        assert told.body == sent
        assert told.headers["content-type"] == "text/event-stream"
        assert told.headers["x-accel-buffering"] == "no"


MESSAGES = [{"role": "user", "content": "hi"}]


async def test_usage_is_asked_of_the_upstream_and_kept_from_a_client_that_did_not_ask():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(stream("he", "llo"))
        told = await gw.ask({"model": "fast", "stream": True, "messages": MESSAGES})
        assert up.seen[0].json["stream_options"] == {"include_usage": True}
        assert told.body.endswith(event({}, "stop") + DONE)
        assert USAGE not in told.body
        assert b"input" in (await gw.get("/metrics")).body


async def test_the_clients_key_and_cookies_never_go_upstream():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        headers = {
            "authorization": "Bearer sk-client",
            "x-api-key": "sk-2",
            "cookie": "a=b",
            "x-forwarded-for": "1.2.3.4",
        }
        await gw.ask(ODD, headers=headers)
        sent = up.seen[0].headers
        assert "sk-client" not in str(sent)
        assert not {"x-api-key", "cookie", "forwarded"} & sent.keys()


async def test_the_upstreams_headers_do_not_reach_the_client():
    async with upstream() as up, serving(settings(up.url)) as gw:
        extra = "set-cookie: a=b\r\nx-accel-redirect: /etc\r\nserver: evil\r\nx-request-id: up-1\r\n"
        up.say([http(json.dumps(completion()).encode(), extra=extra)])
        told = await gw.ask(ODD)
        assert "set-cookie" not in told.headers
        assert "x-accel-redirect" not in told.headers
        assert told.headers["x-lockgate-upstream-request-id"] == "up-1"
        assert told.headers["x-request-id"] != "up-1"


async def test_an_answer_says_which_route_target_and_try_it_came_from():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(b"{}", 503)], [answer()])
        told = await gw.ask(ODD)
        names = ("x-lockgate-route", "x-lockgate-target", "x-lockgate-attempts")
        assert [told.headers[name] for name in names] == ["fast", "up/m", "2"]


async def test_a_model_name_from_the_client_cannot_write_a_header():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        body = {"model": "up/m\u00e9 x", "messages": MESSAGES}
        told = await gw.ask(body)
        assert told.status == 200
        assert told.headers["x-lockgate-target"] == "up/m%C3%A9 x"
        assert up.seen[0].json["model"] == "m\u00e9 x"
