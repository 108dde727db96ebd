"""Whether a request in this very dialect holds what one server has no word for, or another word."""

import re

from llm_plugin_openai.quirks import Quirks
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import MEMBERS

_FORMATS = Quirks().formats
_FIELDS = (b"reasoning_content", b"reasoning", b"reasoning_details")
_OTHER_IDS = re.compile(rb'"(?:id|tool_call_id)"[ \t\n\r]*:[ \t\n\r]*"(?![a-zA-Z0-9]{9}")')
_THOUGHTS = {
    name: re.compile(rb'"(?:%s)"[ \t\n\r]*:' % b"|".join(each for each in _FIELDS if each != name.encode()))
    for name in ("reasoning_content", "reasoning", "reasoning_details", "content")
}
"""By the field in which a server takes thoughts: the others."""
_DEVELOPER = re.compile(rb'"role"[ \t\n\r]*:[ \t\n\r]*"developer"')


class Foreign:
    """Looks at the bytes: at the names of fields, and for patterns that may stand where they are no role or id, which
    costs a needless translation and no meaning."""

    def __init__(self, quirks: Quirks) -> None:
        names = {*quirks.lacks, *(name for name, _ in quirks.renames)}
        if quirks.thinking is not None:
            names |= {"reasoning", "reasoning_effort"}
        if quirks.formats != _FORMATS:
            names.add("response_format")
        self._names = frozenset(names)
        marks: list[re.Pattern[bytes]] = []
        if quirks.call_ids == "nine":
            marks.append(_OTHER_IDS)
        if not quirks.developer_role:
            marks.append(_DEVELOPER)
        if quirks.strict_messages:
            marks.append(_THOUGHTS[quirks.reasoning_field or "content"])
        self._marks = tuple(marks)
        self.some = bool(names or marks)
        """There is something to look for."""

    def within(self, body: bytes) -> bool:
        """True when `body` must be translated; what is no JSON object is for others to refuse."""
        for pattern in self._marks:
            if pattern.search(body) is not None:
                return True
        if not self._names:
            return False
        try:
            return not self._names.isdisjoint(MEMBERS.decode(body))
        except BROKEN:
            return False
