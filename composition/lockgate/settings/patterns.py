"""What one pattern for names says of another: only what can be told for certain."""

import re

_SPECIAL = frozenset(".^$*+?{}[]\\|()")
_REPEATS = frozenset("*+?{")


def covers(earlier: str, later: str) -> bool:
    """True when every name that `later` matches is matched by `earlier`; False also when that is hard to tell."""
    if earlier == later or earlier in (".*", ".+"):
        return True
    prefix, rest = literal_prefix(later)
    if not rest:
        return re.fullmatch(earlier, prefix) is not None
    own, tail = literal_prefix(earlier)
    if tail not in (".*", ".+") or not prefix.startswith(own):
        return False
    return tail == ".*" or len(prefix) > len(own)


def literal_prefix(pattern: str) -> tuple[str, str]:
    """The plain letters that every match begins with, and the rest of the pattern; nothing of one with alternatives."""
    if "|" in pattern:
        return "", pattern
    letters: list[str] = []
    place = 0
    while place < len(pattern):
        letter, end = pattern[place], place + 1
        if letter == "\\" and end < len(pattern) and not pattern[end].isalnum():
            letter, end = pattern[end], end + 1
        elif letter in _SPECIAL:
            break
        if end < len(pattern) and pattern[end] in _REPEATS:
            break
        letters.append(letter)
        place = end
    return "".join(letters), pattern[place:]
