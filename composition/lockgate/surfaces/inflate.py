"""Compressed request bodies (RFC 9110, 8.4): gzip, deflate, br and zstd, never to more than a bound."""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from lockgate_ports.errors import InvalidRequest, TooLarge, UnsupportedMedia


def inflate(body: bytes, encodings: str, limit: int) -> bytes:
    """`body` with the codings of its `content-encoding` taken off, the last one first.

    Raises UnsupportedMedia for a coding that is not known, InvalidRequest for bytes that are not in it, TooLarge as
    soon as more than `limit` bytes come out.
    """
    for name in reversed([coding.strip().lower() for coding in encodings.split(",")]):
        if name in ("", "identity"):
            continue
        coding = _CODINGS.get(name)
        if coding is None:
            known = ", ".join(sorted(_CODINGS))
            raise UnsupportedMedia(f"the body's content-encoding must be one of {known}, not {name[:40]!r}")
        try:
            body = coding(body, limit)
        except _Corrupt:
            raise InvalidRequest(f"the body is not {name}, though content-encoding says so") from None
        if len(body) > limit:
            raise TooLarge(f"the body is larger than the {limit} bytes that this server takes, once it is unpacked")
    return body


class _Corrupt(Exception):
    """The bytes are not what the coding promises, or are cut short."""


def _zlib(window: int) -> Callable[[bytes, int], bytes]:
    def unpack(body: bytes, limit: int) -> bytes:
        unpacker = zlib.decompressobj(wbits=window)
        try:
            plain = unpacker.decompress(body, limit + 1)
        except zlib.error:
            raise _Corrupt from None
        if len(plain) <= limit and (not unpacker.eof or unpacker.unused_data):
            raise _Corrupt
        return plain

    return unpack


def _brotli(body: bytes, limit: int) -> bytes:
    brotli: Any = import_module("brotli")  # it comes without types
    unpacker = brotli.Decompressor()
    try:
        plain: bytes = unpacker.process(body, output_buffer_limit=limit + 1)
    except brotli.error:
        raise _Corrupt from None
    if len(plain) <= limit and not unpacker.is_finished():
        raise _Corrupt
    return plain


def _zstd(body: bytes, limit: int) -> bytes:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(body, read_across_frames=True)
    try:
        plain = unpacker.read(limit + 1)
    except zstandard.ZstdError:
        raise _Corrupt from None
    if not plain or (len(plain) <= limit and not _whole(body)):
        raise _Corrupt
    return plain


def _whole(body: bytes) -> bool:
    """Whether the last zstd frame ends where the body does: the reader alone does not tell a cut from an end."""
    import zstandard

    left = body
    while left:
        unpacker = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
        unpacker.decompress(left)
        if not unpacker.eof:
            return False
        left = unpacker.unused_data
    return True


_CODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _zlib(31),
    "x-gzip": _zlib(31),
    "deflate": _zlib(15),
    "br": _brotli,
    "zstd": _zstd,
}
