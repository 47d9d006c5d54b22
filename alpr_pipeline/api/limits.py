"""How often an address may ask what anybody may ask: so many a minute, counted in this process.

Behind a proxy the address is the one that a trusted proxy names (`api.trusted_proxies`): the server has put it into the
request before anything here sees it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from fastapi import Request

from alpr_pipeline.api.problems import TooOften
from alpr_pipeline.api.services import services_of

_ADDRESSES_MAX = 10_000
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class PublicLimit:
    """A dependency of public routes; those with the same name count together."""

    name: str
    a_minute: int

    def __call__(self, request: Request) -> None:
        """Raise TooOften when the address of a request has asked too often."""
        buckets: dict[str, Buckets] = request.app.state.buckets
        mine = buckets.setdefault(self.name, Buckets(self.a_minute))
        wait_s = mine.take(address_of(request), services_of(request).now().timestamp())
        if wait_s:
            raise TooOften(f"more than {self.a_minute} requests a minute: try again in {wait_s:.0f} s")


def address_of(request: Request) -> str:
    """Return from which address somebody asks."""
    return request.client.host if request.client else ""


SIGN_INS = PublicLimit("sign-in", 60)  # a whole agency may stand behind one address when its shift begins


@dataclass
class Buckets:
    """A bucket for each address, which fills up again over a minute."""

    a_minute: int
    _left: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, address: str, now: float) -> float:
        """Take one from an address's bucket, and return 0; or return in how many seconds there is one."""
        with self._lock:
            left, at = self._left.pop(address, (float(self.a_minute), now))
            left = min(self.a_minute, left + max(0.0, now - at) * self.a_minute / _MINUTE)
            if len(self._left) >= _ADDRESSES_MAX:
                self._left.popitem(last=False)  # the one that has been silent longest
            self._left[address] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else max(1.0, (1 - left) * _MINUTE / self.a_minute)
