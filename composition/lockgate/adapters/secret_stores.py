"""All secret stores of a deployment behind one SecretsPort: the scheme of a reference says which is asked."""

from collections.abc import Mapping
from difflib import get_close_matches

from lockgate_ports.errors import SettingsError
from lockgate_ports.secret import Secret
from lockgate_ports.secrets import SecretsPort


class SecretStores:
    """`stores` by scheme."""

    def __init__(self, stores: Mapping[str, SecretsPort]) -> None:
        self._stores = stores

    async def fetch(self, ref: str) -> Secret:
        """From the store of the scheme. Raises SettingsError."""
        scheme, colon, _ = ref.partition(":")
        store = self._stores.get(scheme) if colon else None
        if store is None:
            near = get_close_matches(scheme, self._stores, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"no secret store has the scheme {scheme[:20]!r} of a credential_ref{hint}")
        return await store.fetch(ref)

    async def aclose(self) -> None:
        """Closes each store."""
        for store in self._stores.values():
            await store.aclose()
