"""The kind `google`: settings, and how a provider is built from them."""

from msgspec import Struct

from llm_plugin_google.count_tokens import GeminiCountTokens
from llm_plugin_google.dialect import Gemini
from llm_plugin_google.embeddings import GeminiEmbeddings
from llm_plugin_google.model_list import GeminiModelList
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields

_CATALOGUE = carried(__file__, "google")
_KEY_HEADER = "x-goog-api-key"


class GoogleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`response_limit` is in bytes, of one whole answer; `models` replaces the built-in catalogue."""

    base_url: str = "https://generativelanguage.googleapis.com/v1beta"
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_google(settings: GoogleSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    languages = Languages(
        chat=Gemini(), embeddings=GeminiEmbeddings(), count_tokens=GeminiCountTokens(), models=GeminiModelList()
    )
    headers = header_fields(settings.headers, _KEY_HEADER)
    endpoint = endpoint_of(settings, settings.base_url, headers, HeaderAuth(_KEY_HEADER, ""))
    return HttpModel(context.name, languages, endpoint, context.http, overlaid(_CATALOGUE(), settings.models))


GOOGLE = ModelFactory(
    kind="google",
    settings=GoogleSettings,
    build=build_google,
    origins=origin_of,
    summary="Google's Gemini API.",
    catalogue=_CATALOGUE,
    prefixes=("gemini-",),
    needs_credential=True,
)
