"""`python -P -m lockgate.cli.workers DESCRIPTOR`: one worker."""

import gc
import sys

if __name__ == "__main__":
    # As the command line does: nearly all that is made while modules are imported stays.
    gc.set_threshold(10_000, 5, 5)
    from lockgate.cli.workers.worker import work

    sys.exit(work(int(sys.argv[1])))
