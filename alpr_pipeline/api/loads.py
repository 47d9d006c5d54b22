"""Loads that are under way, so that the page which began one can say how far it is."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

LOADS_MAX = 100  # the oldest are forgotten: their pages say nothing of rows then


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is."""

    rows: int
    bytes: int
    size: int  # of the file


class Loads:
    """What this process is loading. Usable from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, UUID], Progress] = OrderedDict()

    def note(self, username: str, load_id: UUID, progress: Progress) -> None:
        """Keep how far somebody's load is."""
        with self._lock:
            self._known[username, load_id] = progress
            while len(self._known) > LOADS_MAX:
                self._known.popitem(last=False)

    def get(self, username: str, load_id: UUID) -> Progress | None:
        """Return how far one's own load is; None when this process knows nothing of it."""
        with self._lock:
            return self._known.get((username, load_id))

    def forget(self, username: str, load_id: UUID) -> None:
        """Forget a load that has ended."""
        with self._lock:
            self._known.pop((username, load_id), None)
