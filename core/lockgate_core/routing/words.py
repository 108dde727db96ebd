"""Words for what a model can do, as routes by capability and clients use them, judged by its card."""

from collections.abc import Callable, Mapping

from lockgate_ports.cards import ModelCard


def _takes(modality: str) -> Callable[[ModelCard], bool]:
    return lambda card: modality in (card.inputs or ())


def _makes(modality: str) -> Callable[[ModelCard], bool]:
    return lambda card: modality in (card.outputs or ())


_SHOWN: Mapping[str, Callable[[ModelCard], bool]] = {
    "vision": _takes("image"),
    "image": _takes("image"),
    "audio": _takes("audio"),
    "video": _takes("video"),
    "file": _takes("file"),
    "image_output": _makes("image"),
    "audio_output": _makes("audio"),
    "tools": lambda card: card.tools is True,
    "structured_output": lambda card: card.structured_output is True,
    "reasoning": lambda card: card.reasoning is True,
    "embeddings": lambda card: "embeddings" in card.operations,
    "rerank": lambda card: "rerank" in card.operations,
}
_OTHER_OPERATIONS = frozenset({"embeddings", "rerank"})


def can(card: ModelCard, words: frozenset[str]) -> bool:
    """Does the card say all of it? Words that name no field of a card are looked for among its tasks."""
    if not words & _OTHER_OPERATIONS and card.operations and "chat" not in card.operations:
        return False
    return all(_SHOWN[word](card) if word in _SHOWN else word in card.tasks for word in words)
