"""The kind `azure-openai`: settings, and how a provider is built from them."""

import time
from typing import Literal

from msgspec import Struct, structs

from llm_plugin_anthropic.betas import beta_fields
from llm_plugin_anthropic.count_tokens import AnthropicCountTokens
from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_anthropic.quirks import FIRST_VERSION
from llm_plugin_anthropic.quirks import Quirks as ClaudeQuirks
from llm_plugin_azure.entra import AUTHORITY, FOUNDRY_SCOPE, SCOPE, EntraAuth, Grant
from llm_plugin_azure.targets import CLAUDES_PLACE, Paths, resource_prefix, target_of
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.embeddings.dialect import OpenAIEmbeddings
from llm_plugin_openai.passed.dialect import passed
from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai.responses.dialect import OpenAIResponses
from lockgate_ports.auth import Auth, HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Origin
from lockgate_ports.http_endpoint import Endpoint, endpoint_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, address, header_fields
from lockgate_ports.switchboard import Line, Switchboard

_KEY_HEADER = "api-key"
_CLAUDES_KEY_HEADER = "x-api-key"


class AzureSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_url` is the resource (`https://NAME.openai.azure.com`, `https://NAME.services.ai.azure.com`); a model's
    name is that of its deployment. `api` is the one that a request in another language is translated for.

    `claude` names, for a deployment of Claude whose name does not say so, the model that it stands for; `betas` are
    Anthropic's, for every request to Claude. `response_limit` is in bytes, of one whole answer.
    """

    base_url: str
    paths: Paths = "v1"
    api: Literal["chat", "responses"] = "chat"
    api_version: str | None = None
    auth: Literal["api-key", "entra"] = "api-key"
    tenant_id: str | None = None
    client_id: str | None = None
    authority: str = AUTHORITY
    scope: str | None = None
    headers: dict[str, str] = {}
    claude: dict[str, str] = {}
    betas: tuple[str, ...] = ()
    params: Params = "drop"
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build(settings: AzureSettings, context: BuildContext) -> Switchboard:
    """Raises SettingsError for a base URL, header, beta or way of signing in that cannot be."""
    cards = overlaid((), settings.models)
    openai = HttpModel(context.name, _openai(settings), _placed(settings, context, _KEY_HEADER, SCOPE), context.http)
    place = _placed(settings, context, _CLAUDES_KEY_HEADER, FOUNDRY_SCOPE)
    versioned = (("anthropic-version", FIRST_VERSION), *beta_fields(settings.betas), *place.headers)
    place = structs.replace(place, prefix=place.prefix + CLAUDES_PLACE, headers=versioned)
    claude = HttpModel(context.name, _claude(settings, cards), place, context.http)

    def line_of(deployment: str) -> Line:
        speaks = deployment in settings.claude or "claude" in deployment.lower()
        return (claude if speaks else openai), deployment

    return Switchboard((openai, claude), line_of, cards)


def _openai(settings: AzureSettings) -> Languages:
    target = target_of(settings.paths, settings.api_version)
    chat = OpenAIChat(Quirks(max_tokens_field=settings.max_tokens_field), target)
    responses = OpenAIResponses(target)
    main, also = (chat, responses) if settings.api == "chat" else (responses, chat)
    return Languages(
        chat=main,
        also=(also,),
        embeddings=OpenAIEmbeddings(target),
        passed=passed(("audio", "images"), target),
        free_text=(chat.name, responses.name),
    )


def _claude(settings: AzureSettings, cards: tuple[ModelCard, ...]) -> Languages:
    quirks = ClaudeQuirks(behind=settings.claude, models=cards)
    return Languages(chat=AnthropicMessages(quirks), count_tokens=AnthropicCountTokens(quirks))


def _placed(settings: AzureSettings, context: BuildContext, key_header: str, scope: str) -> Endpoint:
    headers = header_fields(settings.headers, key_header if settings.auth == "api-key" else "authorization")
    auth = _auth(settings, context, key_header, scope)
    placed = endpoint_of(settings, settings.base_url, headers, auth)
    return structs.replace(placed, prefix=resource_prefix(placed.prefix))


def _auth(settings: AzureSettings, context: BuildContext, key_header: str, scope: str) -> Auth:
    if settings.auth == "api-key":
        for name in ("tenant_id", "client_id"):
            if getattr(settings, name) is not None:
                raise SettingsError(f"{name} belongs to auth: entra; set that, or take it out")
        return HeaderAuth(key_header, "")
    if not settings.tenant_id or not settings.client_id:
        missing = "client_id" if settings.tenant_id else "tenant_id"
        raise SettingsError(f"{missing} is missing; auth: entra needs tenant_id, client_id and credential_ref")
    origin, prefix = _authority(settings)
    grant = Grant(
        origin=origin,
        prefix=prefix,
        tenant_id=settings.tenant_id,
        client_id=settings.client_id,
        scope=settings.scope or scope,
    )
    return EntraAuth(grant, context.http, time.monotonic)


def _authority(settings: AzureSettings) -> tuple[Origin, str]:
    try:
        return address(settings.authority)
    except SettingsError as error:
        raise SettingsError(error.message.replace("base_url", "authority", 1)) from None


def _origins(settings: AzureSettings) -> tuple[Origin, ...]:
    own = address(settings.base_url)[0]
    return (own, _authority(settings)[0]) if settings.auth == "entra" else (own,)


AZURE_OPENAI = ModelFactory(
    kind="azure-openai",
    settings=AzureSettings,
    build=build,
    origins=_origins,
    summary="Deployments on Azure: OpenAI's models, Claude, and others of Foundry.",
    needs_credential=True,
)
