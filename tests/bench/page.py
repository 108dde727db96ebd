"""docs/performance.md, where a run puts its figures between two comments of its own name."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

_DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
_PAGE = _DOCS / "performance.md"
PLOTS = _DOCS / "performance"


def put(name: str, command: str, text: str) -> None:
    """Replaces what stands under `name`. Raises ValueError where the page has no such place."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    told = f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {machine}:"
    page, count = re.subn(
        rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)",
        lambda found: f"{found[1]}\n{told}\n\n{text}\n\n{found[2]}",
        _PAGE.read_text(),
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"{_PAGE} has no place for {name!r}")
    _PAGE.write_text(page)
