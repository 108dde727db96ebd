"""SecretsPort: where keys come from."""

from typing import Annotated, Protocol

from msgspec import Meta

from lockgate_ports.secret import Secret

CREDENTIAL_REF = "credential_ref"
"""The mark, in a type's `Meta(extra=...)`, of a string that must be `scheme:rest` and is never shown."""

CredentialRef = Annotated[str, Meta(extra={CREDENTIAL_REF: True})]
"""The type of a setting that says where a key is kept."""


class SecretsPort(Protocol):
    """Turns a `credential_ref` of its scheme (`env:NAME`, `file:path#key`) into a Secret."""

    async def fetch(self, ref: str) -> Secret:
        """The secret as it is now. Raises SettingsError saying which ref and what to do, never the value."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...
