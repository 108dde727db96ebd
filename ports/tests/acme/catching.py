"""Runs tests of wrong plugins, in a pytest of their own without any configuration, and tells what each failed with."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

# What a wrong plugin leaves behind is collected at the end: its complaint, with a traceback, in the midst of pytest's
# own parsing is more than CPython 3.11 bears (SystemError: AST constructor recursion depth mismatch).
_PYTEST = "import gc, sys, pytest; gc.disable(); sys.exit(pytest.main())"


def failures_of(folder: Path, head: str, classes: Iterable[str], wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """`wanted` is by kind the one test to run of its class `Test_<kind>`; what each failed with."""
    (folder / "test_wrong.py").write_text(head + "".join(classes))
    chosen = [f"test_wrong.py::Test_{kind.replace('-', '_')}::{test}" for kind, test in wanted.items()]
    run = subprocess.run(
        [sys.executable, "-c", _PYTEST, "-q", "-p", "no:cacheprovider", "--rootdir=.", "--junitxml=out.xml", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    found: dict[str, list[str]] = {kind: [] for kind in wanted}
    for case in ElementTree.parse(folder / "out.xml").iter("testcase"):
        kind = case.attrib["classname"].rpartition("Test_")[2].replace("_", "-")
        found[kind] += [failure.attrib["message"] + (failure.text or "") for failure in case.iter("failure")]
    return found
