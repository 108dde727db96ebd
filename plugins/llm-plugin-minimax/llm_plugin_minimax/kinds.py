"""The kind `minimax`: settings, quirks, and how a provider is built from them."""

from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_minimax.dialect import MiniMaxChat
from llm_plugin_openai.model_list import OpenAIModelList
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, header_fields

_CATALOGUE = carried(__file__, "minimax")
_LACKS = (
    *("n", "seed", "logit_bias", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "user", "store"),
    *("reasoning_effort", "parallel_tool_calls", "verbosity", "modalities", "audio", "prediction", "service_tier"),
    *("metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "functions", "function_call"),
)


class MiniMaxSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reasoning_split` asks for thoughts apart from the text; without it they stand in the text, between tags.
    `extra_body` holds fields that go with every request in which the caller does not set them. `response_limit` is in
    bytes, of one whole answer; `models` are laid over the catalogue."""

    base_url: str = "https://api.minimax.io/v1"
    reasoning_split: bool = True
    headers: dict[str, str] = {}
    extra_body: dict[str, Any] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build(settings: MiniMaxSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL, header or field that cannot be."""
    for name in ("model", "messages", "stream", "stream_options", "reasoning_split"):
        if name in settings.extra_body:
            raise SettingsError(f"extra_body.{name}: {name} is not set there; take it out")
    endpoint = endpoint_of(settings, settings.base_url, header_fields(settings.headers, "authorization"))
    fields = {"reasoning_split": settings.reasoning_split, **settings.extra_body}
    quirks = Quirks(
        reasoning_field="reasoning_details",
        lacks=_LACKS,
        adds=tuple((name, msgspec.json.encode(value)) for name, value in fields.items()),
        formats=("text",),
        thinking="adaptive",
        developer_role=False,
        think_tags=not settings.reasoning_split,
    )
    languages = Languages(chat=MiniMaxChat(quirks), models=OpenAIModelList())
    return HttpModel(context.name, languages, endpoint, context.http, overlaid(_CATALOGUE(), settings.models))


MINIMAX = ModelFactory(
    kind="minimax",
    settings=MiniMaxSettings,
    build=build,
    origins=origin_of,
    summary="MiniMax's API.",
    catalogue=_CATALOGUE,
    prefixes=("MiniMax-",),
    needs_credential=True,
)
