"""The kind `vertex`: settings, and how a provider is built from them."""

import re
from typing import Literal

from msgspec import Struct, structs

from llm_plugin_anthropic.betas import beta_fields
from llm_plugin_anthropic.count_tokens import AnthropicCountTokens
from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_google.count_tokens import GeminiCountTokens
from llm_plugin_google.dialect import Gemini
from llm_plugin_google.embeddings import GeminiEmbeddings
from llm_plugin_google.models import GOOGLES_OWN
from llm_plugin_google.partners import CLAUDE, OPEN_MODELS, claude_error, maker_and_name, openai_target
from llm_plugin_google.raw_predict import RAW, RawPredict
from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Origin
from lockgate_ports.http_endpoint import Endpoint, endpoint_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, address, header_fields
from lockgate_ports.switchboard import Line, Switchboard

_CATALOGUE = carried(__file__, "vertex")
_NAME = re.compile(r"[a-zA-Z0-9:._-]+")
_MULTI_REGIONS = ("us", "eu")


class VertexSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project at a location (`us-central1`, `europe-west4`, `global`). `base_url` replaces the address made of these,
    up to `/publishers/google`. `credentials: metadata` asks the machine's own account and needs no `credential_ref`.
    `betas` are Anthropic's, for every request to Claude."""

    project: str
    location: str = "global"
    base_url: str | None = None
    credentials: Literal["key", "metadata"] = "key"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105  a place, no password
    metadata_url: str = "http://metadata.google.internal"
    headers: dict[str, str] = {}
    betas: tuple[str, ...] = ()
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_vertex(settings: VertexSettings, context: BuildContext) -> Switchboard:
    """Raises SettingsError for a project, location, URL, header or beta that cannot be."""
    from llm_plugin_google.tokens import GoogleAuth

    metadata = address(settings.metadata_url)[0] if settings.credentials == "metadata" else None
    auth = GoogleAuth(context.http, address(settings.token_url), metadata)
    headers = header_fields(settings.headers, "authorization")
    endpoint = endpoint_of(settings, _vertex_url(settings), headers, auth)
    cards = overlaid(_CATALOGUE(), settings.models)
    google = HttpModel(context.name, _googles_own(), endpoint, context.http)
    anthropic = HttpModel(context.name, _claude(cards), _claudes_place(endpoint, settings), context.http)
    others = HttpModel(context.name, Languages(chat=OpenAIChat(OPEN_MODELS, openai_target)), endpoint, context.http)
    raw = {maker: HttpModel(context.name, Languages(chat=RawPredict(maker)), endpoint, context.http) for maker in RAW}
    lines = {"google": google, "anthropic": anthropic, "open": others, **raw}

    def line_of(model: str) -> Line:
        maker, name = maker_and_name(model)
        return lines[maker], name

    return Switchboard(tuple(lines.values()), line_of, cards)


def _googles_own() -> Languages:
    return Languages(
        chat=Gemini(), embeddings=GeminiEmbeddings(vertex=True), count_tokens=GeminiCountTokens(vertex=True)
    )


def _claude(cards: tuple[ModelCard, ...]) -> Languages:
    quirks = structs.replace(CLAUDE, models=cards)
    return Languages(
        chat=AnthropicMessages(quirks, claude_error), count_tokens=AnthropicCountTokens(quirks, claude_error)
    )


def _claudes_place(endpoint: Endpoint, settings: VertexSettings) -> Endpoint:
    return structs.replace(
        endpoint,
        prefix=endpoint.prefix.removesuffix(GOOGLES_OWN),
        headers=(*beta_fields(settings.betas), *endpoint.headers),
    )


def _vertex_url(settings: VertexSettings) -> str:
    if settings.base_url is not None:
        return settings.base_url
    for name, value in (("project", settings.project), ("location", settings.location)):
        if _NAME.fullmatch(value) is None:
            raise SettingsError(f"{name}: {value[:60]!r} is no name that Google Cloud gives")
    location = settings.location
    if location in _MULTI_REGIONS:
        host = f"aiplatform.{location}.rep"
    else:
        host = "aiplatform" if location == "global" else f"{location}-aiplatform"
    place = f"projects/{settings.project}/locations/{location}"
    return f"https://{host}.googleapis.com/v1/{place}{GOOGLES_OWN}"


def _vertex_origins(settings: VertexSettings) -> tuple[Origin, ...]:
    """Besides the API itself, the place that gives tokens: the machine's own, or Google's."""
    tokens = settings.metadata_url if settings.credentials == "metadata" else settings.token_url
    return (address(_vertex_url(settings))[0], address(tokens)[0])


VERTEX = ModelFactory(
    kind="vertex",
    settings=VertexSettings,
    build=build_vertex,
    origins=_vertex_origins,
    summary="Google Cloud's Vertex AI: Gemini, Claude, Mistral, AI21 and open models.",
    catalogue=_CATALOGUE,
    prefixes=("gemini-",),
)
