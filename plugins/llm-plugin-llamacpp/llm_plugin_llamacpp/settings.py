"""The settings of one provider of kind `llamacpp`."""

from typing import Annotated

from msgspec import Meta, Struct

from lockgate_ports.cards import ModelCard

DEFAULT_MODEL = "smollm2"
DEFAULT_CONTEXT = 4096

Count = Annotated[int, Meta(ge=1, le=1024)]


class LlamaCppSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model to load and how much of the machine it may take."""

    model: str | None = None
    """A known name (`smollm2`, the default); beside `model_path`, the name clients call that file by."""
    model_path: str | None = None
    """Any GGUF file; `~` is the home folder. Without `model` it is called by the file's name without `.gguf`."""
    context_tokens: Annotated[int, Meta(ge=64, le=16_777_216)] = DEFAULT_CONTEXT
    """Prompt and answer of one call together; at most what the model was trained for."""
    slots: Count = 2
    """Calls answered at the same time; each holds memory for `context_tokens`."""
    queue: Annotated[int, Meta(ge=0, le=100_000)] = 16
    """Calls that may wait for a slot; those beyond are told 429."""
    threads: Count | None = None
    """Processor threads; None: half of those this process may use."""
    gpu_layers: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    """Layers on the GPU; None: as many as fit, 0: none."""


def card_of(model: str, context_tokens: int) -> ModelCard:
    """What is known of any model in this engine: grammar holds it to a schema, and its prompts stay in memory."""
    return ModelCard(
        id=model,
        operations=("chat",),
        context_tokens=context_tokens,
        inputs=("text",),
        outputs=("text",),
        structured_output=True,
        prompt_cache=True,
    )
