"""Moderations, sound and pictures: handed on by the ordinary line, bytes as they are."""

import asyncio
import json
from typing import Any

import openai
import pytest
from gateway import CANARY, Served, serving, settings
from upstream import CLOSE, SSE_HEAD, Upstream, http, upstream

SOUND = b"RIFF\x00\x01\xffsound that is no text\r\n--x\r\n" * 40
PICTURE = {
    "created": 1,
    "data": [{"b64_json": "QUJD"}],
    "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14},
}
VERDICT = b'{"id":"modr-1","model":"m-1","results":[{"flagged":false,"categories":{},"category_scores":{}}], "x":1.50}'
WORDS = {"text": "hello", "usage": {"type": "tokens", "input_tokens": 7, "output_tokens": 2, "total_tokens": 9}}
AUDIO_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n"


def rows(up: Upstream, **more: Any) -> dict[str, Any]:
    config = settings(up.url, **more)
    own = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    base = up.url.removesuffix("/v1")
    config["providers"] |= {
        "a": {"kind": "anthropic", "base_url": base, **own},
        "az": {"kind": "azure-openai", "base_url": base, "paths": "deployments", **own},
        "g": {"kind": "groq", "base_url": up.url, **own},
    }
    return config


def sdk(gw: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)


def piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def sse(kind: str, **more: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **more}).encode())


async def test_a_verdict_keeps_its_bytes_both_ways():
    body = b'{ "zz":1.50,"model":"fast","input":"caf\\u00e9"}'
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(VERDICT)])
        told = await gw.ask(body, path="/v1/moderations")
        assert (told.status, told.body) == (200, VERDICT)
        assert (up.seen[0].path, up.seen[0].body) == ("/v1/moderations", body.replace(b"fast", b"m"))
        assert up.seen[0].headers["authorization"] == f"Bearer {CANARY}"
        assert told.headers["x-lockgate-target"] == "up/m"
        assert (await sdk(gw).moderations.create(model="fast", input="hi")).results[0].flagged is False


async def test_no_model_is_asked_that_the_client_did_not_name():
    async with upstream() as up, serving(rows(up)) as gw:
        with pytest.raises(openai.BadRequestError, match="model is missing"):
            await sdk(gw).moderations.create(input="hi")
        with pytest.raises(openai.BadRequestError, match="model is missing"):
            await sdk(gw).images.generate(prompt="a cat")
        assert up.seen == []


async def test_a_recording_is_written_down_and_the_file_goes_untouched():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(json.dumps(WORDS).encode())])
        told = await sdk(gw).audio.transcriptions.create(model="fast", file=("a.wav", SOUND), language="en")
        assert told.text == "hello"
        sent = up.seen[0]
        assert sent.path == "/v1/audio/transcriptions"
        assert sent.body.count(SOUND) == 1
        assert b'name="model"\r\n\r\nm\r\n' in sent.body
        assert b'name="language"\r\n\r\nen\r\n' in sent.body
        assert b'gen_ai_operation_name="audio"' in (await gw.get("/metrics")).body
        up.say([http(b"1\n00:00:00,000 --> 00:00:01,000\nhello\n", content_type="text/plain; charset=utf-8")])
        subtitles: Any = await sdk(gw).audio.translations.create(model="fast", file=SOUND, response_format="srt")
        assert "-->" in subtitles
        assert up.seen[1].path == "/v1/audio/translations"


async def test_a_transcript_streams_event_by_event():
    events = [
        sse("transcript.text.delta", delta="hel"),
        sse("transcript.text.delta", delta="lo"),
        sse("transcript.text.done", text="hello", usage=WORDS["usage"]),
    ]
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([SSE_HEAD, *events, CLOSE])
        stream = await sdk(gw).audio.transcriptions.create(model="fast", file=SOUND, stream=True)
        assert [event.type async for event in stream] == [
            "transcript.text.delta",
            "transcript.text.delta",
            "transcript.text.done",
        ]
        up.say([SSE_HEAD, *events[:2], CLOSE])
        with pytest.raises(openai.APIError):
            async for _ in await sdk(gw).audio.transcriptions.create(model="fast", file=SOUND, stream=True):
                pass


async def test_speech_is_played_while_it_arrives_and_is_whole():
    async with upstream() as up, serving(rows(up)) as gw:
        late = asyncio.Event()
        up.say([AUDIO_HEAD, piece(SOUND[:100]), 0.3, piece(SOUND[100:]), b"0\r\n\r\n"])
        speech = sdk(gw).audio.speech.with_streaming_response
        async with speech.create(model="fast", voice="alloy", input="hi", response_format="wav") as response:
            assert response.headers["content-type"] == "audio/wav"
            sound = b""
            async for part in response.iter_bytes():
                if not sound:
                    late.set()
                    assert len(part) <= 100
                sound += part
        assert (sound, late.is_set()) == (SOUND, True)
        assert up.seen[0].json == {"model": "m", "voice": "alloy", "input": "hi", "response_format": "wav"}


async def test_speech_that_is_cut_is_no_whole_file():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([AUDIO_HEAD, piece(SOUND[:100]), CLOSE])
        with pytest.raises(openai.APIConnectionError):
            await sdk(gw).audio.speech.create(model="fast", voice="alloy", input="hi")


