"""The kind `voyage`: settings, and how a provider is built from them."""

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields

_CATALOGUE = carried(__file__, "voyage")


class VoyageSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`response_limit` is in bytes, of one whole answer; `models` are laid over the catalogue."""

    base_url: str = "https://api.voyageai.com/v1"
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_voyage(settings: VoyageSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    from llm_plugin_voyage.embeddings import VOYAGE_EMBEDDINGS
    from llm_plugin_voyage.rerank import VOYAGE_RERANK

    endpoint = endpoint_of(settings, settings.base_url, header_fields(settings.headers, "authorization"))
    languages = Languages(embeddings=VOYAGE_EMBEDDINGS, rerank=VOYAGE_RERANK)
    return HttpModel(context.name, languages, endpoint, context.http, overlaid(_CATALOGUE(), settings.models))


VOYAGE = ModelFactory(
    kind="voyage",
    settings=VoyageSettings,
    build=build_voyage,
    origins=origin_of,
    summary="Voyage AI: embeddings and reranking.",
    catalogue=_CATALOGUE,
    prefixes=("voyage-",),
    needs_credential=True,
)
