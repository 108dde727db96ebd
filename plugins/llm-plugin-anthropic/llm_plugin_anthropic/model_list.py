"""AnthropicModelList: `GET /v1/models` (Anthropic API reference, List models), page by page."""

from urllib.parse import quote

from lockgate_ports.cards import Modality, ModelCard
from lockgate_ports.dialect import Upstream
from lockgate_ports.model_lists import Asking, Row, day, decoded, flag, get, members, rows_of, tokens
from lockgate_ports.refusals import unusable

_PATH = "/v1/models?limit=1000"


class AnthropicModelList:
    """A ModelList."""

    def ask(self, upstream: Upstream) -> Asking:
        """Raises UpstreamError for what is no page of the list."""
        cards: list[ModelCard] = []
        after = ""
        while True:
            said = decoded((yield get(_PATH + after, upstream)))
            rows = rows_of(said, "data", "id")
            cards += [_card(name, row) for name, row in rows if row.get("lifecycle") != "retired"]
            if not said.get("has_more"):
                return tuple(cards)
            if not rows:
                raise unusable("an empty page of a list of models that goes on")
            after = f"&after_id={quote(rows[-1][0], safe='')}"


def _card(name: str, row: Row) -> ModelCard:
    can = members(row.get("capabilities"))
    inputs: tuple[Modality, ...] | None = None
    if (images := _supported(can, "image_input")) is not None:
        files: tuple[Modality, ...] = ("file",) if _supported(can, "pdf_input") else ()
        inputs = ("text", "image", *files) if images else ("text", *files)
    return ModelCard(
        id=name,
        operations=("chat", "count_tokens"),
        context_tokens=tokens(row.get("max_input_tokens")),
        max_output_tokens=tokens(row.get("max_tokens")),
        inputs=inputs,
        structured_output=_supported(can, "structured_outputs"),
        reasoning=_supported(can, "thinking"),
        retires=day(row.get("retires_at")),
    )


def _supported(can: Row, ability: str) -> bool | None:
    return flag(members(can.get(ability)).get("supported"))
