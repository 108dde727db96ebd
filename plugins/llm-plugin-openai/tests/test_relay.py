"""Relaying a request: the client's own bytes, and only what must change."""

import json

import pytest
from msgspec import structs

from llm_plugin_openai.completions.dialect import OpenAICompletions
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.wire import Inbound

_ODD = (
    '{ "zz" : [1.50 , {"model":"inner"}],\n "stream":%s "seed":12345678901234567890123,"model" : "m",'
    '"messages":[{"content":"\\u00e9 é 😀 \\"model\\":\\"m\\"","role":"user"}]}'
)


def _relayed(body: bytes, upstream: Upstream, quirks: Quirks | None = None) -> bytes:
    return OpenAIChat(quirks or Quirks()).relay_request(body, (), upstream).http.body


def test_only_the_model_is_patched(upstream: Upstream) -> None:
    body = (_ODD % "false,").encode()
    assert _relayed(body, upstream) == body.replace(b'"model" : "m"', b'"model" : "real"')


def test_bytes_that_need_no_change_are_the_very_same(upstream: Upstream) -> None:
    for body in (b'{"model":"real","messages":[]}', (_ODD % "false,").encode().replace(b'" : "m"', b'" : "real"')):
        assert _relayed(body, upstream) is body
    streaming = structs.replace(upstream, stream=True)
    body = b'{"model":"real","stream":true,"stream_options":{"include_usage":true},"messages":[]}'
    assert _relayed(body, streaming) is body


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, {"include_usage": True}),
        ("null", {"include_usage": True}),
        ("{}", {"include_usage": True}),
        ('{"include_usage":false}', {"include_usage": True}),
        ('{"include_obfuscation":false}', {"include_obfuscation": False, "include_usage": True}),
    ],
)
def test_usage_is_asked_for_in_every_stream(upstream: Upstream, options: str | None, expected: dict[str, bool]) -> None:
    streaming = structs.replace(upstream, stream=True)
    member = f'"stream_options":{options},' if options else ""
    body = (_ODD % f"true, {member}").encode()
    sent = _relayed(body, streaming)
    assert json.loads(sent)["stream_options"] == expected
    assert json.loads(sent) | {"stream_options": 0} == json.loads(body) | {"stream_options": 0, "model": "real"}
    assert b"[1.50 , " in sent
    without = _relayed(body, streaming, Quirks(stream_usage=False))
    assert without == body.replace(b'"model" : "m"', b'"model" : "real"')


def test_a_stream_is_asked_for_exactly_when_one_is_wanted(upstream: Upstream) -> None:
    body = b'{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]}'
    assert json.loads(_relayed(body, upstream)) == {
        "model": "real",
        "stream": False,
        "stream_options": None,
        "messages": [],
    }
    streaming = structs.replace(upstream, stream=True)
    assert json.loads(_relayed(b'{"model":"m","messages":[]}', streaming))["stream"] is True


def test_a_field_that_stands_twice_is_refused(upstream: Upstream) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _relayed(b'{"model":"m","messages":[],"model":"m2"}', upstream)
    assert caught.value.param == "model"


_USER = b'"messages":[{"role":"user","content":"Hi"}]'


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("stream_usage", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m",%s}',
        b'{"model":"real",%s}',
        b'{"mod\\u0065l":"m",%s}',
        b'{"model":"m","stream":false,"stream_options":null,%s}',
        b'{"model":"m","stream":true,%s}',
        b'{"model":"m","stream":true,"stream_options":{},%s}',
        b'{"model":"m","stream":true,"stream_options":{"include_usage":false},%s}',
        b'{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1.50},%s}',
    ],
)
@pytest.mark.parametrize("dialect", [OpenAIChat, OpenAICompletions])
def test_what_the_surface_has_read_changes_nothing_of_what_is_sent(
    upstream: Upstream, body: bytes, streams: bool, stream_usage: bool, dialect: type[OpenAIChat | OpenAICompletions]
) -> None:
    spoken = dialect(Quirks(stream_usage=stream_usage))
    body %= _USER if dialect is OpenAIChat else b'"prompt":"Hi"'
    place = structs.replace(upstream, stream=streams)
    asked = spoken.read_request(Inbound("POST", "/v1", {}, body))
    assert asked.wire is not None
    assert asked.asking("another").wire is asked.wire
    known = spoken.relay_request(body, (), place, asked.wire)
    assert known == spoken.relay_request(body, (), place)


def test_a_field_that_stands_twice_is_refused_whatever_the_surface_has_read(upstream: Upstream) -> None:
    body = b'{"model":"m",%s,"model":"real"}' % _USER
    wire = OpenAIChat().read_request(Inbound("POST", "/v1", {}, body)).wire
    with pytest.raises(InvalidRequest, match="'model' stands twice"):
        OpenAIChat().relay_request(body, (), upstream, wire)


def test_headers_travel_unless_the_provider_has_its_own(upstream: Upstream) -> None:
    own = structs.replace(upstream, headers=(("openai-beta", "own"),))
    body = b'{"model":"m","messages":[]}'
    for place, value in ((upstream, "theirs"), (own, "own")):
        http = OpenAIChat().relay_request(body, (("openai-beta", "theirs"),), place).http
        assert [found for name, found in http.headers if name == "openai-beta"] == [value]
