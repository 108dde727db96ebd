"""Writes the folder of a new plugin from the templates beside this file."""

import re
import tempfile
import tomllib
from importlib import resources
from pathlib import Path
from string import Template

from lockgate_ports.errors import SettingsError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PREFIX = "llm-plugin-"
_LONGEST = 40
_FILES = {
    "pyproject.toml": "pyproject.toml.tmpl",
    "README.md": "README.md.tmpl",
    "{package}/__init__.py": "init.py.tmpl",
    "{package}/kinds.py": "kinds.py.tmpl",
    "{package}/cards/{name}.json": "cards.json.tmpl",
    "{package}/contract.py": "contract.py.tmpl",
    "tests/test_contract.py": "test_contract.py.tmpl",
}
"""Each file of a plugin, and the template it is made from."""


def write_plugin(name: str, folder: Path | None) -> Path:
    """The new folder, whole or not at all; `folder` None stands for ./plugins of a checkout, else for here.

    Raises SettingsError for a name that cannot be, and when there is something in its place.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or name.startswith(_PREFIX):
        raise SettingsError(
            f"{name[:100]!r} is no name for a plugin: give the provider's own name, in lower case letters and digits, "
            "in words joined by single dashes, beginning with a letter: acme, acme-cloud"
        )
    plugins = Path("plugins")
    folder = folder or (plugins if plugins.is_dir() and in_checkout(plugins) else Path())
    made = folder / f"{_PREFIX}{name}"
    if made.exists():
        raise SettingsError(f"{made} is there already; choose another name, or take it away first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-plugin-") as work:
            draft = Path(work) / made.name
            _write(draft, name, workspace=in_checkout(folder))
            draft.rename(made)
    except OSError as error:
        raise SettingsError(f"cannot write {made}: {error.strerror}") from error
    return made


def in_checkout(folder: Path) -> bool:
    """Whether this is the folder of plugins in a checkout of lockgate, where packages know each other by workspace."""
    project = folder.resolve().parent / "pyproject.toml"
    if folder.resolve().name != "plugins" or not project.is_file():
        return False
    try:
        named: object = tomllib.loads(project.read_text()).get("project", {}).get("name")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
    return named == "lockgate"


def next_steps(made: Path) -> str:
    """What to type now."""
    if in_checkout(made.parent):
        install, test = "make setup", f'make unit ARGS="{made}"'
    else:
        install, test = f"pip install -e {made} 'lockgate-ports[testkit]'", f"pytest {made}"
    return f"  {install}\n  {test}\nthen read {made / 'README.md'}: it says what is left to do"


def _write(draft: Path, name: str, *, workspace: bool) -> None:
    title = "".join(word.capitalize() for word in name.split("-"))
    values = {
        "name": name,
        "package": f"llm_plugin_{name.replace('-', '_')}",
        "title": title,
        "settings": f"{title}Settings",
        "variable": f"{name.replace('-', '_').upper()}_API_KEY",
        "sources": _template("sources.toml.tmpl").template if workspace else "",
    }
    for place, template in _FILES.items():
        path = draft / place.format_map(values)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = _template(template).substitute(values)
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    (draft / values["package"] / "py.typed").touch()


def _template(name: str) -> Template:
    return Template((resources.files("lockgate.cli") / "templates" / name).read_text(encoding="utf-8"))
