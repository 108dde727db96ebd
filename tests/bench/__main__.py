"""`make bench`: the gateway beside a bare aiohttp proxy, in one run on one machine."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from loops import run
from measuring import Bench
from page import put
from peers import installed
from processes import cores, pin, say
from report import as_json, results, table


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about 15 seconds in place of 60, and rougher")
    parser.add_argument("--rounds", type=int, help="how often everything is measured in turn")
    parser.add_argument("--seconds", type=float, help="how long each measurement takes")
    parser.add_argument("--starts", type=int, help="how often each process is started to time it")
    parser.add_argument("--large", type=int, nargs=2, default=(100, 10_000), metavar=("PROVIDERS", "ROUTES"))
    parser.add_argument("--peers", action="store_true", help="LiteLLM and Portkey too, which are installed for it")
    parser.add_argument("--page", action="store_true", help="write the table into docs/performance.md as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    return parser.parse_args()


def main() -> None:
    asked = options()
    rounds, seconds, starts = (2, 0.35, 1) if asked.quick else (5, 0.8, 3)
    measured, load = cores()
    pin(load)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), (measured, load), tuple(asked.large), say, installed() if asked.peers else ())
        run(bench.run(asked.rounds or rounds, asked.seconds or seconds, asked.starts or starts))
    say("")
    told = results(bench)
    if asked.json:
        asked.json.write_text(as_json(told))
    print(table(told))
    if asked.page:
        target = "bench-peers" if asked.peers else "bench"
        put(target, f"make {target}", table(told))
    if measured is None:
        print("\nNothing was pinned to a core of its own here: the figures disturb each other.")


if __name__ == "__main__":
    main()
