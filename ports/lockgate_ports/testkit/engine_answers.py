"""What an engine answers: whole and streamed, within the limits it was given, and refused where it cannot."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw, structs

from lockgate_ports.chat import ChatRequest, FunctionTool, ResponseFormat, ToolChoice
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import CallerError, NotOffered, UpstreamError
from lockgate_ports.parts import Image, InlineSource, user
from lockgate_ports.payload import Payload
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.testkit.engine import SHORT, Engine
from lockgate_ports.testkit.grammar import check_grammar
from lockgate_ports.testkit.provider import fold
from lockgate_ports.testkit.said import said
from lockgate_ports.wire import Operation, Request

_CITIES = ("Paris", "Rome")
_SCHEMA = Raw(
    b'{"type":"object","properties":{"city":{"type":"string","enum":["Paris","Rome"]}},"required":["city"],'
    b'"additionalProperties":false}'
)
_HELD = structs.replace(
    SHORT,
    messages=(user("Name a city."),),
    max_tokens=100,
    response_format=ResponseFormat("json_schema", schema=_SCHEMA, name="city"),
)
WITH_TOOL = structs.replace(
    SHORT,
    messages=(user("What is the weather in Paris?"),),
    max_tokens=100,
    tools=(FunctionTool("weather", "The weather in a city.", _SCHEMA),),
    tool_choice=ToolChoice("required"),
)
"""A call that a model which calls tools must answer by calling one."""
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SEEING = structs.replace(SHORT, messages=(user("What is this?", Image(InlineSource(_PIXEL, "image/png"))),))
"""A call with a picture."""


class EngineAnswers:
    """Calls that come to an end, one way or the other."""

    async def test_an_answer_has_words_an_end_and_usage(self, engine: Engine) -> None:
        """Look at how the engine's last words are read: why it ended and what was counted, in the view and in the
        glance; and at whether the token limit reaches the engine."""
        reply = await engine.chat()
        (choice,) = reply.view.choices
        assert choice.text
        assert choice.finish_reason in ("stop", "length")
        usage = reply.view.usage
        assert usage is not None, "no usage was reported"
        assert usage.input_tokens
        assert usage.output_tokens
        assert usage.output_tokens <= (SHORT.max_tokens or 0), "more was generated than was asked for"
        assert reply.glance.usage == usage
        assert reply.glance.finish_reasons == (choice.finish_reason,)

    async def test_a_stream_keeps_the_grammar_and_says_what_a_plain_call_says(self, engine: Engine) -> None:
        """Look at `lockgate_ports.events` for the grammar, and at which of the two answers lacks something."""
        plain = (await engine.chat()).view
        events = await engine.events()
        check_grammar(events)
        streamed = fold(events)
        assert said(streamed) == said(plain)
        assert streamed.usage is not None, "the stream reported no usage"
        assert plain.usage is not None
        assert streamed.usage.output_tokens == plain.usage.output_tokens

    async def test_a_stop_word_ends_it(self, engine: Engine) -> None:
        """Look at how stop words reach the engine, and that the word itself is left out of the answer."""
        whole = (await engine.chat(structs.replace(SHORT, max_tokens=24))).view.text
        word = whole.strip()[1:4]
        reply = await engine.chat(structs.replace(SHORT, max_tokens=24, stop=(word,)))
        if "stop" not in reply.dropped:
            assert word not in reply.view.text
            assert [choice.finish_reason for choice in reply.view.choices] == ["stop"]

    async def test_a_client_of_any_dialect_is_answered(self, engine: Engine) -> None:
        """Look for bytes that are read as the engine's own language although the request says that they are another's;
        its view is there for that."""
        asked = engine.request(SHORT)
        foreign: Request[ChatRequest] = Request(
            operation="chat",
            model=asked.model,
            stream=False,
            dialect="another-dialect",
            body=b"\x00 no language that an engine knows",
            read=lambda: asked.view,
        )
        async with engine.waiting("an answer"):
            reply = await engine.port.chat(foreign, engine.attempt)
        assert said(reply.view) == said((await engine.chat()).view)

    async def test_a_model_that_it_has_not_is_not_found(self, engine: Engine) -> None:
        """Look at where the attempt's model is compared: an answer of another model must not be passed off as its."""
        error = await engine.refusal(model="no-such-model")
        assert (error.kind, error.sent) == ("not_found", False)

    async def test_a_prompt_beyond_the_context_is_told_as_that(self, engine: Engine) -> None:
        """Look at what the engine does with a prompt that is longer than `context_tokens` of its card: an UpstreamError
        of kind `context_length`, plain and streamed; cut in silence, the answer would be to another question."""
        context = engine.card.context_tokens
        assert context, "the card does not say how long a prompt may be"
        beyond = structs.replace(SHORT, messages=(user("word " * context * 2),))
        assert (await engine.refusal(beyond)).kind == "context_length"
        with pytest.raises(UpstreamError) as caught:
            await engine.events(beyond)
        assert caught.value.kind == "context_length"

    async def test_a_json_schema_is_kept_or_refused(self, engine: Engine) -> None:
        """Look at the card's `structured_output` and at what becomes of `response_format`: words that merely look like
        JSON are no structured output."""
        if engine.card.structured_output:
            answer = msgspec.json.decode((await engine.chat(_HELD)).view.text)
            assert answer in [{"city": city} for city in _CITIES]
        else:
            await _refused_or_named(engine, _HELD, "response_format")

    async def test_tools_are_called_or_refused(self, engine: Engine) -> None:
        """Look at the card's `tools`: a model that takes them calls one when it must, with an id and arguments in JSON,
        streamed as well; one that does not must not answer as though it had been offered none."""
        if not engine.card.tools:
            await _refused_or_named(engine, WITH_TOOL, None)
            return
        events = await engine.events(WITH_TOOL)
        check_grammar(events)
        for answer in ((await engine.chat(WITH_TOOL)).view, fold(events)):
            (choice,) = answer.choices
            assert choice.finish_reason == "tool_calls"
            assert [call.name for call in choice.tool_calls] == ["weather"]
            assert all(call.id for call in choice.tool_calls)
            assert msgspec.json.decode(choice.tool_calls[0].arguments)["city"] in _CITIES

    async def test_a_picture_is_seen_or_refused(self, engine: Engine) -> None:
        """Look at the card's `inputs`: an engine that sees no pictures says so, and leaves none out."""
        if "image" in (engine.card.inputs or ()):
            assert (await engine.chat(SEEING)).view.choices
        else:
            await _refused_or_named(engine, SEEING, None)

    async def test_what_it_does_not_offer_is_told_as_that(self, engine: Engine) -> None:
        """Look at `embed`, `rerank`, `count_tokens` and `pass_on`: each answers, or raises NotOffered, by which a
        gateway knows to ask elsewhere or to estimate."""
        model, port = engine.attempt.model, engine.port
        embed = EmbedRequest(model=model, inputs=("a",))
        rerank = RerankRequest(model=model, query="a", documents=("a",))
        count = structs.replace(SHORT, model=model)
        payload = Payload(b"{}")
        calls: tuple[tuple[Any, Operation, Any], ...] = (
            (port.embed, "embeddings", embed),
            (port.rerank, "rerank", rerank),
            (port.count_tokens, "count_tokens", count),
            (port.pass_on, "moderations", payload),
        )
        for call, operation, view in calls:
            await _answered_or_not_offered(engine, call, operation, view)

    async def test_the_model_is_listed_and_a_probe_is_a_call(self, engine: Engine) -> None:
        """Look at `models`, `discover` and `probe`: there is nobody else to ask, so what is loaded is the list."""
        assert "chat" in engine.card.operations
        async with engine.waiting("the list of models"):
            assert engine.attempt.model in [card.id for card in await engine.port.discover(engine.attempt)]
        async with engine.waiting("the end of a probe"):
            await engine.port.probe(engine.attempt)


async def _refused_or_named(engine: Engine, view: ChatRequest, advises: str | None) -> None:
    """Content is refused; what only `advises` may be left out, by its name."""
    try:
        reply = await engine.chat(view)
    except (CallerError, UpstreamError) as error:
        refused = error
    else:
        assert advises is not None, "it was answered as though it had not been there"
        assert advises in reply.dropped, f"{advises} was left out in silence"
        return
    assert isinstance(refused, CallerError) or refused.kind == "invalid_request", refused


async def _answered_or_not_offered(engine: Engine, call: Any, operation: Operation, view: Any) -> None:
    request: Request[Any] = Request(operation=operation, model=engine.attempt.model, stream=False, view=view)
    async with engine.waiting(f"an answer of {operation}"):
        try:
            assert (await call(request, engine.attempt)).view is not None
        except NotOffered:
            return
