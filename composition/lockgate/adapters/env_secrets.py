"""Keys in environment variables: `env:OPENAI_API_KEY`."""

import re
from collections.abc import Mapping

from lockgate_ports.errors import SettingsError
from lockgate_ports.secret import Secret

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EnvSecrets:
    """Looks names up in `env` at each fetch."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    async def fetch(self, ref: str) -> Secret:
        """As `read` does."""
        return self.read(ref)

    def read(self, ref: str) -> Secret:
        """The value without the white space around it. Raises SettingsError when it is not set, or blank."""
        name = ref.removeprefix("env:")
        if not _NAME.fullmatch(name):
            # What stands there may be a pasted key, so that it is not repeated.
            raise SettingsError("a credential_ref says `env:` and then no name of a variable; write env:OPENAI_API_KEY")
        value = self._env.get(name, "").strip()
        if not value:
            state = "is blank" if name in self._env else "is not set"
            raise SettingsError(f"{ref}: the environment variable {name} {state}; set it to the key: export {name}=...")
        return Secret(value, ref)

    async def aclose(self) -> None:
        """Nothing is open."""
