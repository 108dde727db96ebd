"""AnthropicModels: how Anthropic's clients ask which models there are (Anthropic API reference, Models)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from llm_plugin_anthropic.error_out import write_error
from lockgate_ports.dialect import ErrorAnswer, ListedModel, Surface
from lockgate_ports.errors import InvalidRequest, LockgateError

_PAGE = 20
_LONGEST_PAGE = 1000


class AnthropicModels:
    """A CatalogueDialect, told by the headers that Anthropic's SDKs send."""

    name: str = "anthropic-models"
    marks: tuple[str, ...] = ("anthropic-version", "x-api-key")
    list_surfaces: tuple[Surface, ...] = (Surface("GET", "/v1/models"),)
    item_surfaces: tuple[Surface, ...] = (Surface("GET", "/v1/models/{id:path}"),)

    def write_list(self, models: Sequence[ListedModel], query: Mapping[str, str]) -> bytes:
        """One page: `limit` models (20) after `after_id` or before `before_id`. Raises InvalidRequest."""
        page, more = _page(models, query)
        said = {
            "data": [_item(model) for model in page],
            "has_more": more,
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }
        return msgspec.json.encode(said)

    def write_item(self, model: ListedModel) -> bytes:
        """One model."""
        return msgspec.json.encode(_item(model))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """Anthropic's envelope."""
        return write_error(error, request_id)


def _page(models: Sequence[ListedModel], query: Mapping[str, str]) -> tuple[Sequence[ListedModel], bool]:
    """The models asked for, and whether there are more of them in the direction in which was asked."""
    limit = _limit(query.get("limit"))
    ids = [model.id for model in models]
    if before := query.get("before_id"):
        end = _place(ids, before, "before_id")
        start = max(0, end - limit)
        return models[start:end], start > 0
    after = query.get("after_id")
    start = _place(ids, after, "after_id") + 1 if after else 0
    return models[start : start + limit], start + limit < len(models)


def _limit(said: str | None) -> int:
    if said is None:
        return _PAGE
    if not (said.isascii() and said.isdigit() and 1 <= int(said[:5]) <= _LONGEST_PAGE):
        raise InvalidRequest(f"limit must be a number from 1 to {_LONGEST_PAGE}", param="limit")
    return int(said)


def _place(ids: Sequence[str], one: str, name: str) -> int:
    if one not in ids:
        raise InvalidRequest(f"{name}: no model is listed as {one[:100]!r}", param=name)
    return ids.index(one)


def _item(model: ListedModel) -> dict[str, Any]:
    """Anthropic itself gives the beginning of 1970 where it does not know when a model came out."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": datetime.fromtimestamp(model.created, UTC),
        "lifecycle": "active",
        "max_input_tokens": model.context_tokens,
        "max_tokens": model.max_output_tokens,
    }
