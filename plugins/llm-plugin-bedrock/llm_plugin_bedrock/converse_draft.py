"""A Converse request while it is being written: for which family of model, and what it already holds."""

from collections.abc import Mapping

from llm_plugin_bedrock.families import family_of
from lockgate_ports.dialect import Upstream
from lockgate_ports.draft import Draft
from lockgate_ports.parts import CacheHint

_TTLS = ("5m", "1h")


class ConverseDraft(Draft):
    """Knows the model's family, the names of documents taken, and whether any message holds a tool block."""

    def __init__(self, upstream: Upstream, behind: Mapping[str, str]) -> None:
        super().__init__(upstream)
        self.family = family_of(behind.get(upstream.model, upstream.model))
        self.documents: set[str] = set()
        self.tool_blocks = False

    def cache_point(self, cache: CacheHint | None, *, tools: bool = False) -> list[dict[str, object]]:
        """The block that asks to cache all before it; none where it is not asked or the family knows none."""
        if cache is None:
            return []
        able = self.family.caches_tools if tools else self.family.caches
        if not able and not self.admits("cache_control"):
            return []
        point: dict[str, object] = {"type": "default"}
        if cache.ttl in _TTLS:
            point["ttl"] = cache.ttl
        elif cache.ttl is not None:
            self.leave_out("cache_control.ttl")
        return [{"cachePoint": point}]

    def lacks(self, name: str) -> None:
        """Note advice that has no place in Converse at all. Raises Unsupported where the settings are strict."""
        if self.admits(name):
            self.leave_out(name)
