"""Whole answers: what was asked goes out, what was said comes back."""

from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.provider import QUESTION, TOOL_NAMES, WITH_TOOLS, Provider
from lockgate_ports.testkit.said import ids, said
from lockgate_ports.testkit.samples import Sample


class PlainAnswers(Declared):
    """Calls that are not streamed."""

    async def test_an_answer_says_what_the_provider_said(self, provider: Provider, sample: Sample) -> None:
        """Look at the dialect's `read_response`: words, thinking, refusals, tool calls, the finish reason of each
        choice. A finish reason of None means that the provider's word for it is missing in the dialect's table."""
        reply = await provider.chat(provider.plain(sample))
        assert said(reply.view) == said(sample)

    async def test_the_finish_reason_is_the_one_given(self, provider: Provider) -> None:
        """Look at how the dialect maps its finish reasons: an end by itself is `stop`, an end at the token limit
        `length`, and an answer that calls tools `tool_calls`, even where the provider calls that a stop."""
        samples = provider.samples
        for sample, reason in ((samples.text, "stop"), (samples.length, "length"), (samples.tool_call, "tool_calls")):
            reply = await provider.chat(provider.plain(sample))
            assert [choice.finish_reason for choice in reply.view.choices] == [reason]
            assert reply.glance.finish_reasons == (reason,)

    async def test_usage_is_what_was_reported(self, provider: Provider) -> None:
        """Look at how the dialect reads usage. Totals count everything, shares (cached, reasoning) are counted in them;
        a class of token that was not reported is None."""
        reply = await provider.chat(provider.plain(provider.samples.text))
        assert reply.view.usage == provider.samples.text.usage
        assert reply.glance.usage == provider.samples.text.usage

    async def test_usage_that_was_not_reported_is_none(self, provider: Provider) -> None:
        """Look for a default of 0 where the dialect reads usage: an unknown cost must not look like a free call."""
        reply = await provider.chat(provider.plain(provider.samples.no_usage))
        assert reply.view.usage is None
        assert reply.glance.usage is None

    async def test_parallel_tool_calls_keep_order_and_id(self, provider: Provider) -> None:
        """Look at how tool calls are read: each call is a part of its own with the id that its result must name. Where
        the wire has no ids the dialect makes up ids that differ."""
        sample = provider.samples.parallel_tools
        reply = await provider.chat(provider.plain(sample), view=WITH_TOOLS)
        for choice, expected in zip(reply.view.choices, sample.choices, strict=True):
            check_ids(ids(choice), ids(expected))

    async def test_the_request_carries_what_was_asked(self, provider: Provider) -> None:
        """Look at the dialect's `write_request`: the provider's own name of the model, each message in order, the
        tools offered and the token limit must stand in the request, and `stream` only when a stream is wanted."""
        await provider.chat(provider.plain(provider.samples.tool_call), view=WITH_TOOLS)
        await provider.stream(provider.streamed(provider.samples.text.stream))
        plain, streamed = (provider.samples.read_back(request) for request in provider.http.requests)
        assert (plain.model, streamed.model) == (provider.attempt.model, provider.attempt.model)
        assert plain.messages == tuple((message.role, message.text) for message in WITH_TOOLS.messages)
        assert plain.tools == TOOL_NAMES
        assert streamed.tools == ()
        assert plain.max_tokens == QUESTION.max_tokens
        assert (plain.stream, streamed.stream) == (False, True)

    async def test_a_probe_is_one_real_call(self, provider: Provider) -> None:
        """Look at `probe`: it asks the model once, with the key, and returns when that worked."""
        await provider.probe(provider.plain(provider.samples.text))
        assert [provider.samples.read_back(request).model for request in provider.http.requests] == [
            provider.attempt.model
        ]


def check_ids(given: list[str], expected: list[str]) -> None:
    """The ids of tool calls: those of the wire, or made-up ones that differ."""
    assert [one for one in given if not one] == [], f"a tool call has no id: {given}"
    assert len(set(given)) == len(given), f"two tool calls share an id: {given}"
    assert [mine if theirs else "" for mine, theirs in zip(given, expected, strict=True)] == expected
