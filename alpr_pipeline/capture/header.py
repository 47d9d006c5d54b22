"""What the first bytes of a picture file tell before anything is decoded: its format, its size, whether it is whole."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

_JPEG_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RST0-7, SOI: no body (ITU T.81, table B.1)
_JPEG_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})  # between the start-of-frame markers: DHT, JPG, DAC
_JPEG_SOF = range(0xC0, 0xD0)
_JPEG_SOS = 0xDA
_JPEG_MARKERS_MAX = 10_000
_TIFF_SHORT = 3
_TIFF_WIDTH = 256
_TIFF_HEIGHT = 257
_BMP_CORE_HEADER = 12

FORMATS = "JPEG, PNG, WebP, TIFF or BMP"


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself."""

    width: int
    height: int
    whole: bool  # False where the file ends before its picture does


def read_header(data: bytes) -> Header | None:
    """Return what a picture file says of itself; None where it is none of `FORMATS`, or too damaged to tell."""
    try:
        return next((read(data) for magic, read in _KINDS.items() if data.startswith(magic)), None)
    except (struct.error, IndexError):
        return None


def _jpeg(data: bytes) -> Header | None:
    """ITU T.81, B.1.1: segments of a marker and a length up to the start of the scan, then data up to the end mark."""
    at, width, height = 2, 0, 0
    for _ in range(_JPEG_MARKERS_MAX):
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # noqa: PLR2004  # fill bytes before a marker
            at += 1
        marker = data[at + 1]
        if data[at] != 0xFF:  # noqa: PLR2004  # every segment begins with it
            return None
        if marker in _JPEG_NO_LENGTH:
            at += 2
            continue
        if marker == _JPEG_SOS:
            return Header(width, height, data.find(b"\xff\xd9", at) > 0) if width and height else None
        if marker in _JPEG_SOF and marker not in _JPEG_NO_SIZE:
            height, width = struct.unpack_from(">HH", data, at + 5)
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return None


def _png(data: bytes) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    return Header(width, height, b"IEND" in data[-64:])


def _webp(data: bytes) -> Header | None:
    if data[8:12] != b"WEBP":
        return None
    whole = len(data) >= 8 + int(struct.unpack_from("<I", data, 4)[0])
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return Header(width, height, whole)


def _tiff(data: bytes) -> Header | None:
    """TIFF 6.0, section 2: width and height are entries of the first directory."""
    order = "<" if data.startswith(b"II") else ">"
    start = struct.unpack_from(order + "I", data, 4)[0]
    size: dict[int, int] = {}
    for entry in range(struct.unpack_from(order + "H", data, start)[0]):
        at = start + 2 + 12 * entry
        tag, kind = struct.unpack_from(order + "HH", data, at)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT):
            size[tag] = struct.unpack_from(order + ("H" if kind == _TIFF_SHORT else "I"), data, at + 8)[0]
    if len(size) < 2:  # noqa: PLR2004  # width and height
        return None
    return Header(size[_TIFF_WIDTH], size[_TIFF_HEIGHT], whole=True)  # its strips may lie anywhere: decoding tells


def _bmp(data: bytes) -> Header:
    core = struct.unpack_from("<I", data, 14)[0] == _BMP_CORE_HEADER
    width, height = struct.unpack_from("<HH" if core else "<ii", data, 18)
    return Header(abs(width), abs(height), len(data) >= struct.unpack_from("<I", data, 2)[0])


_KINDS: dict[bytes, Callable[[bytes], Header | None]] = {
    b"\xff\xd8\xff": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"RIFF": _webp,
    b"II*\x00": _tiff,
    b"MM\x00*": _tiff,
    b"BM": _bmp,
}
