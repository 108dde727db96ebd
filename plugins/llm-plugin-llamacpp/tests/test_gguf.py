"""Reading the header of a GGUF file."""

import struct
from pathlib import Path

import pytest

from llm_plugin_llamacpp.gguf import Facts, NotGguf, read_facts


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def string(name: str, value: str) -> bytes:
    return text(name) + struct.pack("<I", 8) + text(value)


def number(name: str, value: int) -> bytes:
    return text(name) + struct.pack("<II", 4, value)


def words(name: str, *values: str) -> bytes:
    return text(name) + struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def nested(name: str) -> bytes:
    inner = struct.pack("<IQhh", 3, 2, 1, -1)
    return text(name) + struct.pack("<IIQ", 9, 9, 2) + inner + inner


def gguf(*fields: bytes, version: int = 3, count: int | None = None) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(fields) if count is None else count) + b"".join(fields)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_the_facts_are_found_behind_a_vocabulary(file: Path) -> None:
    file.write_bytes(
        gguf(
            string("general.architecture", "qwen3"),
            words("tokenizer.ggml.tokens", "a", "", "é"),
            nested("odd"),
            number("qwen3.context_length", 32768),
            string("tokenizer.chat_template.tool_use", "{% if tools %}"),
        )
    )
    assert read_facts(file) == Facts(32768, takes_tools=True)


def test_a_file_that_says_little_is_read_as_such(file: Path) -> None:
    file.write_bytes(gguf(string("tokenizer.chat_template", "{{ messages }}")))
    assert read_facts(file) == Facts(None, takes_tools=False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"<html>not found</html>",
        gguf(string("general.architecture", "x"))[:-1],
        gguf(string("a", "x"), count=2**63),
        gguf(text("a") + struct.pack("<IIQ", 9, 8, 2**60)),
        gguf(text("a") + struct.pack("<I", 77)),
        gguf(struct.pack("<Q", 2**63)),
        gguf(version=1),
    ],
)
def test_a_damaged_header_is_told_as_such(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(NotGguf):
        read_facts(file)
