"""A request in anthropic-messages while it is being written: for which model, by whom."""

from llm_plugin_anthropic.models import Abilities
from llm_plugin_anthropic.quirks import NAME, Quirks
from lockgate_ports.dialect import Upstream
from lockgate_ports.draft import Draft


class MessagesDraft(Draft):
    """Knows the place's quirks, what the model takes, and whether the caller wrote in this very dialect."""

    def __init__(self, upstream: Upstream, quirks: Quirks, native: str | None) -> None:
        super().__init__(upstream)
        self.quirks = quirks
        self.own = native == NAME
        """The caller's words need no translation."""

    @property
    def model(self) -> Abilities:
        """What the model takes."""
        return self.quirks.abilities(self.upstream.model)
