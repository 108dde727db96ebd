"""OllamaModelList: `GET /api/tags` for the names and `POST /api/show` for each (Ollama API reference)."""

from decimal import Decimal
from typing import Any

from llm_plugin_ollama.wire import post
from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Upstream
from lockgate_ports.json_post import encode
from lockgate_ports.model_lists import Asking, decoded, get, listed, members, rows_of, tokens
from lockgate_ports.refusals import unusable
from lockgate_ports.wire import Operation

_CAN: dict[str, Operation] = {"completion": "chat", "embedding": "embeddings"}


class OllamaModelList:
    """A ModelList: what was pulled to this machine."""

    def ask(self, upstream: Upstream) -> Asking:
        """Raises UpstreamError for what is no list, or tells nothing of a model that stood in it."""
        names = [name for name, _ in rows_of(decoded((yield get("/api/tags", upstream))), "models", "name")]
        cards: list[ModelCard] = []
        for name in names:
            page = yield post("/api/show", encode({"model": name}), upstream)
            cards.append(_card(name, decoded(page)))
        return tuple(cards)


def _card(name: str, said: Any) -> ModelCard:
    if not members(said):
        raise unusable(f"nothing about {name}, which stands in its list")
    facts = members(members(said).get("model_info"))
    context = next((value for key, value in facts.items() if key.endswith(".context_length")), None)
    parameters = tokens(facts.get("general.parameter_count"))
    told = listed(members(said).get("capabilities"))
    if told is None:
        return ModelCard(id=name, context_tokens=tokens(context), parameters_billions=_billions(parameters))
    return ModelCard(
        id=name,
        operations=tuple(operation for ability, operation in _CAN.items() if ability in told),
        context_tokens=tokens(context),
        parameters_billions=_billions(parameters),
        inputs=("text", "image") if "vision" in told else ("text",),
        tools="tools" in told,
        reasoning="thinking" in told,
    )


def _billions(parameters: int | None) -> float | None:
    return None if parameters is None else float(Decimal(parameters) / 1_000_000_000)
