"""Streams: the same answer in pieces, however the network splits them, and never more than was said."""

import asyncio
from contextlib import suppress

from lockgate_ports.events import Failure, Finish, Skipped, TextDelta
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.grammar import check_grammar
from lockgate_ports.testkit.plain import check_ids
from lockgate_ports.testkit.provider import WITH_TOOLS, Provider, fold
from lockgate_ports.testkit.said import ids, said, said_in_full
from lockgate_ports.testkit.samples import Sample
from lockgate_ports.testkit.scripted import Exchange
from lockgate_ports.testkit.splitting import Splitting, first_letter_outside_ascii


class StreamedAnswers(Declared):
    """Calls that are streamed."""

    async def test_a_stream_says_what_the_provider_said(
        self, provider: Provider, sample: Sample, splitting: Splitting
    ) -> None:
        """Look at the dialect's event reader. When only `bytes` or `code-points` fails, it takes a chunk for an event,
        or decodes UTF-8 before an event is complete; `SseParser` does neither."""
        answer = await provider.folded(sample.stream, splitting)
        assert said(answer) == said(sample)
        assert answer.usage == sample.usage

    async def test_a_stream_and_a_plain_answer_are_the_same(self, provider: Provider, sample: Sample) -> None:
        """Look at which of the two lacks something: model, usage, finish reason, the kinds and order of the parts."""
        plain = (await provider.chat(provider.plain(sample))).view
        assert said_in_full(await provider.folded(sample.stream)) == said_in_full(plain)

    async def test_a_stream_keeps_the_grammar(self, provider: Provider, sample: Sample) -> None:
        """Look at `lockgate_ports.events` for the grammar: one Start, the deltas of each part, one Finish a choice, no
        delta of that choice after it; the first delta of a tool call brings id and name."""
        events, error = await provider.stream(provider.streamed(sample.stream, "whole"))
        assert error is None
        check_grammar(events)

    async def test_streamed_parallel_tool_calls_keep_index_and_id(
        self, provider: Provider, splitting: Splitting
    ) -> None:
        """Look at how pieces of arguments find their call: by the index of the wire, each call as a `part` of its own.
        A reader that forgets the index glues two calls into one."""
        sample = provider.samples.parallel_tools
        answer = await provider.folded(sample.stream, splitting, view=WITH_TOOLS)
        assert said(answer) == said(sample)
        for choice, expected in zip(answer.choices, sample.choices, strict=True):
            check_ids(ids(choice), ids(expected))

    async def test_streamed_usage_that_was_not_reported_is_none(self, provider: Provider) -> None:
        """Look for a usage report made up of zeros: what the provider did not say stays unknown."""
        assert (await provider.folded(provider.samples.no_usage.stream)).usage is None

    async def test_a_cut_stream_is_not_finished(self, provider: Provider) -> None:
        """Look for a Finish made up at the end of the bytes. The reader tells what came; the engine judges whether it
        was all. What had come before the cut must have been handed on."""
        stream = provider.samples.text.stream
        cut = first_letter_outside_ascii(stream)
        assert cut is not None
        for ending in ("cut", "complete"):
            exchange = Exchange(
                headers=(("content-type", provider.samples.event_content_type),),
                chunks=(stream[:cut], stream[cut : cut + 1]),
                ending="cut" if ending == "cut" else "complete",
            )
            events, error = await provider.stream(exchange)
            assert [event for event in events if isinstance(event, Finish)] == []
            if ending == "cut":
                assert error is not None, "the connection was lost, and nobody was told"
                assert error.kind in ("transient", "timeout")
                assert error.provider_id

    async def test_words_are_handed_on_as_they_arrive(self, provider: Provider) -> None:
        """Look for a reader that collects events until the stream ends: a client must see the first words at once."""
        sample = provider.samples.text
        stalled = Exchange(
            headers=(("content-type", provider.samples.event_content_type),),
            chunks=tuple(provider.samples.split_events(sample.stream)),
            ending="stall",
        )
        stream = await provider.open_stream(stalled)
        words = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                async for batch in stream:
                    words += "".join(event.text for event in batch if isinstance(event, TextDelta))
                    if words == sample.choices[0].text:
                        break
        await stream.aclose()
        assert words == sample.choices[0].text

    async def test_a_malformed_event_breaks_nothing_else(self, provider: Provider) -> None:
        """Look at what the reader does with a payload that it cannot decode: tell it as Skipped, so
        that it is counted, or end the stream with an UpstreamError. Any other exception would take the client's stream
        down without a word."""
        sample = provider.samples.text
        events = provider.samples.split_events(sample.stream)
        middle = len(events) // 2
        stream = b"".join([*events[:middle], provider.samples.malformed_event, *events[middle:]])
        read, error = await provider.stream(provider.streamed(stream))
        if error is None:
            assert said(fold(read)) == said(sample)
            assert sum(isinstance(event, Skipped) for event in read) == 1, "passed over, and told to nobody"
        else:
            assert error.kind in ("transient", "fatal")
            assert [event for event in read if isinstance(event, Finish)] == []

    async def test_an_error_in_a_stream_is_a_failure(self, provider: Provider) -> None:
        """Look at whether the reader knows its dialect's error event. Passed over, it would look like an answer that
        ended early; taken for words, like an answer."""
        broken = provider.samples.broken_stream
        for relay in (None, provider.samples.relay_request):
            events, error = await provider.stream(provider.streamed(broken.stream), relay=relay)
            assert error is not None, "the provider told of an error, and the stream did not"
            assert error.kind == broken.kind
            assert error.provider_id
            assert [event for event in events if isinstance(event, Finish)] == []
            assert not isinstance(events[-1], Failure) or events[-1].error is error

    async def test_a_whole_answer_to_a_streamed_call_is_told_as_a_stream(self, provider: Provider) -> None:
        """Look at `read_response`: a provider may answer a streamed call with one JSON body. When the dialect
        streams JSON bodies anyway, its event reader has to cope."""
        sample = provider.samples.text
        if provider.samples.event_content_type == "application/json":
            return
        events, error = await provider.stream(provider.plain(sample))
        assert error is None
        check_grammar(events)
        assert said(fold(events)) == said(sample)
