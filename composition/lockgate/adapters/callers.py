"""Who calls: found from the key that a client shows, among fixed keys, virtual ones and tokens."""

from collections.abc import Awaitable, Sequence
from hmac import compare_digest
from typing import TYPE_CHECKING, Protocol

from lockgate_ports.caller import Caller
from lockgate_ports.errors import Unauthenticated
from lockgate_ports.secret import Secret

if TYPE_CHECKING:
    from lockgate.adapters.known_keys import KnownKeys


class Tokens(Protocol):
    """Tokens of issuers that settings trust."""

    def of(self, token: str) -> Caller | Awaitable[Caller]:
        """Who shows it. Raises Unauthenticated or Forbidden."""
        ...


class Callers:
    """Everybody who may come in. `clients` and `admins` are fixed keys; a caller by one has its reference for an id."""

    def __init__(
        self,
        clients: Sequence[Secret] = (),
        admins: Sequence[Secret] = (),
        keys: "KnownKeys | None" = None,
        tokens: Tokens | None = None,
    ) -> None:
        fixed = [(key, Caller(key_id=key.ref or "admin", admin=True)) for key in admins]
        fixed += [(key, Caller(key_id=key.ref or "client")) for key in clients]
        self._fixed = tuple((key.reveal().encode(), caller) for key, caller in fixed)
        self.keys = keys
        """The virtual ones, if there are any."""
        self._tokens = tokens

    @property
    def asked(self) -> bool:
        """Is anybody asked for a key?"""
        return bool(self._fixed) or self.keys is not None or self._tokens is not None

    def of(self, shown: str) -> Caller | Awaitable[Caller]:
        """Who shows this: at once, but for a token that has to be verified first. Raises Unauthenticated."""
        if fixed := self._fixed:
            found, given = None, shown.encode()
            # No early end: the time taken tells nothing of which key came near.
            for key, caller in fixed:
                if compare_digest(given, key) and found is None:
                    found = caller
            if found is not None:
                return found
        if not shown:
            raise Unauthenticated("no API key was sent; use `Authorization: Bearer KEY`")
        if self._tokens is not None and shown.count(".") == 2:
            holder = self._tokens.of(shown)
            if self.keys is None:
                return holder
            return self.keys.placed(holder) if isinstance(holder, Caller) else _placed(holder, self.keys)
        if self.keys is None:
            raise Unauthenticated("this API key is not known here")
        return self.keys.caller(shown)

    def close(self) -> None:
        """Let go of the file of keys."""
        if self.keys is not None:
            self.keys.close()


async def _placed(verifying: Awaitable[Caller], keys: "KnownKeys") -> Caller:
    return keys.placed(await verifying)
