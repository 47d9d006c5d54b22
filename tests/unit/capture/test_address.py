"""Where a camera is, with its passwords and without."""

import pytest

from alpr_pipeline.capture.address import fill_in, holds_password, is_live, masked
from alpr_pipeline.errors import CaptureError


def test_passwords_come_from_the_environment() -> None:
    """${NAME} is replaced, and quoted where it stands in a URL."""
    assert fill_in("rtsp://u:${PW}@cam/1", {"PW": "a/b@c"}) == "rtsp://u:a%2Fb%40c@cam/1"
    assert fill_in("${ROOT}/clip", {"ROOT": "/data"}) == "/data/clip"


def test_a_missing_variable_is_named_without_the_address() -> None:
    """The error names the variable to set, and shows no user and no query."""
    with pytest.raises(CaptureError, match="no variable PW") as caught:
        fill_in("rtsp://secret-user:${PW}@cam/1?token=hidden", {})
    assert "secret-user" not in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://u:p@cam:554/1", "rtsp://***@cam:554/1"),
        ("http://cam/video?user=u&pwd=p#x", "http://cam/video?***#x"),
        ("rtsp://cam/1", "rtsp://cam/1"),
        ("clips/a?b@c.mp4", "clips/a?b@c.mp4"),
        ("device:0", "device:0"),
    ],
)
def test_what_is_shown_holds_no_credential(source: str, shown: str) -> None:
    """User, password and query are masked in URLs; paths stay as they are."""
    assert masked(source) == shown


@pytest.mark.parametrize(
    ("source", "holds"),
    [("rtsp://u:p@cam/", True), ("rtsp://u:${PW}@cam/", False), ("rtsp://u@cam/", False), ("a:b@c.mp4", False)],
)
def test_a_password_in_the_file_is_noticed(source: str, *, holds: bool) -> None:
    """A password that stands in a source itself is recognised."""
    assert holds_password(source) is holds


def test_cameras_of_now_are_told_from_recordings() -> None:
    """Streams and devices are live; files and folders are not."""
    assert [is_live(source) for source in ("rtsp://cam/", "device:0", "clip.mp4", "folder")] == [
        True,
        True,
        False,
        False,
    ]
