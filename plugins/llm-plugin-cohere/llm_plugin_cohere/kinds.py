"""The kind `cohere`: settings, and how a provider is built from them."""

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields

_CATALOGUE = carried(__file__, "cohere")


class CohereSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`client_name` is how Cohere is told who asks; `response_limit` is in bytes, of one whole answer; `models`
    are laid over the catalogue."""

    base_url: str = "https://api.cohere.com"
    client_name: str | None = None
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_cohere(settings: CohereSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    from llm_plugin_cohere.chat import CohereChat
    from llm_plugin_cohere.embeddings import CohereEmbeddings
    from llm_plugin_cohere.model_list import CohereModelList
    from llm_plugin_cohere.rerank import CohereRerank

    name = {"x-client-name": settings.client_name} if settings.client_name is not None else {}
    endpoint = endpoint_of(settings, settings.base_url, header_fields({**settings.headers, **name}, "authorization"))
    languages = Languages(
        chat=CohereChat(), embeddings=CohereEmbeddings(), rerank=CohereRerank(), models=CohereModelList()
    )
    models = overlaid(_CATALOGUE(), settings.models)
    return HttpModel(context.name, languages, endpoint, context.http, models)


COHERE = ModelFactory(
    kind="cohere",
    settings=CohereSettings,
    build=build_cohere,
    origins=origin_of,
    summary="Cohere: chat, embeddings and reranking by its API v2.",
    catalogue=_CATALOGUE,
    prefixes=("command-", "embed-", "rerank-"),
    needs_credential=True,
)
