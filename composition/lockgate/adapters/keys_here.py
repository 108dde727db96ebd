"""Whether the keys are there that this process can look for by itself: in its environment, and in files."""

from collections.abc import Mapping
from difflib import get_close_matches

from lockgate.adapters.env_secrets import EnvSecrets
from lockgate.adapters.file_secrets import FileSecrets
from lockgate.settings.credentials import LookUp, Unset
from lockgate_ports.errors import SettingsError


def keys_here(env: Mapping[str, str]) -> LookUp:
    """A store elsewhere is not asked: that it is down for a moment must not keep a gateway from starting."""
    set_here = [name for name, value in env.items() if value.strip()]
    stores: dict[str, EnvSecrets | FileSecrets] = {"env": EnvSecrets(env), "file": FileSecrets()}

    def look_up(ref: str) -> Unset | None:
        scheme, _, name = ref.partition(":")
        store = stores.get(scheme)
        if store is None:
            return None
        try:
            store.read(ref)
        except SettingsError as error:
            message, _, hint = error.message.partition("; ")
            near = get_close_matches(name, set_here, 1, 0.8) if scheme == "env" and name not in env else ()
            return Unset(message, f"did you mean env:{near[0]}?" if near else hint)
        return None

    return look_up
