"""The bench runs and tells every figure; what the figures are is not for a test to judge."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.timeout(300)
def test_the_bench_runs_and_tells_every_figure(tmp_path: Path):
    told = tmp_path / "figures.json"
    options = ["--rounds", "1", "--seconds", "0.05", "--starts", "1", "--large", "10", "100", "--json", told]
    done = subprocess.run([sys.executable, HERE, *options], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    figures = json.loads(told.read_text())
    assert figures["medians"].keys() >= {
        "request_64",
        "request_1",
        "chunk_at_once",
        "chunk_paced",
        "embedded_us",
        "claude_chunk",
        "gemini_64",
    }
    assert figures["ratios"].keys() >= {"request_64", "chunk_at_once", "added_p50_ms", "idle_mb", "ready_ms", "large"}
    measured = {name: by for name, by in figures["medians"].items() if not name.startswith("added")}
    assert all(value > 0 for by in measured.values() for value in by.values())
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 19
    assert "lockgate" in done.stdout


@pytest.mark.parametrize("layer", ["", "server", "surface", "engine", "attempts", "large"])
@pytest.mark.parametrize(("model", "kind"), [("route-00000", "whole"), ("claude", "whole"), ("gemini", "stream")])
def test_calls_in_memory_end_whatever_answers_them(model: str, kind: str, layer: str):
    command = [sys.executable, HERE / "in_memory.py", model, kind, layer]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.timeout(300)
def test_the_scale_runs_and_tells_every_point(tmp_path: Path):
    told = tmp_path / "figures.json"
    options = ["--only", "tenants", "--rounds", "1", "--seconds", "0.05", "--json", told]
    done = subprocess.run([sys.executable, HERE / "scale.py", *options], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    costs = json.loads(told.read_text())["tenants"]["gateway"]
    assert len(costs) == 5
    assert all(cost > 0 for cost in costs.values())
