"""How places that serve the Messages API differ from Anthropic's own, as data."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from llm_plugin_anthropic.models import Abilities, abilities
from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Upstream

NAME = "anthropic-messages"
COUNT = "anthropic-count-tokens"

FIRST_VERSION = "2023-06-01"
WITHOUT_SAMPLING = "2026-10-21"
"""From this API version on, temperature, top_p and top_k are refused."""


class Quirks(Struct, frozen=True, kw_only=True):
    """One place's ways; the defaults are Anthropic's own. In paths `{model}` stands for the model's name."""

    path: str = "/v1/messages"
    stream_path: str = "/v1/messages"
    count_path: str = "/v1/messages/count_tokens"
    model_in_body: bool = True
    """Of a message; a count of tokens always names its model there."""
    stream_in_body: bool = True
    version_in_body: str | None = None
    """`anthropic_version` in the body (`vertex-2023-10-16`, `bedrock-2023-05-31`), where no header says it."""
    betas: Literal["header", "body", "both"] = "header"
    """Where it reads betas: in the header `anthropic-beta`, in the list `anthropic_beta` of the body, or one here and
    another there, so that both are sent."""
    known_betas: tuple[str, ...] | None = None
    """The betas it takes, where it refuses a request that names another."""
    body_betas: tuple[str, ...] = ()
    """Betas that it refuses in the header and takes in the body."""
    sampling: bool = True
    """It knows temperature, top_p and top_k, as API versions before 2026-10-21 do."""
    behind: Mapping[str, str] = {}
    """The models that names telling none (a deployment's, an ARN) stand for."""
    models: tuple[ModelCard, ...] = ()
    """Where the most tokens of an answer are looked up when the caller names none."""

    def max_tokens(self, model: str) -> int:
        """What to ask for when the caller names no limit, since the API wants one: as much as the model can give."""
        known = next((card.max_output_tokens for card in self.models if card.id == model), None)
        return known or self.abilities(model).output_tokens

    def abilities(self, model: str) -> Abilities:
        """What a model takes, by the name that the place has for it."""
        return abilities(self.behind.get(model, model))

    def target(self, path: str, upstream: Upstream) -> str:
        """Where to ask."""
        if "{model}" in path:
            path = path.replace("{model}", quote(upstream.model, safe="@"))
        return upstream.prefix + path
