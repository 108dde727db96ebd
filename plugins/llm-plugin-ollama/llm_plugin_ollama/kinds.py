"""The kind `ollama`: settings, and how a provider is built from them."""

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields


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
    from llm_plugin_ollama.chat import OllamaChat
    from llm_plugin_ollama.embeddings import OllamaEmbeddings
    from llm_plugin_ollama.model_list import OllamaModelList

    endpoint = endpoint_of(settings, settings.base_url, header_fields(settings.headers, "authorization"))
    languages = Languages(
        chat=OllamaChat(settings.options, settings.keep_alive),
        embeddings=OllamaEmbeddings(settings.options, settings.keep_alive),
        models=OllamaModelList(),
    )
    return HttpModel(context.name, languages, endpoint, context.http, overlaid((), settings.models))


OLLAMA = ModelFactory(
    kind="ollama",
    settings=OllamaSettings,
    build=build_ollama,
    origins=origin_of,
    summary="Ollama by its own API: chat and embeddings.",
)
