"""The kinds `openai` and `openai-compatible`: settings, and how a provider is built from them."""

from typing import Literal

from msgspec import Struct

from llm_plugin_openai.completions.dialect import OpenAICompletions
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.embeddings.dialect import OpenAIEmbeddings
from llm_plugin_openai.model_list import OpenAIModelList
from llm_plugin_openai.passed.dialect import passed
from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai.responses.dialect import OpenAIResponses
from llm_plugin_openai.responses.input_tokens import OpenAIInputTokens
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Headers
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, check_header, header_fields

_CATALOGUE = carried(__file__, "openai")


class OpenAISettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`response_limit` is in bytes, of one whole answer; `models` are laid over the catalogue. `api` is the one
    that a request in another language is translated for; a client of either is served in its own."""

    base_url: str = "https://api.openai.com/v1"
    api: Literal["chat", "responses"] = "chat"
    """The chat language used where the client speaks another: a client of one that is served is relayed in its own."""
    organization: str | None = None
    project: str | None = None
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


class AuthStyle(Struct, frozen=True, forbid_unknown_fields=True):
    """How the key is shown: `authorization: Bearer KEY`; an empty `scheme` sends the bare key."""

    header: str = "authorization"
    scheme: str = "Bearer"


class CompatibleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any server that speaks Chat Completions. `base_url` holds the path prefix (`http://10.0.0.5:8000/v1`);
    `response_limit` is in bytes, of one whole answer. `api` says which of OpenAI's APIs for chat it has; with `both`, a
    request in another language is translated for Chat Completions."""

    base_url: str
    api: Literal["chat", "responses", "both"] = "chat"
    """The chat language used where the client speaks another: a client of one that is served is relayed in its own."""
    completions: bool = False
    """It has the older `/completions` too, for clients that ask for bare text; for others they are made into chats."""
    auth: AuthStyle = AuthStyle()
    headers: dict[str, str] = {}
    params: Params = "drop"
    stream_usage: bool = True
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"
    reasoning_field: Literal["reasoning_content", "reasoning", "content"] | None = "reasoning_content"
    structured_output: Literal["native", "tool"] = "native"
    """How JSON is asked for: by `response_format`, or by a tool that must be called, where a server lacks that."""
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_openai(settings: OpenAISettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    named = {"openai-organization": settings.organization, "openai-project": settings.project}
    headers = header_fields({name: value for name, value in named.items() if value is not None}, "authorization")
    chat, responses = OpenAIChat(), OpenAIResponses()
    main, also = (chat, responses) if settings.api == "chat" else (responses, chat)
    languages = Languages(
        chat=main,
        also=(also,),
        embeddings=OpenAIEmbeddings(),
        count_tokens=OpenAIInputTokens(),
        models=OpenAIModelList(),
        passed=passed(("moderations", "audio", "images")),
        free_text=(chat.name, responses.name, OpenAIInputTokens.name),
    )
    return _model(settings, context, languages, HeaderAuth(), headers, overlaid(_CATALOGUE(), settings.models))


def build_compatible(settings: CompatibleSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL or header that cannot be."""
    quirks = Quirks(
        max_tokens_field=settings.max_tokens_field,
        stream_usage=settings.stream_usage,
        reasoning_field=settings.reasoning_field,
        formats=("text",) if settings.structured_output == "tool" else Quirks().formats,
        answers_by_tool=settings.structured_output == "tool",
        video_urls=True,
    )
    header = settings.auth.header.lower()
    check_header(header, settings.auth.scheme, "auth.header")
    auth = HeaderAuth(header, settings.auth.scheme)
    chat, responses = OpenAIChat(quirks), OpenAIResponses()
    older = (OpenAICompletions(quirks),) if settings.completions else ()
    languages = Languages(
        chat=responses if settings.api == "responses" else chat,
        also=(responses, *older) if settings.api == "both" else older,
        embeddings=OpenAIEmbeddings(),
        models=OpenAIModelList(),
        passed=passed(("moderations", "audio", "images")),
    )
    return _model(
        settings, context, languages, auth, header_fields(settings.headers, header), overlaid((), settings.models)
    )


def _model(
    settings: OpenAISettings | CompatibleSettings,
    context: BuildContext,
    languages: Languages,
    auth: HeaderAuth,
    headers: Headers,
    models: tuple[ModelCard, ...],
) -> HttpModel:
    endpoint = endpoint_of(settings, settings.base_url, headers, auth)
    return HttpModel(context.name, languages, endpoint, context.http, models)


OPENAI = ModelFactory(
    kind="openai",
    settings=OpenAISettings,
    build=build_openai,
    origins=origin_of,
    summary="OpenAI's API: Chat Completions, Responses, Embeddings.",
    catalogue=_CATALOGUE,
    prefixes=("gpt-", "chatgpt-", "o1", "o3", "o4-", "text-embedding-"),
    needs_credential=True,
)
OPENAI_COMPATIBLE = ModelFactory(
    kind="openai-compatible",
    settings=CompatibleSettings,
    build=build_compatible,
    origins=origin_of,
    summary="Any server that speaks OpenAI's language: vLLM, llama.cpp, LM Studio, your own.",
)
