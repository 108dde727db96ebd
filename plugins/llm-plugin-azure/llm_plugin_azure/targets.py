"""Where Azure keeps the operations of OpenAI, in three styles of path (Azure OpenAI REST API reference; Azure AI Model
Inference REST API).
"""

from typing import Literal
from urllib.parse import quote, urlencode

from llm_plugin_openai.post import Target
from lockgate_ports.dialect import Upstream

CLAUDES_PLACE = "/anthropic"
"""Where a resource of Foundry serves Anthropic's language (Microsoft Foundry, "Deploy and use Claude models")."""

Paths = Literal["v1", "deployments", "models"]

_VERSIONS: dict[tuple[str, str], str] = {
    ("deployments", "responses"): "2025-04-01-preview",
    ("models", "responses"): "2025-04-01-preview",
}
"""Where an operation is newer than the version that the others have by default."""
_DEFAULTS: dict[str, str | None] = {"v1": None, "deployments": "2024-10-21", "models": "2024-05-01-preview"}


def target_of(paths: Paths, api_version: str | None) -> Target:
    """`v1`: `/openai/v1/{operation}`, the deployment named in the body; `deployments`: it is named in the path;
    `models`: where a resource serves other makers' models. `api_version` None stands for the default of each."""

    def target(upstream: Upstream, operation: str) -> str:
        version = api_version or _VERSIONS.get((paths, operation), _DEFAULTS[paths])
        query = f"?{urlencode({'api-version': version})}" if version else ""
        return f"{upstream.prefix}{_path(paths, operation, upstream.model)}{query}"

    return target


def resource_prefix(prefix: str) -> str:
    """The path before `/openai` or `/anthropic`, which people often paste along with the address of the resource."""
    for pasted in ("/openai", CLAUDES_PLACE):
        if prefix.removesuffix("/v1").endswith(pasted):
            return prefix.removesuffix("/v1").removesuffix(pasted)
    return prefix


def _path(paths: Paths, operation: str, deployment: str) -> str:
    if paths == "v1":
        return f"/openai/v1/{operation}"
    if operation == "responses":
        return "/openai/responses"  # it has no path by deployment
    if paths == "models":
        return f"/models/{operation}"
    return f"/openai/deployments/{quote(deployment, safe='')}/{operation}"
