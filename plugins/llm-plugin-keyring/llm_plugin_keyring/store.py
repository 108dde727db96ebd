"""SecretsPort on the keyring of the operating system, by the library `keyring`."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Struct

from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import Remembered, part_of_text, secret_of, split_ref
from lockgate_ports.secrets import SecretsPort


class KeyringSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ttl`, in seconds: how long a value is kept before the keyring is asked again."""

    ttl: Annotated[float, Meta(gt=0)] = 60.0


class KeyringSecrets:
    """`keyring:service/user`; the service is `lockgate` where only a user is named."""

    def __init__(self, ttl: float, clock: Callable[[], float]) -> None:
        self._held: Remembered[str] = Remembered(ttl, clock)

    async def fetch(self, ref: str) -> Secret:
        """The password that the keyring holds. Raises SettingsError; a locked keyring may ask its user."""
        path, field = split_ref(ref)
        text = await self._held.get(path, lambda: asyncio.to_thread(_read, path, ref))
        return secret_of(part_of_text(text, field, ref), ref)

    async def aclose(self) -> None:
        """Forgets all."""
        self._held.forget()


def _read(path: str, ref: str) -> str:
    import keyring  # it looks for backends, which takes a while
    from keyring.errors import KeyringError, NoKeyringError

    service, slash, user = path.rpartition("/")
    try:
        found = keyring.get_password(service if slash else "lockgate", user)
    except NoKeyringError:
        raise SettingsError(f"{ref}: there is no keyring on this machine that can be used") from None
    except KeyringError as error:
        raise SettingsError(f"{ref}: the keyring gives nothing ({type(error).__name__}); is it locked?") from None
    if found is None:
        name = service if slash else "lockgate"
        raise SettingsError(f"{ref}: the keyring has no such password; set it: keyring set {name} {user}")
    return found


def _build(settings: KeyringSettings, context: BuildContext) -> SecretsPort:
    return KeyringSecrets(settings.ttl, time.monotonic)


KEYRING: Factory[KeyringSettings, SecretsPort] = Factory(
    kind="keyring",
    settings=KeyringSettings,
    build=_build,
    summary="keys in the keyring of the operating system",
)
