"""What a real model answers through the port."""

import asyncio
import json
import time

import pytest
from llamacpp_asking import SMOLLM2, asked, events_of, relayed, sent, streamed
from msgspec import Raw, structs

from lockgate_ports.chat import FunctionTool, ResponseFormat
from lockgate_ports.errors import Unsupported, UpstreamError
from lockgate_ports.events import Relayed
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import Image, InlineSource, user

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_plain_call_answers_with_usage(model: ModelPort) -> None:
    reply = await model.chat(asked(max_tokens=8), SMOLLM2)
    assert reply.view.text
    assert reply.view.model == reply.glance.model == "smollm2"
    usage = reply.glance.usage
    assert usage is not None
    assert usage.output_tokens == 8
    assert usage.input_tokens
    assert reply.glance.finish_reasons == ("length",)


async def test_a_stream_says_the_same_as_a_plain_call(model: ModelPort) -> None:
    plain = (await model.chat(asked(max_tokens=40), SMOLLM2)).view
    told = await streamed(model, asked(max_tokens=40, stream=True))
    assert told.text == plain.text
    assert told.choices[0].finish_reason == plain.choices[0].finish_reason
    assert told.usage is not None
    assert plain.usage is not None
    assert told.usage.output_tokens == plain.usage.output_tokens


async def test_an_answer_that_ends_by_itself_says_so(model: ModelPort) -> None:
    reply = await model.chat(asked("What is 2+2? Answer in one word.", max_tokens=200), SMOLLM2)
    assert reply.view.choices[0].finish_reason == "stop"
    stopped = await model.chat(asked("Count: one two three", max_tokens=60, stop=(" ",)), SMOLLM2)
    assert stopped.view.choices[0].finish_reason == "stop"
    assert " " not in stopped.view.text


async def test_a_client_of_the_same_dialect_gets_the_engines_own_json(model: ModelPort) -> None:
    reply = await model.chat(sent(max_tokens=3, top_k=1, logprobs=True), SMOLLM2)
    assert reply.dialect == "openai-chat"
    assert reply.body is not None
    body = json.loads(reply.body)
    assert body["object"] == "chat.completion"
    assert body["timings"]["predicted_n"] == body["usage"]["completion_tokens"] == 3
    assert len(body["choices"][0]["logprobs"]["content"]) == 3
    assert reply.view.text == body["choices"][0]["message"]["content"]


async def test_a_relayed_stream_is_the_engines_events_and_nothing_of_ours(model: ModelPort) -> None:
    events = await events_of(await model.stream(sent(max_tokens=3, stream=True), SMOLLM2))
    assert all(isinstance(event, Relayed) for event in events)
    chunks = relayed(events)
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert not [chunk for chunk in chunks if "prompt_progress" in chunk]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert [end.reason for event in events if isinstance(event, Relayed) for end in event.finishes] == ["length"]


async def test_the_tuning_that_llama_cpp_knows_reaches_it(model: ModelPort) -> None:
    wild = {"temperature": 2.0, "seed": 7, "max_tokens": 12}
    greedy = await model.chat(asked(**{**wild, "top_k": 1}), SMOLLM2)
    assert greedy.dropped == ()
    assert greedy.view.text == (await model.chat(asked(max_tokens=12), SMOLLM2)).view.text
    assert greedy.view.text != (await model.chat(asked(**wild), SMOLLM2)).view.text
    damped = await model.chat(asked(repetition_penalty=1.2, min_p=0.1, max_tokens=1), SMOLLM2)
    assert damped.dropped == ()


async def test_two_choices_have_one_usage_of_both(model: ModelPort) -> None:
    reply = await model.chat(asked(n=2, max_tokens=4, temperature=1.5), SMOLLM2)
    told = await streamed(model, asked(n=2, max_tokens=4, temperature=1.5, stream=True))
    for view in (reply.view, told):
        assert [choice.finish_reason for choice in view.choices] == ["length", "length"]
        assert view.usage is not None
        assert view.usage.output_tokens == 8


