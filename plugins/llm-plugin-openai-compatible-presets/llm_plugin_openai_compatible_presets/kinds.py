"""The kinds: every row of the tables with the same settings, and how a provider is built from both."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from llm_plugin_openai.completions.dialect import OpenAICompletions
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.embeddings.dialect import OpenAIEmbeddings
from llm_plugin_openai.model_list import OpenAIModelList
from llm_plugin_openai.passed.dialect import passed
from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai_compatible_presets.hosted import HOSTED
from llm_plugin_openai_compatible_presets.local import LOCAL
from llm_plugin_openai_compatible_presets.row import Row
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import Catalogue, carried, none_known, overlaid
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import Origin
from lockgate_ports.http_endpoint import endpoint_of
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.http_settings import RESPONSE_LIMIT, address, header_fields

_CALLERS_OWN = ("model", "messages", "stream", "stream_options")


class PresetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_url` is the vendor's unless said. `extra_body` holds fields that go with every chat where the caller does
    not set them. `response_limit` is in bytes, of one whole answer; `models` are laid over the catalogue."""

    base_url: str | None = None
    headers: dict[str, str] = {}
    extra_body: dict[str, Any] = {}
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def build(row: Row, settings: PresetSettings, context: BuildContext) -> HttpModel:
    """Raises SettingsError for a base URL, header or field that cannot be."""
    headers = header_fields(settings.headers, "authorization")
    own = {name for name, _ in headers}
    sent = (*(field for field in row.headers if field[0] not in own), *headers)
    endpoint = endpoint_of(settings, settings.base_url or row.base_url, sent)
    ways = row.embeddings
    languages = Languages(
        chat=OpenAIChat(_with_fields(row.quirks, settings.extra_body)),
        also=(OpenAICompletions(row.quirks),) if row.completions else (),
        embeddings=OpenAIEmbeddings(lacks=ways.lacks, renames=ways.renames) if ways is not None else None,
        models=OpenAIModelList() if row.lists else None,
        passed=passed(row.passes),
    )
    return HttpModel(context.name, languages, endpoint, context.http, overlaid(_catalogue(row)(), settings.models))


def factory_of(row: Row) -> ModelFactory[PresetSettings]:
    """The kind that a row stands for."""

    def build_row(settings: PresetSettings, context: BuildContext) -> HttpModel:
        return build(row, settings, context)

    def origins(settings: PresetSettings) -> tuple[Origin, ...]:
        return (address(settings.base_url or row.base_url)[0],)

    return ModelFactory(
        kind=row.kind,
        settings=PresetSettings,
        build=build_row,
        origins=origins,
        summary=row.summary,
        catalogue=_catalogue(row),
        needs_credential=row.needs_credential,
    )


def _catalogue(row: Row) -> Catalogue:
    return carried(__file__, row.kind) if row.catalogue else none_known


def _with_fields(quirks: Quirks, fields: Mapping[str, Any]) -> Quirks:
    for name in _CALLERS_OWN:
        if name in fields:
            raise SettingsError(f"extra_body.{name}: {name} belongs to each request; take it out")
    own = tuple(pair for pair in quirks.adds if pair[0] not in fields)
    added = tuple((name, msgspec.json.encode(value)) for name, value in fields.items())
    return structs.replace(quirks, adds=(*own, *added))


FACTORIES = tuple(factory_of(row) for row in (*HOSTED, *LOCAL))
