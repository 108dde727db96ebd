"""How far a rollout is outlives reloads and restarts: an aborted canary does not come back by itself."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway import Served, serving, settings
from upstream import Upstream, answer, http, upstream

from lockgate_ports.errors import SettingsError

ASK = {"model": "r", "messages": [{"role": "user", "content": "hi"}]}
ROLLOUT = {"to": ["up/new"], "steps": [50, 100], "hold": 0, "min_calls": 3, "sticky": "user"}


@asynccontextmanager
async def providers() -> AsyncGenerator[Upstream]:
    """Those of the model `new` fail."""
    async with upstream() as up:
        up.say(lambda seen: [http(b"{}", 500)] if seen.json["model"] == "new" else [answer("hello")])
        yield up


def written(path: Path, up: Upstream, *, rollout: dict[str, Any] = ROLLOUT, **more: Any) -> Path:
    """JSON is YAML."""
    routes = {"r": {"targets": ["up/old"], "rollout": rollout}}
    path.write_text(json.dumps(settings(up.url, routes=routes, retry={"max_attempts": 1}, **more)))
    return path


async def ask(gw: Served, calls: int = 24) -> set[str]:
    """Who answers these callers; nobody sees a fault."""
    told = [await gw.ask(ASK | {"user": f"u{number}"}) for number in range(calls)]
    assert {each.status for each in told} == {200}
    return {each.headers["x-lockgate-target"] for each in told}


def where(gw: Served) -> tuple[str, float]:
    (status,) = gw.gateway.rollouts.status
    return status.phase, status.share


async def test_an_aborted_rollout_stays_aborted_after_a_restart_until_somebody_promotes(tmp_path: Path):
    async with providers() as up:
        path = written(tmp_path / "lockgate.yaml", up)
        async with serving(path) as gw:
            await ask(gw)
            assert where(gw) == ("aborted", 0)
            why = gw.gateway.rollouts.status[0].reason
            asked = [seen.json["model"] for seen in up.seen].count("new")
            assert asked == 3
        async with serving(path) as gw:
            assert where(gw) == ("aborted", 0)
            assert gw.gateway.rollouts.status[0].reason == why
            assert await ask(gw) == {"up/old"}
            assert [seen.json["model"] for seen in up.seen].count("new") == asked
            rollout = gw.gateway.rollouts.of("r")
            assert rollout is not None
            rollout.take(rollout.promotion("test"), 0.0)
            assert where(gw) == ("running", 50)
        async with serving(path) as gw:
            assert where(gw) == ("running", 50)
    (kept,) = (tmp_path / ".lockgate" / "lockgate.yaml" / "rollouts").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_a_second_process_on_the_machine_begins_where_the_first_one_is(tmp_path: Path):
    async with providers() as up:
        path = written(tmp_path / "lockgate.yaml", up)
        async with serving(path) as one:
            await ask(one)
            async with serving(path) as other:
                assert where(other) == where(one) == ("aborted", 0)


async def test_a_reload_carries_a_rollout_over_and_another_rollout_begins_anew(tmp_path: Path):
    async with providers() as up:
        path = written(tmp_path / "lockgate.yaml", up, state="kept")
        async with serving(path) as gw:
            await ask(gw)
            written(path, up, state="kept", breaker={"failures": 9})
            await gw.gateway.reload()
            assert gw.gateway.settings.breaker.failures == 9
            assert where(gw) == ("aborted", 0)
            written(path, up, state="kept", rollout=ROLLOUT | {"to": ["up/newer"]})
            await gw.gateway.reload()
            assert where(gw) == ("running", 50)
            assert "up/newer" in await ask(gw, 2) | await ask(gw, 24)
            written(path, up, state="kept")
            await gw.gateway.reload()
            assert where(gw) == ("aborted", 0), "what was found of the first one is not forgotten"
    assert not (tmp_path / ".lockgate").exists()
    assert (tmp_path / "kept" / "lockgate.yaml" / "rollouts").is_dir()


async def test_environments_have_rollouts_of_their_own(tmp_path: Path):
    async with providers() as up:
        path = written(tmp_path / "lockgate.yaml", up, environments={"dev": {}, "prod": {}})
        async with serving(path, environment="dev") as gw:
            await ask(gw)
            assert where(gw) == ("aborted", 0)
        async with serving(path, environment="prod") as gw:
            assert where(gw) == ("running", 50)


async def test_settings_that_are_no_file_keep_nothing_unless_a_folder_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with providers() as up:
        given = json.loads(written(tmp_path / "x.yaml", up).read_text())
        for state, phase in ((None, "running"), (str(tmp_path / "kept"), "aborted")):
            config = given if state is None else given | {"state": state}
            async with serving(config) as gw:
                await ask(gw)
            async with serving(config) as gw:
                assert where(gw)[0] == phase
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kept", "x.yaml"]


async def test_a_place_that_cannot_be_written_costs_no_call_and_is_said(tmp_path: Path, caplog):
    async with providers() as up:
        path = written(tmp_path / "lockgate.yaml", up)
        (tmp_path / ".lockgate").write_text("a file, and no folder")
        with pytest.raises(SettingsError, match="how far a rollout"):
            async with serving(path):
                pass
        (tmp_path / ".lockgate").unlink()
        async with serving(path) as gw:
            (tmp_path / ".lockgate").write_text("a file, and no folder")
            await ask(gw)
            assert where(gw) == ("aborted", 0)
        assert "how far the rollout is cannot be kept (" in caplog.text


async def test_a_file_that_makes_no_sense_is_told_and_nothing_is_guessed(tmp_path: Path):
    async with providers() as up:
        path = written(tmp_path / "lockgate.yaml", up)
        async with serving(path) as gw:
            await ask(gw)
        (kept,) = (tmp_path / ".lockgate" / "lockgate.yaml" / "rollouts").iterdir()
        kept.write_text('{"step": "one"')
        with pytest.raises(SettingsError, match="should say how far a rollout is"):
            async with serving(path):
                pass
        kept.unlink()
        async with serving(path) as gw:
            assert where(gw) == ("running", 50)
