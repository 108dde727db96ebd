"""Virtual keys: what is kept of one, and whether a key that is shown is that one. Pure.

A key reads `lk_<id>_<secret>`. The id is its public name; the secret is 256 random bits, which nobody can guess from a
hash, so that one round of SHA-256 over salt and secret is enough.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from msgspec import Struct, structs

from lockgate_ports.caller import Caller

_FORM = re.compile(r"lk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ID_BYTES, _SALT_BYTES, _SECRET_BYTES = 6, 16, 32

Chance = Callable[[int], bytes]
"""So many random bytes, which nobody can foretell."""


class Seal(Struct, frozen=True, omit_defaults=True):
    """What is kept of a secret. `until` (seconds since 1970) is when it stops to count; None: never by itself."""

    salt: bytes
    digest: bytes
    until: float | None = None

    def fits(self, secret: str, now: float) -> bool:
        """Is it this secret, and does it still count? In constant time."""
        same = compare_digest(sha256(self.salt + secret.encode()).digest(), self.digest)
        return same and (self.until is None or now < self.until)


class ClientKey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One virtual key. Times are in seconds since 1970."""

    id: str
    caller: Caller
    """Who shows it; `key_id` is its id."""
    seals: tuple[Seal, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None

    def state(self, now: float) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"

    def fits(self, secret: str, now: float) -> bool:
        """Is this its secret?"""
        # All are tried: the time taken tells nothing of which one came near.
        return sum(seal.fits(secret, now) for seal in self.seals) > 0


def taken_apart(shown: str) -> tuple[str, str] | None:
    """The id and the secret of a key as it is shown; None when it has not the form of one."""
    found = _FORM.fullmatch(shown)
    return (found[1], found[2]) if found else None


def new_id(chance: Chance) -> str:
    """12 letters and digits."""
    return chance(_ID_BYTES).hex()


def sealed(key_id: str, chance: Chance) -> tuple[str, Seal]:
    """A new key as it is shown this once, and what is kept of it."""
    secret = urlsafe_b64encode(chance(_SECRET_BYTES)).rstrip(b"=").decode()
    salt = chance(_SALT_BYTES)
    return f"lk_{key_id}_{secret}", Seal(salt, sha256(salt + secret.encode()).digest())


def rotated(key: ClientKey, chance: Chance, now: float, overlap: float) -> tuple[str, ClientKey]:
    """The same key with a new secret, shown this once; the one before it counts for `overlap` more seconds."""
    shown, seal = sealed(key.id, chance)
    old = [structs.replace(each, until=now + overlap) for each in key.seals if each.until is None]
    kept = tuple(old) if overlap > 0 else ()
    return shown, structs.replace(key, seals=(seal, *kept))
