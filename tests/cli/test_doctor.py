"""`lockgate doctor`, as a process: a table, an exit code, JSON, and the same of a running gateway."""

import json
import re
from pathlib import Path
from typing import Any


async def test_faults_are_in_the_table_and_in_the_exit_code(settings: Path, start: Any, upstream: Any) -> None:
    upstream.models = b'{"data": [{"id": "tiny"}]}'
    code, out, _ = await (await start("doctor")).end()
    assert code == 0
    assert re.search(r"ok +provider +local +answered, with a list of 1 models", out)
    assert re.search(r"ok +fallbacks +smart", out)
    upstream.status = 401
    code, out, err = await (await start("doctor", "--call")).end()
    assert code == 1
    assert re.search(r"FAULT +provider +local", out)
    assert "1 fault" in err


async def test_json_and_a_running_gateway_say_the_same(settings: Path, start: Any, upstream: Any) -> None:
    upstream.models = b'{"data": [{"id": "tiny"}]}'
    found = re.search(r"http://\S+", await (server := await start("serve")).line())
    assert found
    _, opened, _ = await (await start("doctor", "--json")).end()
    _, running, _ = await (await start("doctor", "--json", "--url", found[0])).end()

    def seen(told: str) -> list[tuple[str, str, bool | None]]:
        return [(each["area"], each["name"], each["ok"]) for each in json.loads(told)["findings"]]

    assert seen(opened) == seen(running)
    assert server.process.returncode is None
