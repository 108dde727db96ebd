"""Forms with files (RFC 7578), of which a few fields are read and the model is set; every other byte stays."""

import re

from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Body
from lockgate_ports.patch import edited

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))', re.I)
_NAME = re.compile(rb'(?:^|;)\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.I)
_DISPOSITION = re.compile(rb"^content-disposition:[ \t]*form-data(.*)$", re.I | re.M)
_LONGEST = 256
"""Bytes of a field that is read; files are passed over."""


class Form:
    """One body. Raises InvalidRequest for what is no form, and for a field that is read and stands twice: two readers
    could then take it for two things."""

    def __init__(self, body: bytes, content_type: str) -> None:
        found = _BOUNDARY.search(content_type)
        if found is None:
            raise InvalidRequest("the content-type names no boundary, so the form cannot be read")
        self._body = body
        self._mark = b"--" + (found.group(1) or found.group(2)).encode()
        self._fields = self._read()

    def value(self, name: str) -> str | None:
        """The text of the field; None where there is none."""
        at = self._at(name)
        if at is None:
            return None
        start, stop = at
        try:
            value = self._body[start:stop].decode()
        except UnicodeDecodeError:
            value = ""
        if stop - start > _LONGEST or not value.isprintable():
            raise InvalidRequest(f"{name} must be a line of text", param=name)
        return value

    def with_value(self, name: str, value: str) -> Body:
        """The body with the field set, put at its beginning where it is not there."""
        at = self._at(name)
        if at is not None:
            return edited(self._body, [(*at, value.encode())])
        field = b'%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        told = field % (self._mark, name.encode(), value.encode())
        return edited(self._body, [(0, self._body.index(self._mark), told)])

    def _at(self, name: str) -> tuple[int, int] | None:
        places = self._fields.get(name.encode(), [])
        if len(places) > 1:
            raise InvalidRequest(f"the field {name!r} stands twice; send it once", param=name)
        return places[0] if places else None

    def _read(self) -> dict[bytes, list[tuple[int, int]]]:
        """Where the value of each field begins and ends."""
        body, mark = self._body, self._mark
        fields: dict[bytes, list[tuple[int, int]]] = {}
        place = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
        if place < len(mark) and not body.startswith(mark, place):
            raise self._cut()
        while not body.startswith(b"--", place + len(mark)):
            head = body.find(b"\r\n", place + len(mark)) + 2
            start = body.find(b"\r\n\r\n", head - 2)
            stop = body.find(b"\r\n" + mark, start + 2)
            if head < 2 or start < 0 or stop < 0:
                raise self._cut()
            if not body.startswith(b"\r\n", place + len(mark)):
                raise self._cut()
            told = _DISPOSITION.search(body[head:start].replace(b"\r\n", b"\n"))
            if told is not None and (name := _NAME.search(told.group(1))) is not None:
                fields.setdefault(name.group(1) or name.group(2), []).append((min(start + 4, stop), stop))
            place = stop + 2
        return fields

    def _cut(self) -> InvalidRequest:
        return InvalidRequest("the body is not the form that its content-type promises, or it is cut short")
