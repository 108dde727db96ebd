"""A request while it is being written: for whom, in which variety of the language, and what had to be left out."""

from llm_plugin_openai.quirks import NAME, Quirks
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import Unsupported


class Draft:
    """Decides what becomes of things the server has no word for, and keeps their names."""

    def __init__(self, upstream: Upstream, quirks: Quirks, native: str | None) -> None:
        self.quirks = quirks
        self.own = native == NAME
        """The caller wrote in this very dialect: its words need no translation."""
        self._upstream = upstream
        self._dropped: list[str] = []

    @property
    def dropped(self) -> tuple[str, ...]:
        """The names of what was left out, each once, in order."""
        return tuple(dict.fromkeys(self._dropped))

    def admits(self, name: str) -> bool:
        """Whether to send tuning that the server has no word for. Raises Unsupported where the settings are strict."""
        if self._upstream.params == "pass":
            return True
        if self._upstream.params == "strict":
            raise Unsupported(
                f"{self._upstream.provider_id} has no word for {name}; leave it out, or set the provider's params to "
                "drop or pass",
                param=name,
            )
        self.leave_out(name)
        return False

    def caches(self) -> bool:
        """Whether the caller's wish to cache the prompt can be said."""
        return self.own or self.quirks.cache_control or self.admits("cache_control")

    def leave_out(self, name: str) -> None:
        """Note that something which only advises is not said."""
        self._dropped.append(name)

    def cannot_say(self, what: str, at: str) -> Unsupported:
        """The refusal of content that may not be left out."""
        return Unsupported(f"{at}: {self._upstream.provider_id} takes no {what}", param=at)
