"""SecretsPort: where keys come from."""

from typing import Protocol

from lockgate_ports.secret import Secret


class SecretsPort(Protocol):
    """Turns a `credential_ref` of its scheme (`env:NAME`, `file:path#key`) into a Secret."""

    async def fetch(self, ref: str) -> Secret:
        """The secret as it is now. Raises SettingsError saying which ref and what to do, never the value."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...
