"""A file is opened whatever it is packed in, and only as far as a list may go."""

import gzip
import io
import random
import zipfile
from collections import deque
from contextlib import suppress
from itertools import count

import pytest

from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.opening import LINE_CHARACTERS_MAX, Limits, open_lines

TEXT = "plate\r\nDEMO123\nDEMO124\r"


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def opened(content: bytes, encoding: str = "utf-8", **limits: int) -> list[str]:
    return list(open_lines(io.BytesIO(content), encoding, Limits(**limits)))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        gzip.compress(TEXT.encode()),
        packed(("folder/", b""), ("list.csv", TEXT.encode())),
    ],
    ids=["plain", "plain with a mark", "gzip", "zip"],
)
def test_plain_gzip_and_zip_give_the_same_lines(content: bytes) -> None:
    """Whatever ends the lines."""
    assert opened(content) == ["plate\r\n", "DEMO123\n", "DEMO124\r"]


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1252", "latin-1"])
def test_the_format_says_the_encoding(encoding: str) -> None:
    """A list of another encoding is read when its format says so."""
    assert opened("plate\nKÖLN\n".encode(encoding.replace("windows-", "cp")), encoding) == ["plate\n", "KÖLN\n"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("plate\nKÖLN\n".encode("latin-1"), "not UTF-8 text after line 0"),
        (packed(("one.csv", b"plate"), ("two.csv", b"plate")), "holds 2 files"),
        (packed(), "holds 0 files"),
        (packed(("list.csv", TEXT.encode()))[:40], "broken"),
        (gzip.compress(TEXT.encode() * 100)[:-20], "broken or cut off"),
        (b"x" * (LINE_CHARACTERS_MAX + 1), "is longer than"),
    ],
    ids=["latin-1", "zip of two", "zip of none", "cut zip", "cut gzip", "long line"],
)
def test_what_is_no_list_is_refused(content: bytes, says: str) -> None:
    """With what is wrong, and the next step."""
    with pytest.raises(HotlistRefused, match=says):
        opened(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_changed_archive_is_refused_or_read_and_nothing_else(method: int) -> None:
    """Whichever byte of it was changed: what the modules for archives raise reaches nobody."""
    whole, chance = packed(("list.csv", TEXT.encode() * 20), method=method), random.Random(1)
    for _ in range(2_000):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(4, len(changed))] = chance.randrange(256)
        with suppress(HotlistRefused):
            opened(bytes(changed))


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: packed(("list.csv", content))])
def test_a_bomb_is_not_unpacked(pack) -> None:
    """An archive that unpacks to far more than a list would is stopped early, not at the end of the disk."""
    unpacked = count()
    lines = open_lines(io.BytesIO(pack(b"DEMO123\n" * 5_000_000)), "utf-8")
    with pytest.raises(HotlistRefused, match="200 times its size"):
        deque(zip(lines, unpacked, strict=False), maxlen=0)
    assert next(unpacked) < 3_500_000


def test_a_file_that_is_too_large_is_refused() -> None:
    """Packed or not."""
    with pytest.raises(HotlistRefused, match="more than 1,000 bytes"):
        opened(b"DEMO123\n" * 1000, bytes_max=1000)
