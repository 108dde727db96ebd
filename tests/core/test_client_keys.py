"""Virtual keys: what opens with one, and until when."""

import os

import pytest

from lockgate_core.caller_scope import check_scope
from lockgate_core.client_keys import ClientKey, new_id, rotated, sealed, taken_apart
from lockgate_ports.caller import Caller
from lockgate_ports.errors import Forbidden


def made(**more):
    key_id = new_id(os.urandom)
    shown, seal = sealed(key_id, os.urandom)
    return shown, ClientKey(id=key_id, caller=Caller(key_id=key_id), seals=(seal,), created_at=0.0, **more)


def secret_of(shown: str) -> str:
    parts = taken_apart(shown)
    assert parts is not None
    return parts[1]


def test_only_the_key_itself_fits_and_nothing_of_it_is_kept():
    shown, key = made()
    other, _ = made()
    assert taken_apart(shown) == (key.id, secret_of(shown))
    assert key.fits(secret_of(shown), 1.0)
    assert not key.fits(secret_of(other), 1.0)
    assert secret_of(shown) not in repr(key)
    assert len(secret_of(shown)) * 6 >= 256


def test_two_keys_with_the_same_secret_are_not_seen_to_have_it():
    (_, one), (_, two) = (sealed("a" * 12, lambda n, b=byte: bytes([7 if n == 32 else b]) * n) for byte in (1, 2))
    assert one.digest != two.digest


@pytest.mark.parametrize("shown", ["", "sk-123", "lk_", "lk_abc_def", "lk_" + "a" * 12 + "_" + "b" * 42])
def test_what_has_not_the_form_of_a_key_is_none(shown: str):
    assert taken_apart(shown) is None


def test_an_old_secret_counts_only_for_its_overlap():
    old, key = made()
    new, turned = rotated(key, os.urandom, 100.0, 10.0)
    assert [turned.fits(secret_of(old), at) for at in (109.9, 110.0)] == [True, False]
    assert turned.fits(secret_of(new), 1e9)
    assert not rotated(key, os.urandom, 100.0, 0.0)[1].fits(secret_of(old), 100.0)
    newest, _ = rotated(turned, os.urandom, 105.0, 10.0)
    assert secret_of(newest) != secret_of(new)
    assert not rotated(turned, os.urandom, 105.0, 10.0)[1].fits(secret_of(old), 105.0), "one overlap at a time"


def test_a_key_expires_and_a_revoked_one_stays_so():
    _, key = made(expires_at=50.0)
    assert [key.state(at) for at in (49.9, 50.0)] == ["active", "expired"]
    assert made(revoked_at=1.0, expires_at=50.0)[1].state(60.0) == "revoked"


@pytest.mark.parametrize(
    ("caller", "model", "surface", "may"),
    [
        (Caller(), "anything", "any", True),
        (Caller(models=("gpt-*", "fast")), "gpt-5", "any", True),
        (Caller(models=("gpt-*", "fast")), "fast", "any", True),
        (Caller(models=("gpt-*", "fast")), "faster", "any", False),
        (Caller(models=("gpt-*",)), "GPT-5", "any", False),
        (Caller(models=()), "gpt-5", "any", False),
        (Caller(surfaces=("openai-*",)), "m", "openai-chat", True),
        (Caller(surfaces=("openai-*",)), "m", "anthropic-messages", False),
    ],
)
def test_a_caller_asks_for_what_it_may(caller: Caller, model: str, surface: str, may: bool):
    if may:
        check_scope(caller, model, surface)
    else:
        with pytest.raises(Forbidden):
            check_scope(caller, model, surface)
