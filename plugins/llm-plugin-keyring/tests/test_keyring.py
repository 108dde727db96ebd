"""The keyring of the operating system, with a backend in memory behind the real library."""

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from llm_plugin_keyring.store import KEYRING, KeyringSettings
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.testkit import ScriptedHttp


class Memory(KeyringBackend):
    """Passwords by service and user."""

    priority = 1  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        if self.locked:
            raise KeyringLocked("CANARY")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def memory() -> Iterator[Memory]:
    before = keyring.get_keyring()
    backend = Memory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def store():
    return KEYRING.build(KeyringSettings(), BuildContext("secrets-keyring", ScriptedHttp()))


async def test_a_password_by_service_and_user_or_by_user_alone(memory: Memory) -> None:
    keyring.set_password("llm/keys", "openai", " sk-1 ")
    keyring.set_password("lockgate", "openai", '{"key": "sk-2"}')
    secrets = store()
    assert (await secrets.fetch("keyring:llm/keys/openai")).reveal() == "sk-1"
    assert (await secrets.fetch("keyring:openai#key")).reveal() == "sk-2"
    await secrets.fetch("keyring:openai#key")
    assert memory.asked == 2, "a value is kept for a while"
    await secrets.aclose()


async def test_what_is_not_there_is_told_with_what_to_do(memory: Memory) -> None:
    with pytest.raises(SettingsError, match="keyring set lockgate openai"):
        await store().fetch("keyring:openai")
    memory.locked = True
    with pytest.raises(SettingsError, match="locked") as caught:
        await store().fetch("keyring:openai")
    assert "CANARY" not in caught.value.message


async def test_a_machine_without_a_keyring_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        with pytest.raises(SettingsError, match="no keyring"):
            await store().fetch("keyring:openai")
    finally:
        keyring.set_keyring(before)
