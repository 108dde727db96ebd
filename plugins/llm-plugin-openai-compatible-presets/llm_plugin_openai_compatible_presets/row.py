"""What tells one provider of openai-chat from another, as a row of data."""

from msgspec import Struct

from llm_plugin_openai.quirks import Quirks
from lockgate_ports.http import Headers
from lockgate_ports.wire import Operation


class Embeddings(Struct, frozen=True, kw_only=True):
    """How a provider's embeddings differ from OpenAI's: fields that it does not know, or by another name."""

    lacks: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()


class Row(Struct, frozen=True, kw_only=True):
    """One kind. `headers` go with every request; with `catalogue`, its models stand in `cards/KIND.json`; with
    `lists`, it can be asked for them itself."""

    kind: str
    base_url: str
    summary: str
    quirks: Quirks
    catalogue: bool = False
    lists: bool = True
    headers: Headers = ()
    needs_credential: bool = True
    completions: bool = False
    """It has the older `/completions` too."""
    passes: tuple[Operation, ...] = ()
    """Operations beside chat and embeddings that it has in OpenAI's language: `audio`, `images`, `moderations`."""
    embeddings: Embeddings | None = None
    """None: it makes none, or none in OpenAI's language."""
