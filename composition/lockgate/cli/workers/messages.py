"""What the supervisor and its workers say to each other: MessagePack, each message behind its length (4 bytes)."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from lockgate.reloaded import Reloaded
from lockgate.settings.faults import Fault
from lockgate_ports.limits import Claim

Page = Literal["health", "metrics", "rollouts", "move", "moves", "shadows", "hello"]
"""What all workers have a part of: that they are well, what they counted, how far their rollouts are, the same after a
move was made, the moves that were made last, what became of copies; `hello`: one asks a question, and shows it."""

# To a worker.


class Start(Struct, frozen=True, kw_only=True, tag=True):
    """Open the gateway and listen; answered by Ready. `sockets` are descriptors. `files`: the texts of the settings
    that serve, None: they are to be read."""

    number: int
    of: int
    path: str | None
    environment: str | None
    files: Mapping[str, str] | None
    sockets: tuple[int, ...]
    host: str
    log_level: str
    log_json: bool


class Show(Struct, frozen=True, tag=True):
    """Your part of a page that is asked for."""

    page: Page
    body: bytes = b""


class Prepare(Struct, frozen=True, tag=True):
    """Open an engine from new settings beside the one that serves; answered by Prepared. `files` as in Start."""

    files: Mapping[str, str] | None = None


class TakeOver(Struct, frozen=True, tag=True):
    """What was prepared serves from now on. `first`: you write it down, for all."""

    told: Reloaded
    first: bool


class Drop(Struct, frozen=True, tag=True):
    """What may be prepared is given up, and why."""

    told: Reloaded
    first: bool


# To the supervisor.


class Gather(Struct, frozen=True, tag=True):
    """A page is asked for that all have a part of; answered by Gathered."""

    page: Page
    body: bytes = b""


class Reload(Struct, frozen=True, tag=True):
    """Somebody wants new settings to serve; answered by Reloaded, when they do."""

    actor: str


class Count(Struct, frozen=True, tag=True):
    """A call's claims on limits; answered by its Grant."""

    claims: tuple[Claim, ...]


class Settle(Struct, frozen=True, tag=True):
    """What a call really used, by the number that its grant has."""

    number: str
    used: tuple[int, ...]


class Leaving(Struct, frozen=True, tag=True):
    """No more connections are taken here."""


class Last(Struct, frozen=True, tag=True):
    """All that was counted, at the end."""

    text: bytes


What = Start | Show | Prepare | TakeOver | Drop | Gather | Reload | Count | Settle | Leaving | Last


# What is answered.


class Ready(Struct, frozen=True, kw_only=True):
    """A worker serves. `files` as in Start; `watch`: they are to be watched; `drain`: the seconds that it may take to
    end; `what`: how much it serves, in words; `open`: that no key is asked for is worth a warning."""

    files: Mapping[str, str] | None
    watch: bool
    drain: float
    what: str
    open: bool


class Prepared(Struct, frozen=True):
    """An engine is open beside the one that serves."""

    files: Mapping[str, str] | None
    watch: bool


class Part(Struct, frozen=True):
    """A worker's part of a page."""

    number: int
    body: bytes


class Gathered(Struct, frozen=True):
    """The parts of those that answered, `of` how many there should be; `kept`: what was counted by those that are
    gone; `restarts`: how many were started in place of others."""

    parts: tuple[Part, ...]
    of: int
    kept: bytes = b""
    restarts: int = 0


class Refusal(Struct, frozen=True):
    """Why not."""

    message: str
    faults: tuple[Fault, ...] | None = None


# On the wire.


class Ask(Struct, frozen=True, tag=True):
    """`id` 0: no answer is wanted."""

    id: int
    what: What


class Answer(Struct, frozen=True, tag=True):
    """To the one that was asked with that id."""

    id: int
    body: bytes = b""
    refusal: Refusal | None = None


encode = msgspec.msgpack.Encoder().encode
decode_message = msgspec.msgpack.Decoder(Ask | Answer).decode
