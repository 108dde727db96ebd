"""The kind `bedrock`: how a provider is built from its settings."""

import time

from llm_plugin_bedrock.auth import BedrockAuth
from llm_plugin_bedrock.catalogue import CATALOGUE
from llm_plugin_bedrock.counting import BedrockCountTokens
from llm_plugin_bedrock.dialect import BedrockConverse
from llm_plugin_bedrock.embeddings import InvokeEmbeddings
from llm_plugin_bedrock.model import BedrockModel
from llm_plugin_bedrock.settings import BedrockSettings, endpoint_of, origins_of, region_of
from llm_plugin_bedrock.sources import source_of
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_model import Endpoint, HttpModel, Languages
from lockgate_ports.http_settings import model_cards


def build_bedrock(settings: BedrockSettings, context: BuildContext) -> BedrockModel:
    """Raises SettingsError for settings that make no sense together."""
    if settings.response_limit < 1:
        raise SettingsError("response_limit must be at least 1 byte")
    if settings.access_key_id is not None and settings.auth not in (None, "sigv4"):
        raise SettingsError(f"access_key_id: auth: {settings.auth} brings its own; take one of the two out")
    origin, prefix = endpoint_of(settings)
    auth = BedrockAuth(
        settings.auth,
        region_of(settings),
        settings.access_key_id,
        source_of(settings, context, time.time),
        time.time,
    )
    endpoint = Endpoint(
        origin=origin, prefix=prefix, auth=auth, params=settings.params, response_limit=settings.response_limit
    )
    languages = Languages(
        chat=BedrockConverse(settings.behind),
        embeddings=InvokeEmbeddings(),
        count_tokens=BedrockCountTokens(settings.behind),
    )
    models = model_cards(settings.models) or CATALOGUE
    return BedrockModel(HttpModel(context.name, languages, endpoint, context.http, models))


BEDROCK = ModelFactory(
    kind="bedrock",
    settings=BedrockSettings,
    build=build_bedrock,
    origins=origins_of,
    summary="Amazon Bedrock, by Converse; Titan and Cohere embeddings.",
    catalogue=CATALOGUE,
)
