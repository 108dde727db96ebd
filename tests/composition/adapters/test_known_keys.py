"""Virtual keys in a file: shared between processes, found in no time, and gone when they are revoked."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import structs

from lockgate.adapters import known_keys
from lockgate.adapters.key_file import KeyFile
from lockgate.adapters.known_keys import KnownKeys
from lockgate_core.client_keys import ClientKey, new_id, sealed
from lockgate_ports.caller import Caller
from lockgate_ports.errors import LockgateError, SettingsError, Unauthenticated


def made(**more):
    key_id = new_id(os.urandom)
    shown, seal = sealed(key_id, os.urandom)
    caller = Caller(key_id=key_id, tenant="acme", models=("gpt-*",), labels=(("residency", "eu"),))
    return shown, ClientKey(id=key_id, caller=caller, seals=(seal,), created_at=0.0, **more)


@pytest.fixture(autouse=True)
def looking_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_keys, "LOOK_EVERY", 0.0)


def test_what_another_process_does_to_a_key_holds_at_the_next_look(tmp_path: Path):
    path = tmp_path / "keys.db"
    known = KnownKeys(path)
    shown, key = made()
    with pytest.raises(Unauthenticated):
        known.caller(shown)
    KeyFile(path).put(key)
    assert known.caller(shown) == key.caller
    revoke = (
        "import sys; from pathlib import Path; from msgspec import structs; from lockgate.adapters.key_file import *\n"
        "file = KeyFile(Path(sys.argv[1])); file.put(structs.replace(file.get(sys.argv[2]), revoked_at=1.0))"
    )
    subprocess.run([sys.executable, "-c", revoke, path, key.id], check=True)
    with pytest.raises(Unauthenticated, match="revoked"):
        known.caller(shown)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_wrong_secret_learns_nothing_of_the_key_it_names(tmp_path: Path):
    shown, key = made(revoked_at=1.0)
    KeyFile(tmp_path / "k").put(key)
    with pytest.raises(Unauthenticated) as caught:
        KnownKeys(tmp_path / "k").caller(f"lk_{key.id}_" + "A" * 43)
    assert str(caught.value) == "this API key is not known here"
    assert shown[16:] not in str(caught.value)


def test_an_expired_key_is_told_so(tmp_path: Path):
    shown, key = made(expires_at=50.0)
    KeyFile(tmp_path / "k").put(key)
    assert KnownKeys(tmp_path / "k", lambda: 49.0).caller(shown) == key.caller
    with pytest.raises(Unauthenticated, match="expired"):
        KnownKeys(tmp_path / "k", lambda: 50.0).caller(shown)


def test_a_file_that_goes_away_lets_nobody_in_and_one_in_its_place_counts(tmp_path: Path):
    path = tmp_path / "k"
    (shown, key), (other, second) = made(), made()
    KeyFile(path).put(key)
    known = KnownKeys(path)
    assert known.caller(shown) == key.caller
    for each in tmp_path.iterdir():
        each.unlink()
    with pytest.raises(LockgateError, match="cannot be read") as caught:
        known.caller(shown)
    assert not isinstance(caught.value, Unauthenticated)
    KeyFile(path).put(second)
    assert known.caller(other) == second.caller
    with pytest.raises(Unauthenticated):
        known.caller(shown)


def test_finding_one_of_many_keys_takes_no_longer(tmp_path: Path):
    shown, key = made()
    _, pattern = made()
    file = KeyFile(tmp_path / "many")
    file.put(key, *(structs.replace(pattern, id=f"{number:012d}") for number in range(20_000)))
    few = KeyFile(tmp_path / "few")
    few.put(key)

    def took(known: KnownKeys) -> float:
        times = []
        for _ in range(200):
            began = time.perf_counter()
            known.caller(shown)
            times.append(time.perf_counter() - began)
        return sorted(times)[20]

    assert took(KnownKeys(tmp_path / "many")) < 5 * took(KnownKeys(tmp_path / "few"))


def test_a_path_that_is_none_is_told(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"auth\.keys\.path.*no folder"):
        KnownKeys(tmp_path / "nowhere" / "keys.db")
