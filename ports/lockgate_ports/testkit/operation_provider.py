"""A provider of embeddings or rerankings under test: built from its plugin, in front of a scripted upstream."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import msgspec
from msgspec import structs

from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.model import Attempt
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.secret import Secret
from lockgate_ports.testkit.operation_samples import OperationSample, OperationSamples
from lockgate_ports.testkit.provider import NAME
from lockgate_ports.testkit.samples import ALIAS, KEY
from lockgate_ports.testkit.scripted import Exchange, Script, ScriptedHttp
from lockgate_ports.wire import Reply, Request

EMBED = EmbedRequest(model=ALIAS, inputs=("Grüße", "東京", "🗼"), dimensions=2, input_type="document")
RERANK = RerankRequest(model=ALIAS, query="Wo?", documents=("Grüße", "東京", "🗼"), top_n=3)
_PATIENCE = 20.0


class OperationProvider:
    """`ask` plays a script and gives the reply; `http` remembers what was sent."""

    def __init__(
        self,
        operation: Literal["embeddings", "rerank"],
        factory: ModelFactory[Any],
        settings: Mapping[str, Any],
        model: str,
        samples: OperationSamples,
    ) -> None:
        self.operation: Literal["embeddings", "rerank"] = operation
        self.factory = factory
        self.samples = samples
        self.settings = msgspec.convert(settings, factory.settings)
        self.http = ScriptedHttp()
        self.port = factory.build(self.settings, BuildContext(NAME, self.http))
        self.attempt = Attempt(model, Secret(KEY, "env:CONTRACT_KEY"))
        self.embed = structs.replace(
            EMBED,
            inputs=EMBED.inputs if samples.several else EMBED.inputs[:1],
            dimensions=EMBED.dimensions if samples.sized else None,
        )
        """What is asked, where vectors are."""
        self._opened = False

    def answered(self, sample: OperationSample) -> Exchange:
        """The sample as an answer."""
        return Exchange(headers=sample.headers, chunks=(sample.body,))

    async def ask(self, *script: Script, relay: bytes | None = None) -> Reply[Any]:
        """One answer; `relay` are the bytes of a client that speaks the provider's own dialect."""
        self.http.script.extend(script)
        if not self._opened:
            self._opened = True
            await self.port.open()
        async with asyncio.timeout(_PATIENCE):
            if self.operation == "embeddings":
                return await self.port.embed(self._request(self.embed, relay), self.attempt)
            return await self.port.rerank(self._request(RERANK, relay), self.attempt)

    def _request(self, view: Any, relay: bytes | None) -> Request[Any]:
        if relay is None:
            return Request(operation=self.operation, model=ALIAS, stream=False, view=view)
        return Request(
            operation=self.operation,
            model=ALIAS,
            stream=False,
            dialect=self.samples.dialect,
            body=relay,
            read=_needless,
        )


def said_by(view: EmbedResponse | RerankResponse) -> tuple[tuple[float, ...], ...]:
    """What an answer says, in the form of a sample. Fails when vectors are not in the order of their inputs."""
    if isinstance(view, RerankResponse):
        return tuple((result.index, result.score) for result in view.results)
    places = [embedding.index for embedding in view.embeddings]
    assert places == list(range(len(places))), f"vectors out of order: {places}"
    return tuple(embedding.floats for embedding in view.embeddings)


def _needless() -> NoReturn:
    raise AssertionError("the canonical view was decoded although client and provider speak the same dialect")
