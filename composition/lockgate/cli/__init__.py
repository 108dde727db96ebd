"""The command line: `lockgate`."""


def main() -> None:
    """The console script. Exits with 0, with 1 when something is at fault, with 2 when the command line is."""
    from lockgate.cli.root import root

    root(prog_name="lockgate")
