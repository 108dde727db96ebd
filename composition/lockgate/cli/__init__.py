"""The command line: `lockgate`."""


def main() -> None:
    """The console script. Exits with 0, with 1 when something is at fault, with 2 when the command line is."""
    import gc
    import io
    import sys

    # Nearly all that is made while modules are imported and a gateway opens stays: there is little to collect.
    gc.set_threshold(10_000, 5, 5)
    from lockgate.cli.root import root

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A model says what it likes; a terminal that has no such letter shows its number in place of a traceback.
            stream.reconfigure(errors="backslashreplace")
    root(prog_name="lockgate")
