"""llama.cpp in process: a provider that needs no service and no key."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from llm_plugin_llamacpp.settings import DEFAULT_CONTEXT, DEFAULT_MODEL, LlamaCppSettings, card_of
from llm_plugin_llamacpp.weights import KNOWN, locate
from lockgate_ports.hooks import BuildContext, ModelFactory, Weights, hookimpl
from lockgate_ports.model import ModelPort


def build(settings: LlamaCppSettings, context: BuildContext) -> ModelPort:
    """The provider, not yet loaded: `open` finds the file and says what is wrong with it."""
    from llm_plugin_llamacpp.model import LlamaCppModel

    name = settings.model or (Path(settings.model_path).stem if settings.model_path else DEFAULT_MODEL)
    return LlamaCppModel(context.name, name, settings, partial(locate, settings, context.env))


@hookimpl
def register_models() -> Iterable[ModelFactory[LlamaCppSettings]]:
    """The kind `llamacpp`. It never leaves the machine: it has no origins."""
    return (
        ModelFactory(
            kind="llamacpp",
            settings=LlamaCppSettings,
            build=build,
            origins=lambda _: (),
            summary="any GGUF model, run by llama.cpp in this process",
            catalogue=lambda: (card_of(DEFAULT_MODEL, DEFAULT_CONTEXT),),
            embedded=True,
        ),
    )


@hookimpl
def register_weights() -> Iterable[Weights]:
    """What `lockgate models pull` can fetch."""
    return tuple(
        Weights(
            name=known.name,
            summary=known.summary,
            size_bytes=known.size,
            license=known.license,
            pull=partial(_pull, known.name),
        )
        for known in KNOWN.values()
    )


def _pull(name: str, folder: Path, progress: Callable[[int, int], None]) -> Path:
    from llm_plugin_llamacpp.pull import pull

    return pull(name, folder, progress)
