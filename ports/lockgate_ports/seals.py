"""Seals: what only the dialect that wrote it can read, carried by clients of another and opened when it comes back.

A provider may sign its thoughts and tool calls, or encrypt them, and wants that back unchanged in the next turn. A
client of another dialect has a place for such a word of its own dialect alone, and hands it back unread. So the word it
is given is a seal: base64 of `lockgate:` and a JSON array of dialect, signature, encrypted block and id.
A
reader opens it into the canonical part, whose `native` then tells the provider's dialect from all others.
"""

import re
from base64 import b64decode, b64encode

import msgspec
from msgspec import Struct

from lockgate_ports.events import ThinkingDelta, ToolCallDelta
from lockgate_ports.parts import Thinking, ToolCall

_HEAD = b"lockgate:"
MARK = b64encode(_HEAD)
"""How every seal begins."""
_CALL = re.compile(rf"-({MARK.decode()}[A-Za-z0-9_-]+)$")
_TO_LETTERS = str.maketrans("+/", "-_", "=")
_FROM_LETTERS = str.maketrans("-_", "+/")


class _Sealed(Struct, frozen=True, array_like=True):
    dialect: str
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Sealed).decode


def is_sealed(body: bytes) -> bool:
    """Whether a request holds a seal, and so cannot go on as it came."""
    return body.find(MARK) >= 0  # `in` makes and drops an exception first, for bytes in bytes (CPython 3.11)


def seal_thought(thought: Thinking | ThinkingDelta, own: str) -> str | None:
    """The word for what another dialect than `own` signed or encrypted; None where there is no such thing."""
    native = thought.native
    if native is None or native == own or not (thought.signature or thought.redacted):
        return None
    return _word(_Sealed(native, thought.signature, thought.redacted, thought.id))


def open_thought(text: str, word: str | None) -> Thinking | None:
    """The thought that `word` was given for, with the `text` beside it; None when it is no seal."""
    found = _open(word) if word is not None else None
    return Thinking(text, found.signature, found.redacted, found.id, found.dialect) if found is not None else None


def closes_words(opened: Thinking) -> bool:
    """Whether a thought opened without words is for those told before it, as a signature is, and the encrypted block of
    an item that has an id; an encrypted block alone stands for itself."""
    return opened.signature is not None or opened.id is not None


def seal_call(call_id: str, call: ToolCall | ToolCallDelta, own: str) -> str:
    """The id a client is told: with the signature that another dialect put on the call, since clients keep ids."""
    if not call.signature or call.native is None or call.native == own:
        return call_id
    return f"{call_id}-{_word(_Sealed(call.native, call.signature)).translate(_TO_LETTERS)}"


def call_id_of(given: str) -> str:
    """The provider's own id of a call, from the one the client was told."""
    return given if len(given) < len(MARK) else _CALL.sub("", given)


def open_call(given: str, name: str, arguments: str, *, custom: bool = False) -> ToolCall:
    """The call as the provider made it, from the id the client was told."""
    found = _CALL.search(given)
    sealed = _open(found[1]) if found is not None else None
    if found is None or sealed is None:
        return ToolCall(given, name, arguments, custom)
    return ToolCall(given[: found.start()], name, arguments, custom, sealed.signature, sealed.dialect)


def _word(sealed: _Sealed) -> str:
    return b64encode(_HEAD + _ENCODE(sealed)).decode()


def _open(word: str) -> _Sealed | None:
    """In either alphabet, padded or not: clients may have read it as bytes and written it anew."""
    if not word.startswith(MARK.decode()):
        return None
    plain = word.translate(_FROM_LETTERS).rstrip("=")
    try:
        return _DECODE(b64decode(plain + "=" * (-len(plain) % 4), validate=True)[len(_HEAD) :])
    except ValueError:  # as are msgspec's: somebody else's word that begins alike
        return None
