"""Adding a provider touches one folder: what `lockgate new-plugin` writes passes everything from the first minute."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lockgate.cli.root import root

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ports", "core", "composition", "tests")
NAME = "acme-cloud"


class Checkout:
    """A folder that looks like a checkout of lockgate, and an environment in which its packages are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plugin = folder / "plugins" / f"llm-plugin-{NAME}"
        self.python = folder / ".venv" / "bin" / "python"
        (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
        (folder / "plugins").mkdir()
        for room in ROOMS:
            (folder / room).symlink_to(ROOT / room)
        for plugin in (ROOT / "plugins").glob("*/pyproject.toml"):
            (folder / "plugins" / plugin.parent.name).symlink_to(plugin.parent)
        self.run(sys.executable, "-m", "venv", "--without-pip", ".venv")
        (packages,) = folder.glob(".venv/lib/python*/site-packages")
        # All that is installed here, editable packages included; type checkers read such files as well.
        (packages / "outer.pth").write_text("\n".join(path for path in sys.path if Path(path).is_dir()))

    def run(self, *command: object, ok: bool = True) -> str:
        """Runs a command in the checkout, and gives back what it says."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "LOCKGATE_"))}
        done = subprocess.run(
            list(map(str, command)), cwd=self.folder, env=env, capture_output=True, text=True, timeout=300, check=False
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self) -> dict[str, bytes]:
        """Every file but the environment's and the tools' caches; what stands behind a link is left out."""
        found = {}
        for top, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
            for name in names:
                path = Path(top) / name
                found[str(path.relative_to(self.folder))] = path.read_bytes()
        return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which `lockgate new-plugin` has run, and nothing else changed."""
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    before = made.files()
    made.run(made.python, "-c", "from lockgate.cli import main; main()", "new-plugin", NAME)
    new = {path for path, text in made.files().items() if before.get(path) != text}
    assert new == {
        f"plugins/llm-plugin-{NAME}/{path}"
        for path in (
            "README.md",
            "llm_plugin_acme_cloud/__init__.py",
            "llm_plugin_acme_cloud/cards/acme-cloud.json",
            "llm_plugin_acme_cloud/contract.py",
            "llm_plugin_acme_cloud/kinds.py",
            "llm_plugin_acme_cloud/py.typed",
            "pyproject.toml",
            "tests/test_contract.py",
        )
    }
    uv = Path(sys.executable).with_name("uv")
    install = ("pip", "install", "--offline", "--no-deps", "--no-build-isolation", "--python", made.python)
    made.run(uv, *install, made.plugin)
    return made


def test_it_keeps_the_contract(checkout: Checkout) -> None:
    told = checkout.run(checkout.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", checkout.plugin)
    assert " passed" in told
    assert " failed" not in told
    assert " skipped" not in told


def test_it_is_loaded_and_offers_its_kind(checkout: Checkout, tmp_path: Path) -> None:
    lockgate = (checkout.python, "-c", "from lockgate.cli import main; main()")
    told = json.loads(checkout.run(*lockgate, "plugins", "--json"))
    assert f"llm-plugin-{NAME}" in [each["distribution"] for each in told["loaded"]]
    assert told["quarantined"] == []
    settings = tmp_path / "lockgate.yaml"
    settings.write_text(f"providers: {{it: {{kind: {NAME}, credential_ref: 'env:KEY', models: [one]}}}}\n")
    models = json.loads(checkout.run(*lockgate, "models", "--json", "-c", settings))
    assert [each["model"] for each in models] == ["it/one", "it/acme-cloud-1"]


def test_it_passes_lint(checkout: Checkout) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    checkout.run(ruff, "check", "--no-cache", checkout.plugin)
    checkout.run(ruff, "format", "--no-cache", "--check", checkout.plugin)


def test_it_passes_both_type_checkers(checkout: Checkout) -> None:
    package = checkout.plugin / "llm_plugin_acme_cloud"
    checkout.run(checkout.python, "-m", "mypy", "--cache-dir", checkout.folder / ".mypy_cache", package)
    checkout.run(checkout.python, "-m", "pyright", package)


def test_a_mistake_in_it_is_found(checkout: Checkout) -> None:
    """The check of the checks: both type checkers do read the new package, with its dependencies' types."""
    wrong = checkout.folder / "plugins" / "wrong.py"
    wrong.write_text("from llm_plugin_acme_cloud.kinds import build\nbuild(1, 2)\n")
    try:
        for checker, words in (("mypy", 'expected "AcmeCloudSettings"'), ("pyright", "reportArgumentType")):
            assert words in checkout.run(checkout.python, "-m", checker, wrong, ok=False)
    finally:
        wrong.unlink()


def test_it_passes_the_architecture_rules(checkout: Checkout) -> None:
    rules = ROOT / "tests" / "test_architecture.py"
    folder = checkout.plugin.parent
    options = ("-q", "-p", "no:cacheprovider", "--plugins-folder", folder, "-k", NAME)
    told = checkout.run(checkout.python, "-m", "pytest", *options, "-c", ROOT / "pyproject.toml", rules)
    assert "3 passed" in told


@pytest.mark.parametrize(
    "name", ["Acme", "acme_cloud", "-acme", "acme--x", "9lives", "llm-plugin-acme", "../x", "a" * 41]
)
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    shown = CliRunner().invoke(root, ["new-plugin", "--dir", str(tmp_path), "--", name])
    assert shown.exit_code == 1
    assert "is no name for a plugin" in shown.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "llm-plugin-acme").mkdir()
    shown = CliRunner().invoke(root, ["new-plugin", "acme", "--dir", str(tmp_path)])
    assert shown.exit_code == 1
    assert "is there already" in shown.stderr
    assert list((tmp_path / "llm-plugin-acme").iterdir()) == []


def test_outside_a_checkout_it_is_written_here_and_knows_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").mkdir()
    assert CliRunner().invoke(root, ["new-plugin", "acme"]).exit_code == 0
    assert "workspace" not in (tmp_path / "llm-plugin-acme" / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", ["a", "x-1", "a23456789-b23456789-c23456789-d234567890"])
def test_any_name_gives_code_in_the_house_format(name: str, checkout: Checkout) -> None:
    folder = checkout.folder / "plugins" / f"llm-plugin-{name}"
    checkout.run(checkout.python, "-c", "from lockgate.cli import main; main()", "new-plugin", name)
    ruff = Path(sys.executable).with_name("ruff")
    checkout.run(ruff, "check", "--no-cache", folder)
    checkout.run(ruff, "format", "--no-cache", "--check", folder)
