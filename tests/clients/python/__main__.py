"""Plays scenes with one client: `python tests/clients/python use_openai_chat <gateway> <key> <upstream> openai,gemini`.

Prints one JSON line a scene and upstream: the scene, the language, and what went wrong, or null.
"""

import importlib
import json
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from at import At

NAMES = ("plain", "stream", "tools", "parallel", "structured", "vision", "errors", "cancel", "embeddings", "counting")


def main(module: str, url: str, key: str, upstream_url: str, languages: str) -> None:
    client = importlib.import_module(module)
    for language in languages.split(","):
        place = At(url, key, upstream_url, language)
        for name in NAMES:
            scene = getattr(client, name, None)
            if scene is None:
                continue
            fault = None
            try:
                scene(place)
            except Exception:  # noqa: BLE001 - whatever goes wrong is the answer
                fault = traceback.format_exc(limit=-3)
            print(json.dumps([name, language, fault]), flush=True)


main(*sys.argv[1:])
