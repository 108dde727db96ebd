"""Keys in environment variables."""

import pytest

from lockgate.adapters.env_secrets import EnvSecrets
from lockgate_ports.errors import SettingsError


async def test_the_value_is_read_at_each_fetch_and_trimmed() -> None:
    env = {"KEY": " one\n"}
    secrets = EnvSecrets(env)
    first = await secrets.fetch("env:KEY")
    assert (first.reveal(), first.ref) == ("one", "env:KEY")
    env["KEY"] = "two"
    assert (await secrets.fetch("env:KEY")).reveal() == "two"


@pytest.mark.parametrize(("env", "said"), [({}, "KEY is not set"), ({"KEY": " "}, "KEY is blank")])
async def test_a_missing_value_says_what_to_do(env: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=f"env:KEY: the environment variable {said}; set it to the key"):
        await EnvSecrets(env).fetch("env:KEY")


async def test_a_pasted_key_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        await EnvSecrets({}).fetch("env:sk-canary-123")
    assert "canary" not in caught.value.message
