"""What is known of a model, in one line for people."""

from decimal import Decimal

from lockgate.cli.catalogue import Offered
from lockgate_ports.cards import ModelCard

HEADER = ("MODEL", "ANSWERED BY", "CONTEXT", "OUTPUT", "CAN", "$ IN", "$ OUT", "RETIRES")
_UNKNOWN = ModelCard(id="")


def cells(offered: Offered) -> tuple[str, ...]:
    """One for each column; empty where nothing is known."""
    card = offered.card or _UNKNOWN
    rates = card.price.rates if card.price is not None else None
    return (
        offered.model,
        " then ".join(offered.targets) or offered.kind,
        _number(card.context_tokens),
        _number(card.max_output_tokens),
        ", ".join(_abilities(card)),
        _dollars(rates.input if rates else None),
        _dollars(rates.output if rates else None),
        card.retires or "",
    )


def _abilities(card: ModelCard) -> list[str]:
    named = {
        "tools": card.tools,
        "schema": card.structured_output,
        "reasoning": card.reasoning,
        "cache": card.prompt_cache,
        "prefill": card.prefill,
    }
    return [
        *(operation for operation in card.operations if operation in ("embeddings", "rerank")),
        *(name for name, can in named.items() if can),
        *(modality for modality in card.inputs or () if modality != "text"),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _dollars(rate: Decimal | None) -> str:
    return "" if rate is None else f"{rate:f}"
