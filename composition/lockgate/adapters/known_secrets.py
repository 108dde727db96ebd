"""A SecretsPort whose secrets the redactor knows."""

from lockgate.redaction import Redactor
from lockgate_ports.secret import Secret
from lockgate_ports.secrets import SecretsPort


class KnownSecrets:
    """`store`, and `redactor` is told of each value before anybody can show it."""

    def __init__(self, store: SecretsPort, redactor: Redactor) -> None:
        self._store = store
        self._redactor = redactor
        self._last: dict[str, str] = {}

    async def fetch(self, ref: str) -> Secret:
        """As the store has it. Raises SettingsError."""
        secret = await self._store.fetch(ref)
        value = secret.reveal()
        if self._last.get(ref) != value:
            self._last[ref] = value
            self._redactor.remember(secret)
        return secret

    async def aclose(self) -> None:
        """Closes the store."""
        self._last.clear()
        await self._store.aclose()
