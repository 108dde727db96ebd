"""The kind `anthropic`: settings, and how a provider is built from them."""

import re

from msgspec import Struct

from llm_plugin_anthropic.betas import beta_fields
from llm_plugin_anthropic.count_tokens import AnthropicCountTokens
from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_anthropic.model_list import AnthropicModelList
from llm_plugin_anthropic.quirks import FIRST_VERSION, WITHOUT_SAMPLING, Quirks
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import carried, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http_endpoint import endpoint_of, origin_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, check_header, header_fields

_CATALOGUE = carried(__file__, "anthropic")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class AuthStyle(Struct, frozen=True, forbid_unknown_fields=True):
    """How the key is shown: bare in `x-api-key`; with the scheme `Bearer` in `authorization`, say."""

    header: str = "x-api-key"
    scheme: str = ""


class AnthropicSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_url` without `/v1`; `betas` go with every request; `response_limit` is in bytes, of one whole answer;
    `models` are laid over the catalogue."""

    base_url: str = "https://api.anthropic.com"
    auth: AuthStyle = AuthStyle()
    version: str = FIRST_VERSION
    betas: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build_anthropic(settings: AnthropicSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL, version, beta or header that cannot be."""
    if _DATE.fullmatch(settings.version) is None:
        raise SettingsError(f"version: {settings.version!r} is no version of the API, such as {FIRST_VERSION}")
    betas = beta_fields(settings.betas)
    header = settings.auth.header.lower()
    check_header(header, settings.auth.scheme, "auth.header")
    for written in settings.headers:
        if written.lower() in ("anthropic-version", "anthropic-beta"):
            raise SettingsError(f"headers.{written}: set it by `version` or `betas`")
    own = (("anthropic-version", settings.version), *betas)
    headers = (*own, *header_fields(settings.headers, header))
    endpoint = endpoint_of(settings, settings.base_url, headers, HeaderAuth(header, settings.auth.scheme))
    if endpoint.prefix.endswith("/v1"):
        raise SettingsError("base_url must not end in /v1, which is part of the path that is asked")
    cards = overlaid(_CATALOGUE(), settings.models)
    quirks = Quirks(sampling=settings.version < WITHOUT_SAMPLING, models=cards)
    languages = Languages(
        chat=AnthropicMessages(quirks), count_tokens=AnthropicCountTokens(quirks), models=AnthropicModelList()
    )
    return HttpModel(context.name, languages, endpoint, context.http, cards)


ANTHROPIC = ModelFactory(
    kind="anthropic",
    settings=AnthropicSettings,
    build=build_anthropic,
    origins=origin_of,
    summary="Anthropic's API, by Messages, and servers that speak it.",
    catalogue=_CATALOGUE,
    prefixes=("claude-",),
    needs_credential=True,
)
