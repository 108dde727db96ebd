"""What a model's name tells: its generation, whether it is a Pro model, and the path it is asked at."""

import re
from functools import lru_cache
from urllib.parse import quote

from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest

NAME = "gemini"
GOOGLES_OWN = "/publishers/google"
"""Where Google's own models stand in a place of Vertex AI."""

_GENERATION = re.compile(r"gemini-(\d+(?:\.\d+)?)")
_COLLECTIONS = ("models/", "tunedModels/")


def generation(model: str) -> float | None:
    """`gemini-2.5-flash` -> 2.5. Aliases such as `gemini-flash-latest` stand for the third generation or a later one;
    None for names that tell nothing (Gemma, tuned models)."""
    found = _GENERATION.search(model)
    if found is not None:
        return float(found.group(1))
    return 3.0 if "gemini" in model and model.endswith("-latest") else None


def is_pro(model: str) -> bool:
    """A Pro model, which cannot be kept from thinking."""
    return "-pro" in model


def target_of(upstream: Upstream, method: str) -> str:
    """The path at which a model does `method` (`generateContent`): under `models/`, unless the name says where else
    (`tunedModels/...`, or Vertex AI's `endpoints/...`). Raises InvalidRequest for a name that would leave its place."""
    return _target(upstream.prefix, upstream.model, method)


@lru_cache(maxsize=256)
def _target(prefix: str, model: str, method: str) -> str:
    if any(step in ("", ".", "..") for step in model.split("/")):
        raise InvalidRequest(f"{model[:80]!r} is no model name", param="model")
    name = quote(model, safe="/@:")
    if model.startswith("endpoints/"):
        return f"{prefix.removesuffix(GOOGLES_OWN)}/{name}:{method}"
    if model.startswith(_COLLECTIONS):
        return f"{prefix}/{name}:{method}"
    return f"{prefix}/models/{name}:{method}"
