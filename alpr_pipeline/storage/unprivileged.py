"""Running a program as an ordinary user although we are root, as in a container: PostgreSQL insists on it."""

import os
import shutil
import subprocess
from pathlib import Path

from alpr_pipeline.errors import StorageUnavailable

NOBODY = 65534  # the user and group without rights, on every Linux

# In a user namespace root looks like `nobody` and yet owns its files, so no folder has to be opened for others.
_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
# Where a container forbids namespaces: `nobody` itself, who must then own the folder and be able to reach it.
_DEMOTION = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def ordinary_user(folder: Path, program: Path) -> tuple[str, ...]:
    """Return what to put before a command that runs a program on a folder; nothing, unless we are root.

    Raises StorageUnavailable when root cannot step down here.
    """
    if os.geteuid() != 0:
        return ()
    if _succeeds([*_NAMESPACE, "true"]):
        _own(folder, 0)
        return _NAMESPACE
    _own(folder, NOBODY)
    if _succeeds([*_DEMOTION, "test", "-x", str(program), "-a", "-w", str(folder)]):
        return _DEMOTION
    _own(folder, 0)
    raise StorageUnavailable(
        f"PostgreSQL refuses to run as root, and an ordinary user cannot reach {folder} or {program}: start the "
        "program as an ordinary user, or put both where others may enter, or set a database url"
    )


def ending_with_us() -> tuple[str, ...]:
    """Return what has the system stop a command when the thread that started it ends; nothing where it cannot."""
    return ("setpriv", "--pdeathsig", "INT") if shutil.which("setpriv") else ()


def _own(folder: Path, user: int) -> None:
    """Give a folder and everything in it to a user, unless it is theirs."""
    if folder.stat().st_uid == user:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603  # our own words
    except FileNotFoundError:
        return False
