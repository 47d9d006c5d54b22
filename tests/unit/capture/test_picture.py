"""Whatever a picture file holds, the answer is pixels or one clear line."""

import base64
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alpr_pipeline.capture.picture import PIXELS_MAX, decode_picture, load_picture
from alpr_pipeline.errors import CaptureError


def a_scene(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A picture: blue on the left, red on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (200, 20, 20)
    image[:, width // 2 :] = (20, 20, 200)
    return image


def encoded(suffix: str, image: NDArray[np.generic] | None = None) -> bytes:
    """Return a picture as a file's bytes."""
    good, data = cv2.imencode(suffix, a_scene() if image is None else np.asarray(image))
    assert good
    return bytes(data)


def left_is_blue(image: NDArray[np.uint8]) -> bool:
    """Whether the picture is the scene, the right way round."""
    left, right = image[24, 8].astype(int), image[24, 56].astype(int)
    return bool(left[0] > left[2] + 80 and right[2] > right[0] + 80)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_usual_formats_are_read(suffix: str) -> None:
    """Each common format gives 8-bit BGR pixels."""
    image = decode_picture(encoded(suffix), "x")
    assert (image.shape, image.dtype) == ((48, 64, 3), np.uint8)
    assert left_is_blue(image)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("kind", ["grey", "16-bit", "16-bit grey", "alpha"])
def test_unusual_pixels_become_plain_colour(suffix: str, kind: str) -> None:
    """Grey, 16-bit and transparent pictures come out as three channels of eight bits."""
    scene = a_scene()
    image: NDArray[np.generic] = {
        "grey": scene[:, :, 0],
        "16-bit": scene.astype(np.uint16) * 257,
        "16-bit grey": scene[:, :, 0].astype(np.uint16) * 257,
        "alpha": np.dstack([scene, np.full((48, 64), 255, np.uint8)]),
    }[kind]
    decoded = decode_picture(encoded(suffix, image), "x")
    assert (decoded.shape, decoded.dtype) == ((48, 64, 3), np.uint8)
    assert abs(int(decoded[24, 8, 0]) - 200) <= 2


CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZM"
    "TlJTUjI+WmFaUGBKUVJP/8AAFAgAMABABEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//E"
    "ALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2"
    "Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrC"
    "w8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDz2vPa6yvTqKKKKKKKKKKKK9uo"
    "rxGiiiiiiiiiiiiivEaK9uooooooooooooor26ivEaKKKKKKKKKKKKK8Ror26iiiiiiiiiiiiivbqK8RooooooooooooorxG"
    "ivbqKKKKKKKKKKKKK9uorxGiiiiiiiiiiiiivEaK9uooooooooooooor26ivEaKKKKKKKKKKKKK8Ror26iiiiiiiiiiiiivb"
    "qK8Rooooooooooooor//2Q=="
)


def test_cmyk_is_read() -> None:
    """A JPEG for printers comes out in the right colours: this one is blue on the left and red on the right."""
    assert left_is_blue(decode_picture(CMYK, "x"))


def test_exif_orientation_is_obeyed() -> None:
    """A picture that a telephone took on its side is turned upright."""
    tiff = b"MM\x00*\x00\x00\x00\x08" + b"\x00\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + b"\x00" * 4
    segment = b"Exif\x00\x00" + tiff
    jpeg = encoded(".jpg")
    turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]
    assert decode_picture(turned, "x").shape == (64, 48, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp"])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.97])
def test_a_file_that_is_cut_off_is_said_to_be(suffix: str, part: float) -> None:
    """A half picture is no picture: half a plate would be a wrong plate."""
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    data = encoded(suffix, noise)
    with pytest.raises(CaptureError, match=r"^half: "):
        decode_picture(data[: int(len(data) * part)], "half")


def test_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    """The size stands in the header; nothing of a picture beyond the limit is unpacked."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"IEND"
    with pytest.raises(CaptureError, match=f"100000x100000 pixels, limit {PIXELS_MAX}"):
        decode_picture(png, "bomb")


def test_a_large_picture_is_read() -> None:
    """A picture of a good camera, 8000x6000, is within the limit."""
    assert decode_picture(encoded(".jpg", np.zeros((6000, 8000, 3), np.uint8)), "x").shape == (6000, 8000, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"not a picture at all", "not a picture that can be read"),
        (b"\xff\xd8\xff", "not a picture that can be read"),
        (b"\x89PNG\r\n\x1a\n", "not a picture that can be read"),
        (encoded(".png", np.zeros((2, 2, 3), np.uint8)), "too small"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, reason: str) -> None:
    """The error is one line that begins with the file's name."""
    with pytest.raises(CaptureError, match=reason) as caught:
        decode_picture(data, "some.jpg")
    assert str(caught.value).startswith("some.jpg: ")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file and a folder give their path and what is wrong."""
    with pytest.raises(CaptureError, match="no such file"):
        load_picture(tmp_path / "none.jpg")
    with pytest.raises(CaptureError, match="not a file"):
        load_picture(tmp_path)
    (tmp_path / "a.jpg").write_bytes(encoded(".jpg"))
    assert load_picture(tmp_path / "a.jpg").shape == (48, 64, 3)


@settings(max_examples=300, deadline=None)
@given(
    suffix=st.sampled_from([".jpg", ".png", ".webp", ".tif", ".bmp"]),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=20),
    end=st.integers(0, 3000),
)
def test_no_damage_crashes_the_decoder(suffix: str, flips: list[tuple[int, int]], end: int) -> None:
    """Whatever bytes are changed or cut, the answer is pixels or a CaptureError."""
    data = bytearray(encoded(suffix))
    for at, value in flips:
        data[at % len(data)] = value
    try:
        image = decode_picture(bytes(data[: max(1, end)]), "x")
    except CaptureError:
        return
    assert image.ndim == 3
    assert image.dtype == np.uint8
