"""What a person wants to know of a deployment before trusting it: who can be reached, what resolves, what holds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Literal

from msgspec import structs

from lockgate.chain import Chain
from lockgate.checking_refs import used_refs
from lockgate.deployment import Deployment
from lockgate.doctor_stores import stores
from lockgate.findings import Area, Finding, Report, Tell, tried
from lockgate_core.explain import Explanation
from lockgate_ports.chat import ChatRequest
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.wire import Request


async def examine(deployment: Deployment, *, call: bool, tell: Tell) -> Report:
    """Looks at everything. Providers are asked for their lists of models, which costs nothing; with `call` each gets
    one real, tiny call. Fallbacks are tried in this process, at stand-ins for the providers: nobody is asked."""
    found = [finding async for finding in _findings(deployment, call, tell)]
    return Report(all(each.ok is not False for each in found), tuple(found))


async def _findings(deployment: Deployment, call: bool, tell: Tell) -> AsyncIterator[Finding]:
    for plugin in deployment.plugins.quarantined:
        name = plugin.name or plugin.distribution
        yield Finding(area="plugin", name=name, ok=None, detail=f"set aside: {plugin.reason}")
    for finding in await _keys(deployment, tell):
        yield finding
    for finding in await _providers(deployment, call, tell):
        yield finding
    for name in (*deployment.settings.routes, *deployment.settings.profiles):
        tell(f"the route {name}")
        async for finding in _route(deployment, name):
            yield finding
    async for finding in stores(deployment, tell):
        yield finding


async def _keys(deployment: Deployment, tell: Tell) -> Sequence[Finding]:
    rows = {name: row for name, row in deployment.settings.providers.items() if row.status != "disabled"}
    used = used_refs(structs.replace(deployment.settings, providers=rows))
    tell(f"{len(used)} keys" if len(used) != 1 else "the key")

    async def fetched(ref: str) -> str:
        await deployment.secrets.fetch(ref)
        return f"is there, for {', '.join(used[ref])}"

    return await asyncio.gather(*(tried("key", ref, partial(fetched, ref)) for ref in used))


async def _providers(deployment: Deployment, call: bool, tell: Tell) -> Sequence[Finding]:
    ids = [each for each, row in deployment.settings.providers.items() if row.status != "disabled"]
    tell("the providers" if len(ids) != 1 else f"the provider {ids[0]}")
    look = _called if call else _listed
    return await asyncio.gather(*(look(deployment, each) for each in ids))


async def _called(deployment: Deployment, provider_id: str) -> Finding:
    from lockgate.surfaces.mounting import models_of

    provider = deployment.providers[provider_id]
    models = models_of(provider_id, provider, deployment.settings)
    if not models:
        detail = "not called: no route and no catalogue names a model of it"
        return Finding(area="provider", name=provider_id, ok=None, detail=detail)

    async def called() -> str:
        await provider.port.probe(Attempt(models[0], await provider.secret()))
        return f"answered a call to {models[0]}"

    return await tried("provider", provider_id, called)


async def _listed(deployment: Deployment, provider_id: str) -> Finding:
    provider = deployment.providers[provider_id]

    async def listed() -> str:
        cards = await provider.port.discover(Attempt("", await provider.secret()))
        return f"answered, with a list of {len(cards)} models"

    try:
        return await tried("provider", provider_id, listed)
    except Unsupported:
        detail = "not asked: it has no list of models; --call makes a real call"
        return Finding(area="provider", name=provider_id, ok=None, detail=detail)


async def _route(deployment: Deployment, name: str) -> AsyncIterator[Finding]:
    settings = deployment.settings
    area: Area = "route" if name in settings.routes else "profile"
    route = settings.routes.get(name)
    if route is not None and "{" in "".join(route.names):
        detail = "answers for the names of others; ask `lockgate explain` for one of them"
        yield Finding(area=area, name=name, ok=None, detail=detail)
        return
    request, told = _resolved(deployment, name)
    if told.error is not None or not told.targets:
        dropped = "; ".join(f"{each.target} {each.reason}" for each in told.dropped)
        yield Finding(area=area, name=name, ok=False, detail=told.error or f"nobody may answer: {dropped}")
        return
    yield Finding(area=area, name=name, ok=True, detail=" then ".join(each.target for each in told.targets))
    chain = Chain(settings, deployment.egress, request, told)
    if area == "route" and chain.is_one:
        faults = await chain.faults()
        held = "each target takes over when those before it fail"
        yield Finding(area="fallbacks", name=name, ok=not faults, detail="; ".join(faults) or held)


def _resolved(deployment: Deployment, name: str) -> tuple[Request[Any], Explanation]:
    """As the first operation that somebody on the route can do."""
    views: tuple[tuple[Literal["chat", "embeddings", "rerank"], Any], ...] = (
        ("chat", ChatRequest(model=name, messages=(user("hi"),))),
        ("embeddings", EmbedRequest(model=name, inputs=("hi",))),
        ("rerank", RerankRequest(model=name, query="hi", documents=("hi",))),
    )
    asked = [Request(operation=operation, model=name, stream=False, view=view) for operation, view in views]
    told = [deployment.explainer.explain(request) for request in asked]
    return next(
        ((request, each) for request, each in zip(asked, told, strict=True) if each.error is None and each.targets),
        (asked[0], told[0]),
    )
