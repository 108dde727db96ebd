"""Opens a gateway for a command, and shows that something is going on while it does."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from lockgate.cli.terminal import console, note
from lockgate.gateway import Gateway
from lockgate.opening import open_gateway
from lockgate.seat import Seat


@asynccontextmanager
async def opened(
    path: Path | None, environment: str | None, *, quiet: bool = False, seat: Seat | None = None
) -> AsyncGenerator[Gateway, None]:
    """The gateway of the settings at `path`, None for the embedded default; a spinner turns on a terminal's stderr,
    and elsewhere one line stands there, unless it shall be `quiet`. `seat` as for `open_gateway`."""
    doing = f"opening {path}" if path else "opening the embedded model"
    if not sys.stderr.isatty():
        if not quiet:
            note(doing)
        async with open_gateway(path, environment=environment, seat=seat) as gateway:
            yield gateway
        return
    status = console(stderr=True).status(f"{doing} ...", spinner="dots")
    status.start()
    try:
        async with open_gateway(path, environment=environment, seat=seat) as gateway:
            status.stop()
            yield gateway
    finally:
        status.stop()
