"""What keeps a contract whole: nobody overrides its tests, and none is set aside without a reason."""

import inspect
from typing import Any, Literal

import pytest

_SET_ASIDE = ("skip", "skipif", "xfail")


def names_of(contract: type, own: frozenset[str]) -> frozenset[str]:
    """What a class that inherits `contract` may not define: its tests, and what they stand on; `own` its author may."""
    kit = [each for each in contract.__mro__ if each.__module__.startswith("lockgate_ports.testkit.")]
    return frozenset(name for each in kit for name in vars(each) if not name.startswith("__") and name not in own)


def check_subclass(cls: Any, contract: type, protected: frozenset[str]) -> None:
    """Raises TypeError for a class that overrides the contract, or sets tests aside that it does not have."""
    for name in protected:
        holder = next(each for each in cls.__mro__ if name in vars(each))
        if holder not in contract.__mro__:
            raise TypeError(
                f"{holder.__name__} overrides {name}, which belongs to the contract; a test that cannot pass goes "
                f'into xfail = {{"{name}": "the reason"}}'
            )
    for name, reason in cls.xfail.items():
        if name not in protected or not name.startswith("test_"):
            raise TypeError(f"{cls.__name__}.xfail names {name!r}, which is no test of the contract")
        if not reason.strip():
            raise TypeError(f"{cls.__name__}.xfail gives no reason for {name}")


def check_test(case: object, metafunc: pytest.Metafunc, required: frozenset[str], protected: frozenset[str]) -> None:
    """Fails the collection of a class that lacks an attribute, and of a contract test with a mark of its own."""
    missing = sorted(name for name in required if not hasattr(case, name))
    if missing:
        pytest.fail(f"{type(case).__name__} must set {', '.join(missing)}", pytrace=False)
    if metafunc.function.__name__ in protected:
        for mark in metafunc.definition.iter_markers():
            if mark.name in _SET_ASIDE:
                pytest.fail(f"a contract test is set aside by `xfail = {{...}}`, not by {mark.name}", pytrace=False)


def run_with_asyncio(contract: type, loop_scope: Literal["function", "class"] = "function") -> None:
    """Marks the coroutine tests of a contract, whatever asyncio mode its user runs pytest in. With a `loop_scope` of
    `class`, those of one class run on one loop, so that they may share what lives on it."""
    for each in contract.__mro__:
        for test in vars(each).values():
            if inspect.iscoroutinefunction(test) and test.__name__.startswith("test_"):
                pytest.mark.asyncio(loop_scope=loop_scope)(test)
