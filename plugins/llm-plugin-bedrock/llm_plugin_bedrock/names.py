"""Names and ids in the letters that Bedrock takes (API reference: ToolName, ToolUseId, DocumentBlock)."""

import re
from hashlib import sha256

DIALECT = "bedrock-converse"

IDLE_TOOL = "lockgate_no_tool"
"""Stands in where a conversation has tool calls and no tools are offered: Bedrock refuses it without any."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OUTSIDE = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPED = re.compile(r"-([0-9a-f]{1,6})-")
_MARK = "lgx_"
_ID_OUTSIDE = re.compile(r"[^a-zA-Z0-9_-]")
_DOCUMENT_OUTSIDE = re.compile(r"[^a-zA-Z0-9\s()\[\]-]")
_SPACES = re.compile(r"\s+")


def tool_name(name: str) -> str | None:
    """`name` as Bedrock takes it: as it is, or spelled so that `said_name` gives it back; None when that is too long.

    >>> tool_name("geo.find")
    'lgx_geo-2e-find'
    """
    if _NAME.fullmatch(name) and not name.startswith(_MARK):
        return name
    spelled = _MARK + _OUTSIDE.sub(lambda found: f"-{ord(found.group()):x}-", name)
    return spelled if name and _NAME.fullmatch(spelled) else None


def said_name(name: str) -> str:
    """The name that the caller gave the tool."""
    if not name.startswith(_MARK):
        return name
    return _ESCAPED.sub(_letter, name.removeprefix(_MARK))


def _letter(found: re.Match[str]) -> str:
    code = int(found.group(1), 16)
    return chr(code) if code <= 0x10FFFF else found.group()


def tool_id(call_id: str) -> str:
    """The same id for the same `call_id`, in Bedrock's letters and length; others stay apart by a digest."""
    if _NAME.fullmatch(call_id):
        return call_id
    digest = sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_ID_OUTSIDE.sub('_', call_id)[:48]}_{digest}"


def document_name(name: str | None, taken: set[str]) -> str:
    """A name in Bedrock's letters that no other document of the request has; it is added to `taken`."""
    plain = _SPACES.sub(" ", _DOCUMENT_OUTSIDE.sub("-", (name or "").strip())).strip()[:180] or "document"
    unique, number = plain, 2
    while unique in taken:
        unique, number = f"{plain} ({number})", number + 1
    taken.add(unique)
    return unique
