"""The kind `bedrock`."""

from llm_plugin_bedrock.settings import BedrockSettings, origins_of
from lockgate_ports.catalogue import carried
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.model import ModelPort

_CATALOGUE = carried(__file__, "bedrock")


def _build(settings: BedrockSettings, context: BuildContext) -> ModelPort:
    from llm_plugin_bedrock.building import build_bedrock  # brings all of its languages

    return build_bedrock(settings, context, _CATALOGUE())


BEDROCK = ModelFactory(
    kind="bedrock",
    settings=BedrockSettings,
    build=_build,
    origins=origins_of,
    summary="Amazon Bedrock, by Converse and InvokeModel; Titan and Cohere embeddings.",
    catalogue=_CATALOGUE,
)
