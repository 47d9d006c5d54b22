"""How often the whole of a frame is looked at; in the frames between, only what is being followed.

The whole frame costs ten times what a plate costs whose place is known, and no vehicle comes and goes in a tenth of a
second. Where the processor does not keep up, the whole looks come less often, down to a limit that still meets a fast
car twice; so cameras share a busy machine and none of them falls behind.
"""

import threading
from dataclasses import dataclass

WINDOW_S = 2.0  # over which it is judged how busy the processor is
STEP = 1.25


@dataclass(frozen=True, slots=True)
class AttentionSettings:
    """How often, and how busy the looking may be."""

    whole_s: float = 0.12  # between whole looks
    whole_max_s: float = 0.4  # on a busy machine
    busy_min: float = 0.6  # share of the time spent looking below which whole looks come more often again
    busy_max: float = 0.85  # and above which they come less often


class Attention:
    """The interval between whole looks of all cameras of an agent, which one or several threads look at."""

    def __init__(self, settings: AttentionSettings | None = None, lookers: int = 1) -> None:
        self._settings = settings or AttentionSettings()
        self._lookers = lookers
        self._lock = threading.Lock()
        self.whole_s = self._settings.whole_s
        self._since_s: float | None = None
        self._spent_s = 0.0

    def spent(self, seconds: float, now_s: float) -> None:
        """Take note of a look that took so long and ended now, by a steady clock."""
        with self._lock:
            if self._since_s is None:
                self._since_s = now_s - seconds
            self._spent_s += seconds
            passed = now_s - self._since_s
            if passed < WINDOW_S:
                return
            busy = self._spent_s / passed / self._lookers
            self._since_s, self._spent_s = now_s, 0.0
            self._adapt(busy)

    def _adapt(self, busy: float) -> None:
        if busy > self._settings.busy_max:
            self.whole_s = min(self._settings.whole_max_s, self.whole_s * STEP)
        elif busy < self._settings.busy_min:
            self.whole_s = max(self._settings.whole_s, self.whole_s / STEP)