async def test_speech_that_fails_before_its_first_sound_is_tried_again():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(b"{}", 503)], [AUDIO_HEAD, piece(SOUND), b"0\r\n\r\n"])
        told = await sdk(gw).audio.speech.create(model="fast", voice="alloy", input="hi")
        assert told.content == SOUND
        assert told.response.headers["x-lockgate-attempts"] == "2"


async def test_speech_in_events_is_told_as_events():
    events = [sse("speech.audio.delta", audio="QUJD"), sse("speech.audio.done", usage={"input_tokens": 1})]
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([SSE_HEAD, *events, CLOSE])
        asked = {"model": "fast", "voice": "alloy", "input": "hi", "stream_format": "sse"}
        told = await gw.ask(asked, path="/v1/audio/speech")
        assert told.headers["content-type"] == "text/event-stream"
        assert told.body == b"".join(events)
        up.say([http(SOUND, content_type="audio/mpeg")])
        assert (await gw.ask(asked, path="/v1/audio/speech")).status == 502


async def test_pictures_are_drawn_edited_and_varied():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(json.dumps(PICTURE).encode())])
        images = sdk(gw).images
        drawn = await images.generate(model="fast", prompt="a cat")
        edited = await images.edit(model="fast", prompt="a dog", image=("a.png", SOUND))
        varied = await images.create_variation(model="fast", image=("a.png", SOUND))
        assert drawn.data == edited.data == varied.data
        assert [seen.path for seen in up.seen] == [
            "/v1/images/generations",
            "/v1/images/edits",
            "/v1/images/variations",
        ]
        assert b"14" in (await gw.get("/metrics")).body
        partial = sse("image_generation.partial_image", b64_json="QQ==", partial_image_index=0)
        done = sse("image_generation.completed", b64_json="QUJD", usage=PICTURE["usage"])
        up.say([SSE_HEAD, partial, done, CLOSE])
        stream = await images.generate(model="fast", prompt="a cat", stream=True, partial_images=1)
        assert [event.type async for event in stream] == [
            "image_generation.partial_image",
            "image_generation.completed",
        ]
        up.say([http(json.dumps(PICTURE).encode())])
        with pytest.raises(openai.InternalServerError, match="ask without a stream"):
            await images.generate(model="fast", prompt="a cat", stream=True)


async def test_azures_paths_on_both_sides():
    async with upstream() as up, serving(rows(up)) as gw:
        client = openai.AsyncAzureOpenAI(azure_endpoint=gw.url, api_key="x", api_version="2025-04-01", max_retries=0)
        up.say([http(json.dumps(WORDS).encode())])
        await client.audio.transcriptions.create(model="az/whisper", file=SOUND)
        assert up.seen[0].path.startswith("/openai/deployments/whisper/audio/transcriptions?api-version=")
        bare = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nxyz\r\n--b--\r\n'
        how = {"headers": {"content-type": "multipart/form-data; boundary=b"}}
        told = await gw.ask(bare, path="/openai/deployments/fast/audio/transcriptions", **how)
        assert told.status == 200
        assert b'name="model"\r\n\r\nm\r\n' in up.seen[1].body
        assert up.seen[1].body.endswith(bare)


async def test_who_does_not_speak_it_is_not_asked_and_the_next_target_is():
    async with upstream() as up, serving(rows(up, routes={"both": {"targets": ["a/claude", "up/m"]}})) as gw:
        up.say([http(VERDICT)])
        for model in ("a/claude", "g/whisper"):
            with pytest.raises(openai.BadRequestError, match="offers no moderations"):
                await sdk(gw).moderations.create(model=model, input="hi")
        assert up.seen == []
        assert (await sdk(gw).moderations.create(model="both", input="hi")).id == "modr-1"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "says"),
    [
        (b"", "multipart/form-data; boundary=b", 400, "not the form"),
        (b"{}", "application/json", 415, "multipart/form-data"),
        (b"--b\r\n", "multipart/form-data", 400, "no boundary"),
        (b"--b\r\nx", "multipart/form-data; boundary=b", 400, "cut short"),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 400, "model is missing"),
        (
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nfast\r\n' * 2 + b"--b--\r\n",
            'multipart/form-data; boundary="b"',
            400,
            "stands twice",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nfa\x00st\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
            "line of text",
        ),
    ],
)
async def test_a_form_that_is_none_is_refused(body: bytes, content_type: str, status: int, says: str):
    async with upstream() as up, serving(rows(up)) as gw:
        told = await gw.ask(body, path="/v1/audio/transcriptions", headers={"content-type": content_type})
        assert (told.status, up.seen) == (status, [])
        assert says in told.json["error"]["message"]


@pytest.mark.parametrize(
    "answer",
    [
        http(b"<html>sign in</html>", content_type="text/html"),
        http(b'{"error":{"message":"no"}}'),
        http(b""),
        http(b"{"),
    ],
)
async def test_what_is_no_answer_is_an_error(answer: bytes):
    async with upstream() as up, serving(rows(up, retry={"max_attempts": 1})) as gw:
        up.say([answer])
        assert (await gw.ask({"model": "fast", "input": "hi"}, path="/v1/moderations")).status >= 500
