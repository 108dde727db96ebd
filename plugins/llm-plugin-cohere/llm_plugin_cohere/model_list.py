"""CohereModelList: `GET /v1/models` (Cohere API reference, List models), page by page."""

from urllib.parse import quote

from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Upstream
from lockgate_ports.model_lists import Asking, Row, decoded, get, listed, rows_of, tokens
from lockgate_ports.wire import Operation

_PATH = "/v1/models?page_size=1000"
_ENDPOINTS: dict[str, Operation] = {"chat": "chat", "embed": "embeddings", "rerank": "rerank"}


class CohereModelList:
    """A ModelList."""

    def ask(self, upstream: Upstream) -> Asking:
        """Raises UpstreamError for what is no page of the list."""
        cards: list[ModelCard] = []
        after = ""
        while True:
            said = decoded((yield get(_PATH + after, upstream)))
            cards += [_card(name, row) for name, row in rows_of(said, "models", "name")]
            token = said.get("next_page_token")
            if not isinstance(token, str) or not token:
                return tuple(cards)
            after = f"&page_token={quote(token, safe='')}"


def _card(name: str, row: Row) -> ModelCard:
    endpoints, features = listed(row.get("endpoints")) or (), listed(row.get("features"))
    return ModelCard(
        id=name,
        operations=tuple(operation for endpoint, operation in _ENDPOINTS.items() if endpoint in endpoints),
        context_tokens=tokens(row.get("context_length")),
        inputs=("text", "image") if features is not None and "vision" in features else None,
        tools=None if features is None else "tools" in features,
        structured_output=None if features is None else "json_schema" in features,
        reasoning=None if features is None else "reasoning" in features,
    )
