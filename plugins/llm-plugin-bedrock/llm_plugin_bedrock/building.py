"""How a provider of the kind `bedrock` is built from its settings."""

import time
from collections.abc import Callable, Sequence
from typing import get_args

from msgspec import structs

from llm_plugin_anthropic.betas import beta_fields
from llm_plugin_bedrock.auth import BedrockAuth
from llm_plugin_bedrock.counting import BedrockCountTokens
from llm_plugin_bedrock.dialect import BedrockConverse
from llm_plugin_bedrock.embeddings import InvokeEmbeddings
from llm_plugin_bedrock.families import family_of
from llm_plugin_bedrock.invoke import body_of, invoke_dialect
from llm_plugin_bedrock.model import BedrockModel
from llm_plugin_bedrock.settings import BedrockSettings, Body, endpoint_of, region_of
from llm_plugin_bedrock.sources import source_of
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import overlaid
from lockgate_ports.dialect import ChatProviderDialect
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.switchboard import Line, Switchboard


def build_bedrock(settings: BedrockSettings, context: BuildContext, catalogue: Sequence[ModelCard]) -> BedrockModel:
    """Raises SettingsError for settings that make no sense together, and for a beta that cannot be."""
    if settings.response_limit < 1:
        raise SettingsError("response_limit must be at least 1 byte")
    if settings.access_key_id is not None and settings.auth not in (None, "sigv4"):
        raise SettingsError(f"access_key_id: auth: {settings.auth} brings its own; take one of the two out")
    origin, prefix = endpoint_of(settings)
    auth = BedrockAuth(
        settings.auth,
        region_of(settings),
        settings.access_key_id,
        source_of(settings, context, time.time),
        time.time,
    )
    endpoint = Endpoint(
        origin=origin, prefix=prefix, auth=auth, params=settings.params, response_limit=settings.response_limit
    )
    cards = overlaid(catalogue, settings.models)
    return BedrockModel(Switchboard(*_lines(settings, context, endpoint, cards), cards))


def _lines(
    settings: BedrockSettings, context: BuildContext, endpoint: Endpoint, cards: tuple[ModelCard, ...]
) -> tuple[tuple[HttpModel, ...], Callable[[str], Line]]:
    """Converse; the same where a client of Claude's own language is served in it; and InvokeModel by body."""
    converse = BedrockConverse(settings.behind)
    betas = (*beta_fields(settings.betas), *endpoint.headers)
    bodies = {body: invoke_dialect(body, settings.behind, cards) for body in get_args(Body)}

    def line(chat: ChatProviderDialect, *also: ChatProviderDialect) -> HttpModel:
        languages = Languages(
            chat=chat,
            also=also,
            embeddings=InvokeEmbeddings(),
            count_tokens=BedrockCountTokens(settings.behind),
        )
        claude = bodies["anthropic"] in (chat, *also)
        place = structs.replace(endpoint, headers=betas) if claude else endpoint
        return HttpModel(context.name, languages, place, context.http)

    plain, claude = line(converse), line(converse, bodies["anthropic"])
    invoked = {body: line(dialect) for body, dialect in bodies.items()}

    def line_of(model: str) -> Line:
        body = settings.invoke.get(model)
        if body is None:
            body = body_of(family_of(settings.behind.get(model, model)))
            if settings.api == "converse" or body is None:
                return (claude if body == "anthropic" else plain), model
        return invoked[body], model

    return (plain, claude, *invoked.values()), line_of
