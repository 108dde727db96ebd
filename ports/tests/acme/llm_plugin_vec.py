"""A toy dialect for embeddings, its plugin, and the samples for its contract."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.embed import Embedding, EmbedRequest, EmbedResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.hooks import BuildContext, ModelFactory, NoSettings, hookimpl
from lockgate_ports.http import NO_HEADERS, HttpRequest, Origin
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.testkit import ALIAS, KEY, OperationAsked, OperationSample, OperationSamples, Refused
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Operation

ORIGIN = Origin("http", "vec.test", 80)


class Wire(msgspec.Struct):
    v: list[tuple[int, list[float]]]
    n: int | None = None


class Vec:
    """A toy dialect: `{"m": model, "t": texts, "d": size}` is answered by `{"v": [[index, vector]], "n": tokens}`."""

    name = "vec-embeddings"
    operation: Operation = "embeddings"

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        return self._post(msgspec.json.encode({"m": upstream.model, "t": view.inputs, "d": view.dimensions}), upstream)

    def relay_request(self, body: bytes, headers: Any, upstream: Upstream, wire: object = None) -> Written:
        return self._post(body.replace(ALIAS.encode(), upstream.model.encode()), upstream)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        return Glance(None, self.usage(self.wire(body)))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        wire = self.wire(body)
        vectors = tuple(Embedding(index, tuple(vector)) for index, vector in self.ordered(wire.v))
        return EmbedResponse(embeddings=vectors, usage=self.usage(wire))

    def read_error(self, status: int, headers: Any, body: bytes) -> UpstreamError:
        kinds: Any = {401: "auth", 429: "rate_limit", 503: "overloaded"}
        wait = headers.get("retry-after")
        return UpstreamError(
            "failed",
            kind=kinds.get(status, "transient"),
            upstream_status=status,
            upstream_message=body[:200].decode("utf-8", "replace"),
            retry_after=float(wait) if wait else None,
        )

    def wire(self, body: bytes) -> Wire:
        try:
            wire = msgspec.json.decode(body, type=Wire)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamError(f"no vectors: {error}", kind="transient") from None
        if not wire.v:
            raise UpstreamError("no vectors", kind="transient")
        return wire

    def ordered(self, vectors: list[tuple[int, list[float]]]) -> list[tuple[int, list[float]]]:
        return sorted(vectors)

    def usage(self, wire: Wire) -> Usage | None:
        return None if wire.n is None else Usage(input_tokens=wire.n, output_tokens=0)

    def _post(self, body: bytes, upstream: Upstream) -> Written:
        return Written(HttpRequest("POST", upstream.origin, "/embed", (), body))


def plugin_of(dialect: Vec) -> ModuleType:
    def build(settings: NoSettings, context: BuildContext) -> HttpModel:
        endpoint = Endpoint(origin=ORIGIN, prefix="", auth=HeaderAuth())
        return HttpModel(context.name, Languages(embeddings=dialect), endpoint, context.http)

    factory = ModelFactory(kind="vec", settings=NoSettings, build=build, origins=lambda _: (ORIGIN,))
    module = ModuleType("llm_plugin_vec")

    @hookimpl
    def register_models() -> Any:
        return (factory,)

    module.register_models = register_models  # type: ignore[attr-defined]
    return module


def read_back(request: HttpRequest) -> OperationAsked:
    asked = msgspec.json.decode(request.body)
    return OperationAsked(model=asked["m"], texts=tuple(asked["t"]), size=asked["d"])


SAMPLES = OperationSamples(
    dialect="vec-embeddings",
    read_back=read_back,
    answer=OperationSample(
        body=b'{"v":[[2,[3]],[0,[1]],[1,[2]]],"n":7}',
        said=((1.0,), (2.0,), (3.0,)),
        usage=Usage(input_tokens=7, output_tokens=0),
    ),
    no_usage=OperationSample(body=b'{"v":[[0,[1]]]}', said=((1.0,),)),
    invalid_key=Refused(status=401, kind="auth", body=f"bad key {KEY}".encode()),
    rate_limited=Refused(status=429, kind="rate_limit", body=b"", headers=(("retry-after", "7"),), retry_after=7.0),
    server_error=Refused(status=503, kind="overloaded", body=b""),
    no_answer=(b'{"v":[]}',),
    relay_request=b'{ "zz": 1.50,"m":"' + ALIAS.encode() + b'"}',
)
