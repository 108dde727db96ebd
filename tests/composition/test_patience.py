"""What clients say of their time, and what they are told of asking again."""

from typing import get_args

import pytest

from lockgate.surfaces.patience import is_useless_again, patience
from lockgate_ports.errors import (
    Busy,
    EgressDenied,
    ErrorKind,
    Forbidden,
    InvalidRequest,
    LockgateError,
    ModelNotFound,
    TooLarge,
    TooSlow,
    Unauthenticated,
    UpstreamError,
)


@pytest.mark.parametrize(
    ("headers", "stream", "seconds"),
    [
        ({}, False, None),
        ({"x-request-timeout": "20"}, False, 20.0),
        ({"x-request-timeout": " 0.5 "}, True, 0.5),
        ({"x-request-timeout": "1e9"}, False, 86400.0),
        ({"x-stainless-read-timeout": "600"}, False, 600.0),
        ({"x-stainless-read-timeout": "600"}, True, None),
        ({"x-stainless-read-timeout": "NOT_GIVEN"}, False, None),
        ({"x-request-timeout": "5", "x-stainless-read-timeout": "600"}, False, 5.0),
    ],
)
def test_the_time_that_a_client_gives(headers: dict[str, str], stream: bool, seconds: float | None):
    assert patience(headers, stream=stream) == seconds


@pytest.mark.parametrize("written", ["", "soon", "0", "-3", "nan", "5s"])
def test_a_time_that_makes_no_sense_is_refused_by_name(written: str):
    with pytest.raises(InvalidRequest, match="x-request-timeout must be a positive number of seconds"):
        patience({"x-request-timeout": written}, stream=False)


def test_asking_again_is_useless_for_what_does_not_heal_by_itself():
    useless = {kind for kind in get_args(ErrorKind) if is_useless_again(UpstreamError("x", kind=kind))}
    assert set(get_args(ErrorKind)) - useless == {"rate_limit", "timeout", "overloaded", "transient"}
    for error in (InvalidRequest("x"), Unauthenticated("x"), Forbidden("x"), ModelNotFound("x"), TooLarge("x")):
        assert is_useless_again(error)
    assert is_useless_again(EgressDenied("x", rule="r", provider_id="p"))
    for error in (Busy("x"), TooSlow("x"), LockgateError("x")):
        assert not is_useless_again(error)
