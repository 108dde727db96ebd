"""What is wrong with a settings file, and where."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from lockgate_ports.errors import SettingsError

FaultCode = Literal[
    "unreadable",
    "duplicate-key",
    "unknown-key",
    "missing-key",
    "wrong-type",
    "out-of-range",
    "bad-name",
    "bad-value",
    "unknown-kind",
    "unknown-provider",
    "unknown-route",
    "unreachable",
    "ambiguous",
    "cycle",
    "undeclared",
    "unknown-environment",
    "unset-variable",
    "unset-credential",
    "literal-secret",
]


class Place(Struct, frozen=True):
    """Where something stands; `line` and `column` count from 1, and are 0 when it comes from no file."""

    file: str
    line: int = 0
    column: int = 0
    environment: str = ""
    """The overlay it stands in, or empty."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `path` leads to it (`providers.openai.base_urll`), `hint` says what to do."""

    code: FaultCode
    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        subject = f"{self.path}: {self.message}" if self.path else self.message
        return f"{where}: {subject}; {self.hint}" if self.hint else f"{where}: {subject}"


class SettingsFaults(SettingsError):
    """All that is wrong with one settings file; the message has one fault a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
