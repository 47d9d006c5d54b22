"""How much memory this process may take: the machine's, or less where a container or a unit has a limit (cgroups)."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def memory_limit(machine: int | None = None, root: Path = _ROOT, own: Path = _OWN) -> int:
    """Return the bytes of the machine, or the least of the limits over this process."""
    machine = machine or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_limits(root, own)])


def _limits(root: Path, own: Path) -> Iterator[int]:
    """Yield every limit over this process: its own group's, and those of the groups around it."""
    for line in _text(own).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if not controllers:  # cgroup v2
            top, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = PurePosixPath(group.lstrip("/"))
        for folder in (inner, *inner.parents):  # in a container the path may be the host's: its own root says it then
            text = _text(top / folder / name).strip()
            if text.isdigit():  # not "max"
                yield int(text)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""  # no such group here, or not for us: then nothing is known to be less
