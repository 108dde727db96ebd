"""Who is asked, how often, and what the caller is told when nobody answers."""

from lockgate_core.attempts.attempts import Attempts

__all__ = ["Attempts"]
