"""Whether a process is well, and which of its neighbours is away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from alpr_pipeline.errors import AlprError
from alpr_pipeline.telemetry.metrics import NEIGHBOUR_UP

Check = Callable[[], None]  # raises an AlprError, saying what is away and where


@dataclass
class Health:
    """The neighbours of a process, each with a check."""

    checks: dict[str, Check] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def watch(self, neighbour: str, check: Check) -> None:
        """Ask this neighbour too from now on."""
        with self._lock:
            self.checks[neighbour] = check

    def away(self) -> Mapping[str, str]:
        """Return the neighbours that do not answer, each with the reason. An empty mapping means ready."""
        with self._lock:
            checks = dict(self.checks)
        missing: dict[str, str] = {}
        for neighbour, check in checks.items():
            try:
                check()
            except (AlprError, OSError) as error:
                missing[neighbour] = str(error)
            NEIGHBOUR_UP.labels(neighbour).set(neighbour not in missing)
        return missing
