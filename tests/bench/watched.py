"""`python watched.py FILE serve ...`: the gateway, which keeps writing into FILE how many asyncio tasks it has."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lockgate.cli import main, serving


def watch(file: Path) -> None:
    """From another thread, so that a loop that hangs shows as a number that stays."""
    made: list[asyncio.AbstractEventLoop] = []
    make: Callable[[], asyncio.AbstractEventLoop] = serving.loop

    def kept() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    def count() -> None:
        while True:
            time.sleep(0.5)
            if made:
                file.write_text(str(len(asyncio.all_tasks(made[0]))))

    serving.loop = kept
    threading.Thread(target=count, daemon=True).start()


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main()
