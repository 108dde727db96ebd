"""Each plugin installs alone from its wheel beside `lockgate`, and `lockgate chat` works given a base URL and a key.

The provider is a server on this machine that answers from the samples of the plugin's own contract, with the key that
the contract looks for."""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from stand_in import over_http, row_of, standing_in

from lockgate_ports.testkit import KEY, ProviderContract

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = sorted(
    path.parent.name for path in ROOT.glob("plugins/*/llm_plugin_*/contract.py") if over_http(path.parent.name)
)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_alone_beside_lockgate_works_with_a_base_url_and_a_key(
    plugin: str, install: Callable[..., Path], tmp_path: Path
) -> None:
    """Every kind answers one real call, and the first that chats answers `lockgate chat`."""
    distribution = next(iter(ROOT.glob(f"plugins/*/{plugin}"))).parent.name
    scripts = install(tmp_path, "lockgate", distribution)
    first = {contract.kind: contract for contract in reversed(over_http(plugin))}
    with ExitStack() as servers:
        stands = {kind: servers.enter_context(standing_in(contract)) for kind, contract in first.items()}
        providers = {kind: row_of(first[kind], url) for kind, (url, _) in stands.items()}
        (tmp_path / "lockgate.yaml").write_text(json.dumps({"providers": providers, "retry": {"max_attempts": 1}}))
        tested = json.loads(run(tmp_path, scripts, "providers", "--test", "--json"))
        assert {each["kind"]: each["ok"] for each in tested} == dict.fromkeys(first, True)
        for contract in [each for each in first.values() if issubclass(each, ProviderContract)][:1]:
            said = run(tmp_path, scripts, "chat", "-m", f"{contract.kind}/{contract.model}", "Wie wird das Wetter?")
            assert contract.samples.text.choices[0].text in said
    for kind, (_, seen) in stands.items():
        header, shown = first[kind].key_header, first[kind].key_form.format(key=KEY)
        assert seen
        assert header is None or {dict(request.headers)[header] for request in seen} == {shown}


def run(folder: Path, scripts: Path, *arguments: str) -> str:
    """What the installed `lockgate` prints."""
    clean = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [scripts / "lockgate", *arguments],
        cwd=folder,
        env={**clean, "HOME": str(folder), "PATH": f"{scripts}:/usr/bin:/bin", "THE_KEY": KEY},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
