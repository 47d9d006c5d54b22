"""Says what machine a figure comes from."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """Return processor, cores, memory, system and Python in one line."""
    processor = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = os.cpu_count()
    return f"{processor}, {cores} cores, {gigabytes:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def versions(*packages: str) -> str:
    """Return the versions of the packages that a figure depends on."""
    return ", ".join(f"{package} {version(package)}" for package in packages)
