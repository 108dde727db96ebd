"""Lets the tests import the world they share, and the gateway of the flow tests, by name."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "flow")]
