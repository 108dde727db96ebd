"""The kind `jina`: settings, and how a provider is built from them."""

from msgspec import Struct

from llm_plugin_jina.embeddings import JinaEmbeddings
from llm_plugin_jina.rerank import JinaRerank
from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields, model_cards

_CATALOGUE = (
    *("jina-embeddings-v4", "jina-embeddings-v3", "jina-clip-v2", "jina-code-embeddings-1.5b"),
    *("jina-reranker-v3", "jina-reranker-m0", "jina-reranker-v2-base-multilingual"),
)


class JinaSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`response_limit` is in bytes, of one whole answer; `models` replaces the built-in catalogue."""

    base_url: str = "https://api.jina.ai/v1"
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_jina(settings: JinaSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    endpoint = endpoint_of(settings, settings.base_url, header_fields(settings.headers, "authorization"))
    languages = Languages(embeddings=JinaEmbeddings(), rerank=JinaRerank())
    return HttpModel(context.name, languages, endpoint, context.http, model_cards(settings.models or _CATALOGUE))


JINA = ModelFactory(
    kind="jina",
    settings=JinaSettings,
    build=build_jina,
    origins=origin_of,
    summary="Jina AI: embeddings and reranking.",
    catalogue=tuple(ModelCard(id=name) for name in _CATALOGUE),
    prefixes=("jina-",),
    needs_credential=True,
)
