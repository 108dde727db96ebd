"""Relaying: client and provider speak the same dialect, so the bytes go through as they are."""

from lockgate_ports.events import Finish, Relayed, UsageReport
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.provider import Provider, fold
from lockgate_ports.testkit.samples import ALIAS, Sample
from lockgate_ports.testkit.splitting import Splitting
from lockgate_ports.usage import Usage


class Relaying(Declared):
    """Calls of a client that speaks the provider's own dialect."""

    async def test_a_relayed_request_keeps_its_bytes(self, provider: Provider) -> None:
        """Look at `relay_request`: unknown fields, key order, spacing and big integers stay; the model alone is patched
        in place. A test that says 'the view was decoded' has found needless work, and a loss."""
        await provider.chat(provider.plain(provider.samples.text), relay=provider.samples.relay_request)
        (request,) = provider.http.requests
        expected = provider.samples.relay_request.replace(ALIAS.encode(), provider.attempt.model.encode())
        assert request.body == expected
        assert provider.samples.read_back(request).model == provider.attempt.model

    async def test_a_relayed_answer_keeps_its_bytes(self, provider: Provider, sample: Sample) -> None:
        """Look at whether the reply carries the body as it came, and the name of the dialect; what a glance at it tells
        must agree with what a whole decode tells."""
        reply = await provider.chat(provider.plain(sample), relay=provider.samples.relay_request)
        assert reply.dialect == provider.samples.dialect
        assert reply.body == sample.body
        assert reply.glance.usage == reply.view.usage == sample.usage
        assert reply.glance.model == reply.view.model
        assert reply.glance.finish_reasons == tuple(choice.finish_reason for choice in sample.choices)

    async def test_a_relayed_stream_keeps_its_bytes(
        self, provider: Provider, sample: Sample, splitting: Splitting
    ) -> None:
        """Look at the `raw` of relayed events: joined, they are the stream, but for what closes it. Finish reasons and
        usage must have been noticed on the way: the engine counts by them."""
        events, error = await provider.stream(
            provider.streamed(sample.stream, splitting), relay=provider.samples.relay_request
        )
        assert error is None
        raw = b"".join(event.raw for event in events if isinstance(event, Relayed))
        assert raw == provider.samples.to_client(sample.stream)
        finishes: list[Finish] = []
        usage: Usage | None = None
        for event in events:
            match event:
                case Relayed():
                    finishes.extend(event.finishes)
                    usage = event.usage or usage
                case Finish():
                    finishes.append(event)
                case UsageReport():
                    usage = event.usage
                case _:
                    pass
        assert {finish.choice: finish.reason for finish in finishes} == {
            choice.index: choice.finish_reason for choice in sample.choices
        }
        assert len(finishes) == len(sample.choices)
        assert usage == sample.usage
        assert any(event.content for event in events if isinstance(event, Relayed))

    async def test_a_relayed_stream_tells_what_it_says_to_whoever_keeps_it(
        self, provider: Provider, sample: Sample, splitting: Splitting
    ) -> None:
        """Look at `event_reader`: with `relay` and without it, the same bytes must make up the same answer, and what
        goes to the client stays as it came."""
        events, error = await provider.stream(
            provider.streamed(sample.stream, splitting), relay=provider.samples.relay_request, tell=True
        )
        assert error is None
        raw = b"".join(event.raw for event in events if isinstance(event, Relayed))
        assert raw == provider.samples.to_client(sample.stream)
        told = [each for event in events if isinstance(event, Relayed) for each in event.told]
        assert fold(told) == await provider.folded(sample.stream)
