"""The fenced pieces of a page: what a reader copies."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^( *)(```+)(\w*)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced piece of a page; `line` counts from 1 and is that of the fence."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in FENCE.finditer(text):
        indent, _, language, body = found.groups()
        dedented = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        yield Block(language, dedented, text.count("\n", 0, found.start()) + 1)
