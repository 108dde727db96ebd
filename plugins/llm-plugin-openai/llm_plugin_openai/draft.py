"""A request in openai-chat while it is being written: in which variety of the language."""

import hashlib
import re

from llm_plugin_openai.quirks import NAME, Quirks
from lockgate_ports.dialect import Upstream
from lockgate_ports.draft import Draft

_NINE = re.compile(r"[a-zA-Z0-9]{9}")


class ChatDraft(Draft):
    """Knows the server's quirks, and whether the caller wrote in this very dialect."""

    def __init__(self, upstream: Upstream, quirks: Quirks, native: str | None) -> None:
        super().__init__(upstream)
        self.quirks = quirks
        self.own = native == NAME
        """The caller's words need no translation."""

    def caches(self) -> bool:
        """Whether the caller's wish to cache the prompt can be said."""
        return self.own or self.quirks.cache_control or self.admits("cache_control")

    def call_id(self, given: str) -> str:
        """A tool call's id as the server takes it; the same each time, so that calls and results still meet."""
        if self.quirks.call_ids == "any" or _NINE.fullmatch(given) is not None:
            return given
        return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:9]
