"""From a file as it came to its lines: ZIP and gzip opened, text decoded, and limits on all of it. It streams."""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from alpr_pipeline.errors import HotlistRefused

LINE_CHARACTERS_MAX = 10_000
RATIO_MAX = 200  # of text to its compressed size; text lists reach 5 to 40
RATIO_FREE_BYTES = 1_000_000  # small files may compress better
BYTES_MAX = 4_000_000_000  # of text, however it came

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_EMPTY_ZIP = b"PK\x05\x06"
# What the modules for archives raise on changed bytes: of a bzip2 stream an OSError, of an offset a ValueError.
_BROKEN = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may be at most."""

    bytes_max: int = BYTES_MAX
    ratio_max: int = RATIO_MAX


def open_lines(file: IO[bytes], encoding: str, limits: Limits | None = None) -> Iterator[str]:
    """Yield the lines of a list, with their line ends, out of a plain, gzip or ZIP file that can be sought in.

    Raises HotlistRefused for what is no text of this encoding, for an archive of more than one file, encrypted, broken
    or of a ratio that no list has, and for a line that never ends.
    """
    limits = limits or Limits()
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    magic = file.read(4)
    file.seek(0)
    packed = magic[:2] == _GZIP or magic in (_ZIP, _EMPTY_ZIP)
    content = _opened(file, magic)
    counted = _Counted(content, size if packed else None, limits)
    text = io.TextIOWrapper(io.BufferedReader(counted, 1 << 18), encoding=_codec(encoding), newline="")
    try:
        yield from _lines(text, encoding)
    except _BROKEN as error:
        if not packed:
            raise
        raise HotlistRefused(f"the archive is broken or cut off ({type(error).__name__}): send it again") from None
    finally:
        text.detach().detach()  # the caller closes its file


def _opened(file: IO[bytes], magic: bytes) -> IO[bytes]:
    if magic[:2] == _GZIP:
        return gzip.open(file)  # type: ignore[return-value]  # reads bytes
    if magic in (_ZIP, _EMPTY_ZIP):
        return _only_member(file)
    return file


def _only_member(file: IO[bytes]) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise HotlistRefused(f"the ZIP archive holds {len(members)} files: it must hold one, the list")
        if members[0].flag_bits & 1:
            raise HotlistRefused("the ZIP archive is encrypted: send it without a password, over HTTPS or SFTP")
        return archive.open(members[0])
    except _BROKEN:
        raise HotlistRefused(
            "the ZIP archive is broken or packed in an unusual way: send it again as plain ZIP"
        ) from None


class _Counted(io.RawIOBase):
    """Passes bytes on and stops at the limits: what a ZIP bomb promises is never unpacked."""

    def __init__(self, content: IO[bytes], packed_bytes: int | None, limits: Limits) -> None:
        self._content = content
        self._packed_bytes = packed_bytes
        self._limits = limits
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what io calls it with
        chunk = self._content.read(len(buffer))
        self._read += len(chunk)
        if self._read > self._limits.bytes_max:
            raise HotlistRefused(f"more than {self._limits.bytes_max:,} bytes of text: split the list")
        if (
            self._packed_bytes is not None
            and self._read > RATIO_FREE_BYTES + self._limits.ratio_max * self._packed_bytes
        ):
            raise HotlistRefused(
                f"the archive unpacks to more than {self._limits.ratio_max} times its size, which no list does: "
                "it was not unpacked further"
            )
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _lines(text: io.TextIOWrapper, encoding: str) -> Iterator[str]:
    number = 0
    try:
        while line := text.readline(LINE_CHARACTERS_MAX):
            number += 1
            if len(line) == LINE_CHARACTERS_MAX and not line.endswith(("\n", "\r")):
                raise HotlistRefused(
                    f"line {number} is longer than {LINE_CHARACTERS_MAX:,} characters: is this a list of text lines?"
                )
            yield line
    except UnicodeError:
        name = encoding.upper()
        raise HotlistRefused(
            f"not {name} text after line {number}: save the file as {name}, or choose a format of its encoding"
        ) from None
