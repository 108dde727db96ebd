"""Logs: readable by people or programs, and never quoting what an exception says."""

import json
import logging
from collections.abc import Iterator

import pytest

from lockgate.cli.logs import log_to_stderr

LOGGERS = ("", "lockgate", "lockgate_core", "lockgate_ports", "aiohttp.server")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: (logging.getLogger(name).level, logging.getLogger(name).disabled) for name in LOGGERS}
    yield
    root.handlers = handlers
    for name, (level, disabled) in levels.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).disabled = disabled


@pytest.mark.parametrize("as_json", [False, True])
def test_an_exception_is_told_by_place_and_type_alone(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("warning", as_json=as_json)
    try:
        raise ValueError("sk-canary-in-the-message")
    except ValueError:
        logging.getLogger("lockgate.server").exception("it broke")
    told = capsys.readouterr().err
    assert "it broke" in told
    assert "ValueError" in told
    assert "test_logs.py" in told
    assert "canary-in" not in told.replace('raise ValueError("sk-canary-in-the-message")', "").replace(
        'raise ValueError(\\"sk-canary-in-the-message\\")', ""
    )


def test_json_logs_are_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("info", as_json=True)
    logging.getLogger("lockgate.x").info("größer %s", "als\nzwei")
    told = json.loads(capsys.readouterr().err)
    assert told["message"] == "größer als\nzwei"
    assert (told["level"], told["logger"]) == ("info", "lockgate.x")
    assert told["time"].endswith("Z")


def test_the_level_is_lockgates_and_libraries_stay_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("debug", as_json=False)
    logging.getLogger("lockgate.x").debug("said")
    logging.getLogger("aiohttp.client").info("chatter")
    logging.getLogger("aiohttp.server").error("b'authorization: Bearer ...'")
    told = capsys.readouterr().err
    assert told.endswith("DEBUG lockgate.x: said\n")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_of_several_workers_each_line_says_which_one_it_is_from(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_stderr("warning", as_json=as_json, worker=1)
    logging.getLogger("lockgate.server").warning("slow")
    told = capsys.readouterr().err
    assert json.loads(told)["worker"] == 1 if as_json else " WARNING worker 1 lockgate.server: slow" in told