async def test_a_json_schema_is_kept(model: ModelPort) -> None:
    schema = (
        b'{"type":"object","properties":{"city":{"enum":["Paris","Rome"]},"people":{"type":"integer","maximum":9}},'
        b'"required":["city","people"],"additionalProperties":false}'
    )
    form = ResponseFormat(type="json_schema", schema=Raw(schema), name="city")
    reply = await model.chat(asked("Describe a city.", response_format=form, max_tokens=100), SMOLLM2)
    said = json.loads(reply.view.text)
    assert said["city"] in ("Paris", "Rome")
    assert isinstance(said["people"], int)


async def test_tools_that_the_model_would_never_see_are_refused(model: ModelPort) -> None:
    with pytest.raises(Unsupported) as refused:
        await model.chat(asked(tools=(FunctionTool(name="weather"),)), SMOLLM2)
    assert refused.value.param == "tools"


async def test_a_prompt_beyond_the_context_is_told_as_such(model: ModelPort) -> None:
    for call in (model.stream(asked("word " * 6000, stream=True), SMOLLM2), model.chat(asked("word " * 6000), SMOLLM2)):
        with pytest.raises(UpstreamError) as refused:
            await call
        assert refused.value.kind == "context_length"
        assert refused.value.provider_id == "local"
        assert "4096" in refused.value.message


async def test_a_picture_is_refused_in_the_engines_words(model: ModelPort) -> None:
    view = structs.replace(asked().view, messages=(user("What is this?", Image(InlineSource("AAAA", "image/png"))),))
    with pytest.raises(UpstreamError, match=r"local: .*image input is not supported") as refused:
        await model.chat(asked().edited(view), SMOLLM2)
    assert refused.value.kind == "invalid_request"


async def test_a_field_the_engine_cannot_read_is_named(model: ModelPort) -> None:
    with pytest.raises(UpstreamError, match="mirostat") as refused:
        await model.chat(sent(mirostat="hot", max_tokens=1), SMOLLM2)
    assert refused.value.kind == "invalid_request"


async def test_another_models_name_is_not_answered(model: ModelPort) -> None:
    with pytest.raises(UpstreamError, match=r"'smollm2'.*'gpt-9'") as refused:
        await model.chat(asked(), Attempt(model="gpt-9"))
    assert refused.value.kind == "not_found"
    assert not refused.value.sent


async def test_a_probe_is_answered(model: ModelPort) -> None:
    await model.probe(SMOLLM2)
    assert [(card.id, card.context_tokens) for card in model.models] == [("smollm2", 4096)]


async def test_two_calls_are_answered_at_the_same_time(model: ModelPort) -> None:
    first = await model.stream(asked("Tell a story.", max_tokens=60, stream=True), SMOLLM2)
    second = await model.stream(asked("Tell a joke.", max_tokens=60, stream=True), SMOLLM2)
    spans: list[tuple[float, float]] = []

    async def read(stream: object) -> None:
        started = time.perf_counter()
        await events_of(stream)  # type: ignore[arg-type]
        spans.append((started, time.perf_counter()))

    await asyncio.gather(read(first), read(second))
    (_, ended), (begun, _) = spans
    assert begun < ended


async def test_the_loop_stays_free_while_the_engine_works(model: ModelPort) -> None:
    async def longest_wait() -> float:
        gaps: list[float] = []

        async def tick() -> None:
            last = time.perf_counter()
            while True:
                await asyncio.sleep(0.005)
                now = time.perf_counter()
                gaps.append(now - last)
                last = now

        ticking = asyncio.create_task(tick())
        await asyncio.gather(
            model.chat(asked("word " * 300, max_tokens=40), SMOLLM2),
            streamed(model, asked("Tell a story.", max_tokens=40, stream=True)),
        )
        ticking.cancel()
        assert len(gaps) > 20
        return max(gaps)

    # The best of three: on a busy machine the system itself takes the processor away.
    assert min([await longest_wait() for _ in range(3)]) < 0.1
