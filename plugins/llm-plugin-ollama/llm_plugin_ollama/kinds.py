"""The kind `ollama`: settings, and how a provider is built from them."""

from msgspec import Struct

from llm_plugin_ollama.chat import OllamaChat
from llm_plugin_ollama.embeddings import OllamaEmbeddings
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Origin
from lockgate_ports.http_model import Endpoint, HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, address, header_fields, model_cards
from lockgate_ports.model import ModelCard


class OllamaSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`options` are Ollama's own (`num_ctx`, `num_gpu`), for requests that do not say otherwise; `keep_alive` is how
    long a model stays loaded (`5m`, or seconds); `response_limit` is in bytes, of one whole answer."""

    base_url: str = "http://127.0.0.1:11434"
    headers: dict[str, str] = {}
    options: dict[str, bool | int | float | str | list[str]] = {}
    keep_alive: str | int | None = None
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_ollama(settings: OllamaSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    if settings.response_limit < 1:
        raise SettingsError("response_limit must be at least 1 byte")
    origin, prefix = address(settings.base_url)
    endpoint = Endpoint(
        origin=origin,
        prefix=prefix,
        auth=HeaderAuth(),
        headers=header_fields(settings.headers, "authorization"),
        params=settings.params,
        response_limit=settings.response_limit,
    )
    languages = Languages(
        chat=OllamaChat(settings.options, settings.keep_alive),
        embeddings=OllamaEmbeddings(settings.options, settings.keep_alive),
    )
    return HttpModel(context.name, languages, endpoint, context.http, model_cards(settings.models))


def _origins(settings: OllamaSettings) -> tuple[Origin, ...]:
    return (address(settings.base_url)[0],)


OLLAMA = ModelFactory(
    kind="ollama",
    settings=OllamaSettings,
    build=build_ollama,
    origins=_origins,
    summary="Ollama by its own API: chat and embeddings.",
)
