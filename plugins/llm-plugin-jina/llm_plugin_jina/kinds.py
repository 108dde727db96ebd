"""The kind `jina`: settings, and how a provider is built from them."""

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields

_CATALOGUE = carried(__file__, "jina")


class JinaSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`response_limit` is in bytes, of one whole answer; `models` are laid over the catalogue."""

    base_url: str = "https://api.jina.ai/v1"
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_jina(settings: JinaSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    from llm_plugin_jina.embeddings import JINA_EMBEDDINGS
    from llm_plugin_jina.rerank import JINA_RERANK

    endpoint = endpoint_of(settings, settings.base_url, header_fields(settings.headers, "authorization"))
    languages = Languages(embeddings=JINA_EMBEDDINGS, rerank=JINA_RERANK)
    return HttpModel(context.name, languages, endpoint, context.http, overlaid(_CATALOGUE(), settings.models))


JINA = ModelFactory(
    kind="jina",
    settings=JinaSettings,
    build=build_jina,
    origins=origin_of,
    summary="Jina AI: embeddings and reranking.",
    catalogue=_CATALOGUE,
    prefixes=("jina-",),
    needs_credential=True,
)
