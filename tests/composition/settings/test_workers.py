"""What one process alone can do is a fault where settings, or the command line, ask for several."""

from pathlib import Path

import pytest

from lockgate.plugins import Plugins
from lockgate.settings import Draft, SettingsFaults, Texts, read_settings, server_of, settle, with_workers

ROW = "providers: {{local: {{kind: openai-compatible, base_url: 'http://127.0.0.1:1', {0}}}}}"


def read(text: str, workers: int | None = None) -> Draft:
    draft = read_settings(Texts("x/lockgate.yaml", {"lockgate.yaml": text}), environment=None, env={})
    return draft if workers is None else with_workers(draft, workers)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("responses: {kind: memory}", "responses.kind"),
        (ROW.format("max_parallel: 2"), "providers.local.max_parallel"),
        (ROW.format("concurrency: {fixed: 2}"), "providers.local.concurrency.fixed"),
        (ROW.format("model_concurrency: {m: {fixed: 1}}"), "providers.local.model_concurrency.m.fixed"),
        (ROW.format("concurrency: {adaptive: {start: 1, max: 2}}"), "providers.local.concurrency.adaptive"),
    ],
)
def test_what_cannot_be_shared_out_is_a_fault_with_its_place(text: str, path: str, offers: Plugins) -> None:
    for draft in (read(f"server: {{workers: 3}}\n{text}"), read(f"\n{text}", 3)):
        with pytest.raises(SettingsFaults) as found:
            settle(draft, offers)
        (fault,) = found.value.faults
        assert (fault.file, fault.line, fault.path) == ("x/lockgate.yaml", 2, path)
        assert fault.hint
    for draft in (read(text), read(text, 1), read(f"server: {{workers: 3}}\n{text}", 1)):
        assert settle(draft, offers).server.workers == 1


def test_the_command_line_goes_before_the_settings_and_hides_no_fault_of_theirs(offers: Plugins) -> None:
    assert settle(read("server: {port: 1, workers: 3}", 2), offers).server.workers == 2
    assert settle(read("", 2), offers).server.workers == 2
    assert server_of(read("server: {workers: 3}")).workers == 3
    for faulty in ("server: [1]", "server: {workers: 0}", "server: {worker: 3}"):
        assert server_of(read(faulty)).workers == 1
        with pytest.raises(SettingsFaults):
            settle(read(faulty), offers)
    with pytest.raises(SettingsFaults, match="server: expected a mapping"):
        settle(read("server: [1]", 2), offers)


def test_texts_of_a_folder_are_read_as_the_folder_is(tmp_path: Path, offers: Plugins) -> None:
    texts = {"a.yaml": "server: {port: 1}", "b.yaml": "\ufeffserver: {workers: 3}\nretry: {budget: 7}"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    told: list[str] = []
    for source in (tmp_path, Texts(str(tmp_path), texts)):
        with pytest.raises(SettingsFaults) as found:
            settle(read_settings(source, environment=None, env={}), offers)
        told.append(found.value.message)
    assert told[0] == told[1]
    assert "b.yaml:2" in told[0]
