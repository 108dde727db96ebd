"""The kind `jina`: settings, and how a provider is built from them."""

from msgspec import Struct

from llm_plugin_jina.embeddings import JinaEmbeddings
from llm_plugin_jina.rerank import JinaRerank
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Origin
from lockgate_ports.http_model import Endpoint, HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, address, header_fields, model_cards
from lockgate_ports.model import ModelCard

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
    languages = Languages(embeddings=JinaEmbeddings(), rerank=JinaRerank())
    return HttpModel(context.name, languages, endpoint, context.http, model_cards(settings.models or _CATALOGUE))


def _origins(settings: JinaSettings) -> tuple[Origin, ...]:
    return (address(settings.base_url)[0],)


JINA = ModelFactory(
    kind="jina",
    settings=JinaSettings,
    build=build_jina,
    origins=_origins,
    summary="Jina AI: embeddings and reranking.",
    catalogue=tuple(ModelCard(id=name) for name in _CATALOGUE),
    needs_credential=True,
)
