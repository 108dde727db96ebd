"""Which file may stand where and import what; import-linter's contracts (`make contracts`) hold the static rooms."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (ROOT / "ports" / "lockgate_ports", ROOT / "core" / "lockgate_core", ROOT / "composition" / "lockgate")
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
OWN_PLUGINS = {"llm-plugin-openai", "llm-plugin-llamacpp"}  # what lockgate speaks, and serves, with no settings
CATCH_ALL = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def canonical(name: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_of(folder: Path) -> dict[str, object]:
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert isinstance(project, dict)
    return project


def package_of(folder: Path) -> Path:
    (package,) = (path for path in folder.glob("llm_plugin_*") if path.is_dir())
    return package


def packages() -> list[Path]:
    return [*ROOMS, *(package_of(folder) for folder in PLUGINS)]


def modules(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def imports_from_elsewhere(package: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Imported top-level name -> the modules of the package that import it; without itself and the stdlib."""
    monkeypatch.syspath_prepend(package.parent)
    graph = grimp.build_graph(package.name, include_external_packages=True, cache_dir=None)
    names = {module.split(".")[0] for module in graph.modules} - {package.name, *sys.stdlib_module_names}
    return {
        name: sorted(importer for external in graph.modules if external.split(".")[0] == name
                     for importer in graph.find_modules_that_directly_import(external))
        for name in names
    }  # fmt: skip


def distributions_of(name: str) -> set[str]:
    """The distributions that an imported name may come from; an editable one is not listed, its name says it."""
    return {canonical(found) for found in packages_distributions().get(name, [])} | {canonical(name)}


def test_a_plugin_imports_ports_and_what_its_own_project_names(
    plugin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = project_of(plugin_folder)["dependencies"]
    assert isinstance(required, list)
    declared = {canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in required}
    found = imports_from_elsewhere(package_of(plugin_folder), monkeypatch)
    assert "lockgate-ports" in declared
    assert not {"lockgate", "lockgate_core"} & found.keys(), found
    undeclared = {name: where for name, where in found.items() if not distributions_of(name) & declared}
    assert not undeclared, f"{plugin_folder.name} imports what its pyproject.toml does not name: {undeclared}"


def test_a_plugin_loads_nothing_but_ports_until_it_is_built(plugin_folder: Path) -> None:
    code = """if True:
        import pkgutil, sys, importlib, lockgate_ports
        for module in pkgutil.walk_packages(lockgate_ports.__path__, "lockgate_ports."):
            if "testkit" not in module.name:
                importlib.import_module(module.name)
        before = {name.split(".")[0] for name in sys.modules} | sys.stdlib_module_names
        importlib.import_module(sys.argv[1])
        print(*sorted({name.split(".")[0] for name in sys.modules} - before - {sys.argv[1]}))
    """
    package = package_of(plugin_folder)
    seen = subprocess.run(
        [sys.executable, "-c", code, package.name], cwd=package.parent, capture_output=True, text=True, timeout=60
    )
    assert seen.returncode == 0, seen.stderr
    assert seen.stdout.split() == [], f"importing {package.name} also loads these: leave them to `build`"


def test_a_plugin_folder_is_complete(plugin_folder: Path) -> None:
    package, project = package_of(plugin_folder), project_of(plugin_folder)
    assert project["name"] == plugin_folder.name == package.name.replace("_", "-")
    assert project["entry-points"] == {
        "lockgate.plugins": {plugin_folder.name.removeprefix("llm-plugin-"): package.name}
    }
    assert (package / "py.typed").is_file()
    assert len((plugin_folder / "README.md").read_text().split()) > 20, "README.md says too little"
    assert list((plugin_folder / "tests").glob("test_*.py")), "no tests"


def test_ports_need_msgspec_and_pluggy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test kit and its door for pytest may need what its extra names besides, and nothing in ports needs them."""
    found = imports_from_elsewhere(ROOMS[0], monkeypatch)
    kit, door = "lockgate_ports.testkit", "lockgate_ports.pytest_plugin"
    of_kit = (f"{kit}.", f"{door}.")
    for_kit_alone = {name for name, where in found.items() if all(f"{each}.".startswith(of_kit) for each in where)}
    assert found.keys() - for_kit_alone <= {"msgspec", "pluggy"}, found
    assert for_kit_alone <= {"pytest", "pytest_asyncio"}, found
    graph = grimp.build_graph("lockgate_ports", cache_dir=None)
    parts = graph.find_descendants(kit)
    users = {user for part in {kit, *parts} for user in graph.find_modules_that_directly_import(part)}
    assert users <= {kit, door, *parts}
    assert not graph.find_modules_that_directly_import(door)


def test_core_needs_ports_and_msgspec_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = imports_from_elsewhere(ROOMS[1], monkeypatch)
    assert found.keys() <= {"lockgate_ports", "msgspec"}, found


def test_core_names_no_provider() -> None:
    names = {folder.name.removeprefix("llm-plugin-") for folder in PLUGINS}
    faults = []
    for path in modules(ROOMS[1]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not re.search(r"\s", node.value):
                word = node.value
            else:
                word = getattr(node, "id", None) or getattr(node, "name", None) or getattr(node, "attr", None) or ""
            if names & set(re.split(r"[^a-z0-9]+", str(word).lower())):
                faults.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {word}")
    assert not faults


def test_a_provider_touches_one_folder() -> None:
    shared = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run", *ROOT.glob("tests/**/*.py")]
    # docs/providers.md is written from the plugins themselves, by `make docs`.
    shared += [path for path in ROOT.glob("docs/*.md") if path.name != "providers.md"]
    shared += [*(path for room in ROOMS for path in modules(room))]
    elsewhere = {folder.name for folder in PLUGINS} - OWN_PLUGINS
    faults = [
        f"{path.relative_to(ROOT)} names {name}"
        for path in shared
        for name in elsewhere
        if re.search(rf"\b{name}\b", path.read_text().replace("_", "-"))
    ]
    assert not faults


def test_files_are_small_enough_to_read() -> None:
    lengths = {path: len(path.read_text().splitlines()) for package in packages() for path in modules(package)}
    assert not {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 500}
    assert statistics.median(lengths.values()) < 200


def test_a_module_is_named_for_what_it_holds() -> None:
    faults = [path for package in packages() for path in modules(package) if CATCH_ALL & set(path.stem.split("_"))]
    assert not faults


def test_packages_are_regular_and_typed() -> None:
    for package in packages():
        assert (package / "py.typed").is_file(), package
        folders = {path.parent for path in modules(package)}
        assert not [folder for folder in folders if not (folder / "__init__.py").is_file()]


def test_every_module_says_in_one_line_what_it_is() -> None:
    faults = [
        str(path.relative_to(ROOT))
        for package in packages()
        for path in modules(package)
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not faults


def test_the_license_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    for folder in (ROOT, ROOT / "ports", *PLUGINS):
        assert project_of(folder)["license"] == "Apache-2.0"
