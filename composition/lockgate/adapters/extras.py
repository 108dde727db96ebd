"""What needs a distribution that is not installed with lockgate itself."""

from collections.abc import Generator
from contextlib import contextmanager

from lockgate_ports.errors import SettingsError


@contextmanager
def extra(name: str, where: str) -> Generator[None]:
    """Around an import: where it fails, raises SettingsError saying which `where` in the settings needs the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{where} needs {error.name}, which is not installed: pip install 'lockgate[{name}]'"
        ) from error
