"""Words that arrive in pieces come out whole, in lines that fit."""

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.cli.terminal import shown
from lockgate.cli.wrapping import Wrapped

TEXT = "The quick brown fox\n\n    indented = code(1)\n東京は日本の首都です。\nend "


def wrap(pieces: list[str], width: int, indent: int = 0) -> str:
    out = io.StringIO()
    words = Wrapped(out, width, indent)
    for piece in pieces:
        words.write(piece)
    words.end()
    return out.getvalue()


def test_lines_fit_and_break_at_spaces() -> None:
    assert wrap(["one two three four"], 10) == "one two\nthree four\n"
    assert wrap(["one two three four"], 12, indent=2) == "  one two\n  three four\n"


def test_a_word_longer_than_a_line_stands_alone() -> None:
    assert wrap(["a https://example.com/long b"], 10) == "a\nhttps://example.com/long\nb\n"


def test_the_indent_of_code_is_kept() -> None:
    assert wrap(["if x:\n    y\n"], 40) == "if x:\n    y\n"


def test_a_script_without_spaces_arrives_letter_by_letter() -> None:
    out = io.StringIO()
    Wrapped(out, 80, 0).write("東京は")
    assert out.getvalue() == "東京"


@given(st.lists(st.integers(0, len(TEXT)), max_size=8), st.integers(5, 40))
def test_it_does_not_matter_where_the_pieces_are_cut(cuts: list[int], width: int) -> None:
    places = [0, *sorted(cuts), len(TEXT)]
    pieces = [TEXT[start:stop] for start, stop in pairwise(places)]
    assert wrap(pieces, width) == wrap([TEXT], width)


class TerminalFile(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("steering", ["\x1b]0;title\x07", "\x1b[2J", "\x9b2J", "\r"])
def test_a_model_cannot_steer_the_terminal(steering: str) -> None:
    told = shown(f"a{steering}b\tc\n", TerminalFile())
    assert not set("\x1b\x07\x9b\r") & set(told)
    assert told.endswith("b\tc\n")


def test_a_file_gets_the_words_as_they_are() -> None:
    assert shown("a\x1b[2Jb", io.StringIO()) == "a\x1b[2Jb"
