"""OpenAIModels: how OpenAI's clients ask which models there are (OpenAI API reference, Models)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.places import placed
from lockgate_ports.dialect import ErrorAnswer, ListedModel, Surface
from lockgate_ports.errors import LockgateError


class OpenAIModels:
    """A CatalogueDialect, for whoever is not known as another's client."""

    name: str = "openai-models"
    marks: tuple[str, ...] = ()
    list_surfaces: tuple[Surface, ...] = placed("GET", "models")
    item_surfaces: tuple[Surface, ...] = placed("GET", "models/{id:path}")

    def write_list(self, models: Sequence[ListedModel], query: Mapping[str, str]) -> bytes:
        """`{"object": "list", "data": [...]}`: all of them, since this list has no pages."""
        return msgspec.json.encode({"object": "list", "data": [_item(model) for model in models]})

    def write_item(self, model: ListedModel) -> bytes:
        """One model."""
        return msgspec.json.encode(_item(model))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)


def _item(model: ListedModel) -> dict[str, Any]:
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": model.owned_by}
