"""Thoughts between tags at the beginning of an answer, told apart however the answer is cut."""

import pytest

from llm_plugin_openai.think_tags import ThinkTags


def _told(pieces: list[str]) -> tuple[str, str]:
    tags = ThinkTags()
    found = [piece for text in pieces for piece in tags.feed(text)] + tags.flush()
    return (
        "".join(words for kind, words in found if kind == "thought"),
        "".join(words for kind, words in found if kind == "text"),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<think>a</think>b", ("a", "b")),
        (" \n<think>\na\n</think>\n\nb c", ("\na\n", "b c")),
        ("<think>a</think>b<think>c</think>", ("a", "b<think>c</think>")),
        ("<think>a < b </ c</think>d", ("a < b </ c", "d")),
        ("<think>a</thi", ("a</thi", "")),
        ("<thinking>a", ("", "<thinking>a")),
        ("  <t", ("", "  <t")),
        ("  a", ("", "  a")),
        ("", ("", "")),
    ],
)
def test_every_way_to_cut_it_tells_the_same(written: str, expected: tuple[str, str]) -> None:
    for size in range(1, len(written) + 2):
        assert _told([written[at : at + size] for at in range(0, len(written), size)]) == expected


def test_text_is_told_at_once_when_it_cannot_be_a_tag() -> None:
    tags = ThinkTags()
    assert tags.feed("Yes") == [("text", "Yes")]
    assert tags.feed("<") == [("text", "<")]
