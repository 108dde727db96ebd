"""GeminiModelList: `GET /models` (Gemini API reference, models.list), page by page."""

from urllib.parse import quote

from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Upstream
from lockgate_ports.model_lists import Asking, Row, decoded, flag, get, listed, rows_of, tokens
from lockgate_ports.wire import Operation

_PATH = "/models?pageSize=1000"
_METHODS: dict[str, Operation] = {
    "generateContent": "chat",
    "embedContent": "embeddings",
    "countTokens": "count_tokens",
}


class GeminiModelList:
    """A ModelList."""

    def ask(self, upstream: Upstream) -> Asking:
        """Raises UpstreamError for what is no page of the list."""
        cards: list[ModelCard] = []
        after = ""
        while True:
            said = decoded((yield get(_PATH + after, upstream)))
            cards += [_card(name.removeprefix("models/"), row) for name, row in rows_of(said, "models", "name")]
            token = said.get("nextPageToken")
            if not isinstance(token, str) or not token:
                return tuple(cards)
            after = f"&pageToken={quote(token, safe='')}"


def _card(name: str, row: Row) -> ModelCard:
    told = listed(row.get("supportedGenerationMethods")) or []
    return ModelCard(
        id=name,
        operations=tuple(operation for method, operation in _METHODS.items() if method in told),
        context_tokens=tokens(row.get("inputTokenLimit")),
        max_output_tokens=tokens(row.get("outputTokenLimit")),
        reasoning=flag(row.get("thinking")),
    )
