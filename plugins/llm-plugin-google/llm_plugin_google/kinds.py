"""The kinds `google` and `vertex`: settings, and how a provider is built from them."""

import re
from typing import Literal

from msgspec import Struct

from llm_plugin_google.catalogue import GEMINI, GOOGLE_EMBEDDINGS, VERTEX_EMBEDDINGS
from llm_plugin_google.count_tokens import GeminiCountTokens
from llm_plugin_google.dialect import Gemini
from llm_plugin_google.embeddings import GeminiEmbeddings
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Origin
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, address, header_fields, model_cards

_KEY_HEADER = "x-goog-api-key"
_NAME = re.compile(r"[a-zA-Z0-9:._-]+")


class GoogleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`response_limit` is in bytes, of one whole answer; `models` replaces the built-in catalogue."""

    base_url: str = "https://generativelanguage.googleapis.com/v1beta"
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


class VertexSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project at a location (`us-central1`, `europe-west4`, `global`). `base_url` replaces the address made of these,
    up to `/publishers/google`. `credentials: metadata` asks the machine's own account and needs no `credential_ref`."""

    project: str
    location: str = "global"
    base_url: str | None = None
    credentials: Literal["key", "metadata"] = "key"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105  a place, no password
    metadata_url: str = "http://metadata.google.internal"
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_google(settings: GoogleSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    languages = Languages(chat=Gemini(), embeddings=GeminiEmbeddings(), count_tokens=GeminiCountTokens())
    headers = header_fields(settings.headers, _KEY_HEADER)
    endpoint = endpoint_of(settings, settings.base_url, headers, HeaderAuth(_KEY_HEADER, ""))
    cards = settings.models or (*GEMINI, *GOOGLE_EMBEDDINGS)
    return HttpModel(context.name, languages, endpoint, context.http, model_cards(cards))


def build_vertex(settings: VertexSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a project, location, URL or header that cannot be."""
    from llm_plugin_google.tokens import GoogleAuth

    metadata = address(settings.metadata_url)[0] if settings.credentials == "metadata" else None
    auth = GoogleAuth(context.http, address(settings.token_url), metadata)
    languages = Languages(
        chat=Gemini(), embeddings=GeminiEmbeddings(vertex=True), count_tokens=GeminiCountTokens(vertex=True)
    )
    headers = header_fields(settings.headers, "authorization")
    endpoint = endpoint_of(settings, _vertex_url(settings), headers, auth)
    cards = settings.models or (*GEMINI, *VERTEX_EMBEDDINGS)
    return HttpModel(context.name, languages, endpoint, context.http, model_cards(cards))


def _vertex_url(settings: VertexSettings) -> str:
    if settings.base_url is not None:
        return settings.base_url
    for name, value in (("project", settings.project), ("location", settings.location)):
        if _NAME.fullmatch(value) is None:
            raise SettingsError(f"{name}: {value[:60]!r} is no name that Google Cloud gives")
    location = settings.location
    host = "aiplatform" if location == "global" else f"{location}-aiplatform"
    place = f"projects/{settings.project}/locations/{location}"
    return f"https://{host}.googleapis.com/v1/{place}/publishers/google"


def _vertex_origins(settings: VertexSettings) -> tuple[Origin, ...]:
    """Besides the API itself, the place that gives tokens: the machine's own, or Google's."""
    tokens = settings.metadata_url if settings.credentials == "metadata" else settings.token_url
    return (address(_vertex_url(settings))[0], address(tokens)[0])


GOOGLE = ModelFactory(
    kind="google",
    settings=GoogleSettings,
    build=build_google,
    origins=origin_of,
    summary="Google's Gemini API.",
    catalogue=(*GEMINI, *GOOGLE_EMBEDDINGS),
    prefixes=("gemini-",),
    needs_credential=True,
)
VERTEX = ModelFactory(
    kind="vertex",
    settings=VertexSettings,
    build=build_vertex,
    origins=_vertex_origins,
    summary="Gemini on Google Cloud's Vertex AI.",
    catalogue=(*GEMINI, *VERTEX_EMBEDDINGS),
    prefixes=("gemini-",),
)
