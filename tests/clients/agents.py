"""Claude Code and Codex in one-shot mode, each in a home of its own and with no way out but to the gateway."""

import asyncio
import json
import os
import tempfile
from pathlib import Path

from scenes import FINISHED, PATCHED

PROMPT = "Print the number."
NOWHERE = "http://127.0.0.1:9"
_CODEX = """\
model_provider = "lockgate"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.lockgate]
name = "Lockgate"
base_url = "{url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


async def claude_code(program: Path, url: str, key: str, model: str) -> None:
    """One session with a call of its shell. Raises AssertionError when it does not end as the upstream says."""
    with _home() as home:
        variables = {
            "CLAUDE_CONFIG_DIR": f"{home}/.claude",
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": key,
            "ANTHROPIC_SMALL_FAST_MODEL": model,
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        options = ("-p", PROMPT, "--model", model, "--allowedTools", "Bash", "--output-format", "json")
        told = await _run(home, variables, program, *options)
        assert FINISHED in told, told[-1500:]


async def codex(program: Path, url: str, key: str, model: str) -> None:
    """The same, by the Responses API; or with a call of the tool by which it edits files."""
    with _home() as home:
        folder = Path(home, ".codex")
        folder.mkdir()
        (folder / "config.toml").write_text(_CODEX.format(url=url))
        variables = {"CODEX_HOME": str(folder), "GATEWAY_KEY": key}
        options = ("exec", "--skip-git-repo-check", "-s", "danger-full-access", "-m", model, "--json", PROMPT)
        told = await _run(home, variables, program, *options)
        said = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
        words = [each["item"].get("text", "") for each in said if each["type"] == "item.completed"]
        assert {FINISHED, PATCHED} & {*words}, told[-1500:]


def _home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lockgate-client-", ignore_cleanup_errors=True)


async def _run(home: str, variables: dict[str, str], program: Path, *options: str) -> str:
    """What it prints. A proxy that nobody listens at keeps it off the internet."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
    env = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
    near = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    running = await asyncio.create_subprocess_exec(
        program,
        *options,
        env=env | proxies | near | variables,
        cwd=home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(120):
            told, _ = await running.communicate()
    except TimeoutError:
        raise AssertionError("it did not end within two minutes") from None
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    return told.decode(errors="replace")
