"""`${NAME}` counts where `!env` stands, and nowhere else."""

from collections.abc import Callable

import pytest

from lockgate.settings import Fault, Settings

Load = Callable[..., Settings]
Faults = Callable[..., tuple[Fault, ...]]


@pytest.mark.parametrize(
    ("written", "env", "host"),
    [
        ('!env "${HOST}"', {"HOST": "a"}, "a"),
        ("!env 'x${HOST}y${HOST}'", {"HOST": "a"}, "xaya"),
        ('!env "${HOST:-b}"', {}, "b"),
        ('!env "${HOST:-b}"', {"HOST": ""}, "b"),
        ('!env "${HOST:-}b"', {}, "b"),
        ('!env "${HOST}b"', {"HOST": ""}, "b"),
        ('!env "$${HOST}"', {}, "${HOST}"),
        ('!env "${HOST}"', {"HOST": "${OTHER}"}, "${OTHER}"),
        ('"costs $5 {x}"', {}, "costs $5 {x}"),
        ('!env "${PORT}"', {"PORT": "8080"}, "8080"),
    ],
)
def test_a_value_tagged_env_is_filled_in(load: Load, written: str, env: dict[str, str], host: str) -> None:
    assert load(f"server: {{host: {written}}}", None, env).server.host == host


def test_a_filled_in_number_is_read_as_its_field_wants_it(load: Load) -> None:
    text = """
server: {port: !env "${PORT}", body_timeout: !env "${T}"}
providers: {a: {kind: openai-compatible, base_url: http://h, verbose: !env "${V:-true}"}}
"""
    settings = load(text, None, {"PORT": "99", "T": "1.5"})
    assert (settings.server.port, settings.server.body_timeout) == (99, 1.5)
    assert settings.providers["a"].kind_settings.verbose is True


def test_a_filled_in_value_that_is_no_number_is_not_repeated(faults: Faults) -> None:
    (fault,) = faults('server: {port: !env "${PORT}"}', None, {"PORT": "CANARY"})
    assert fault.code == "wrong-type"
    assert "CANARY" not in str(fault)


def test_an_unset_variable_is_named(faults: Faults) -> None:
    (fault,) = faults('server:\n  host: !env "${NO_SUCH}"\n')
    assert str(fault) == (
        "lockgate.yaml:2:9: server.host: the environment variable NO_SUCH is not set; set it, or write ${NAME:-default}"
    )


def test_a_variable_without_the_tag_is_a_fault_that_says_to_write_it(faults: Faults) -> None:
    (fault,) = faults("server: {host: '${HOST}'}", None, {"HOST": "a"})
    assert "write `!env` before the value" in fault.hint


def test_a_broken_variable_is_a_fault(faults: Faults) -> None:
    (fault,) = faults("server: {host: !env '${no such}'}")
    assert "begins no variable" in fault.message


@pytest.mark.parametrize("text", ["server: !env {host: a}", "!env server: {}"])
def test_the_tag_belongs_to_values_that_are_strings(faults: Faults, text: str) -> None:
    assert faults(text)


def test_the_process_environment_is_not_read(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "a")
    assert faults('server: {host: !env "${HOST}"}')[0].code == "unset-variable"
