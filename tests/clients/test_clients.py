"""The SDKs that are here anyway, in front of upstreams of three languages; `make clients` runs many more."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from at import At
from gateway import serving
from roster import SCENES
from scripted import CLIENT_KEY, LANGUAGES, VARIABLES, scripted, settings

CLIENTS = ("use_openai_chat", "use_openai_responses", "use_anthropic", "use_google_genai")


PLAYS = [(name, scene) for name in CLIENTS for scene in SCENES if hasattr(importlib.import_module(name), scene)]


@asynccontextmanager
async def standing(language: str) -> AsyncIterator[At]:
    async with scripted() as upstream, serving(settings(upstream.url), env=VARIABLES) as gateway:
        yield At(gateway.url, CLIENT_KEY, upstream.url, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("client", "scene"), PLAYS)
async def test_the_client_works(client: str, scene: str, language: str) -> None:
    module = importlib.import_module(client)
    async with standing(language) as place:
        await asyncio.to_thread(getattr(module, scene), place)
