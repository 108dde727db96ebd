"""An answer on its way to the reader: words as they arrive, wrapped in a terminal, as they are elsewhere."""

import shutil
from typing import IO

from lockgate.cli.wrapping import Wrapped
from lockgate_ports.events import Event, RefusalDelta, TextDelta, ThinkingDelta

_DIM, _PLAIN = "\x1b[2m", "\x1b[22m"


class Voice:
    """Writes the first choice of one answer to `out`; `text` is what was said so far."""

    def __init__(self, out: IO[str]) -> None:
        self.text = ""
        self._out = out
        self._thinking = False
        self._lines = Wrapped(out, shutil.get_terminal_size().columns, indent=0) if out.isatty() else None

    def tell(self, event: Event) -> None:
        """Writes what an event says. Thoughts are shown, dimly, in a terminal alone."""
        match event:
            case TextDelta() | RefusalDelta() if event.choice == 0 and event.text:
                self.say(event.text)
            case ThinkingDelta() if event.choice == 0 and event.text and self._lines is not None:
                if not self._thinking:
                    self._out.write(_DIM)
                self._thinking = True
                self._lines.write(event.text)
            case _:
                pass

    def say(self, text: str) -> None:
        """More words."""
        self._stop_thinking()
        self.text += text
        if self._lines is not None:
            self._lines.write(text)
        else:
            self._out.write(text)
            self._out.flush()

    def end(self) -> None:
        """The end of the line; the terminal is left as it was, also when the answer was stopped."""
        self._stop_thinking()
        if self._lines is not None:
            self._lines.end()
        elif self.text:
            self._out.write("\n")
            self._out.flush()

    def _stop_thinking(self) -> None:
        if self._thinking and self._lines is not None:
            self._lines.end()
            self._out.write(f"{_PLAIN}\n")
            self._thinking = False
