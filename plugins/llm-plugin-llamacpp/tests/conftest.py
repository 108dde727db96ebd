"""One loaded model for all tests that do not close theirs."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from lockgate_ports.model import ModelPort

# These folders are no packages: what their tests share is found by its folder.
sys.path.append(str(Path(__file__).parent))

from llamacpp_asking import opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def model() -> AsyncIterator[ModelPort]:
    port = await opened()
    yield port
    await asyncio.wait_for(port.aclose(), 10)
