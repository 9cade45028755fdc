"""Whether coding pays just now: only while the processor codes clearly faster than the line sends.

Both are measured while sending. A fast line is never slowed: as soon as it could take more than the coder
gives, or coded packs bring less than plain ones brought, everything goes plain again.
"""

import threading
from dataclasses import dataclass

# How much faster the coder has to be than the line; what it leaves is for reading and sending.
MARGIN = 1.5
# A processor that nobody has measured yet, in bytes per second.
USUAL_SPEED = 30e6
# A trial of coded packs is judged after so long and so many; without success the next one waits.
TRIAL_SECONDS, TRIAL_PACKS = 3.0, 8
REST_SECONDS = 30.0
# Smaller differences are chance.
CLEARLY = 0.9
_MEMORY = 0.8


@dataclass
class Rate:
    """Bytes per second, of which the latest count most."""

    _bytes: float = 0.0
    _seconds: float = 0.0

    def add(self, count: int, seconds: float) -> None:
        """Take note of so many bytes in so many seconds."""
        self._bytes = self._bytes * _MEMORY + count
        self._seconds = self._seconds * _MEMORY + seconds

    def value(self, unknown: float = 0.0) -> float:
        """Return the bytes per second, or what is given while nothing is known."""
        return self._bytes / self._seconds if self._seconds > 0 else unknown


class Economy:
    """Measures line and coder, for several threads. Moments are seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line = Rate()
        self._coder = Rate()
        self._under_way = 0
        self._last = 0.0
        self._busy = 0.0
        self._plain_speed = 0.0
        # Since when packs are coded, how many came through since, and the original bytes of them.
        self._trial: tuple[float, int, int] | None = None
        self._rests_until = 0.0

    def pays(self, now: float) -> bool:
        """Whether the next pack is to be coded."""
        with self._lock:
            line = self._line.value()
            if not line or now < self._rests_until or self._coder.value(USUAL_SPEED) < line * MARGIN:
                self._trial = None
                return False
            if self._trial is None:
                self._trial, self._plain_speed = (now, 0, 0), line
            begun, packs, original = self._trial
            if now - begun >= TRIAL_SECONDS and packs >= TRIAL_PACKS:
                if original / (now - begun) < self._plain_speed * CLEARLY:
                    self._trial, self._rests_until = None, now + REST_SECONDS
                    return False
                self._trial = (now, 0, 0)
            return True

    def coded(self, original: int, seconds: float) -> None:
        """Take note of what the coder did: so many original bytes in so long."""
        with self._lock:
            self._coder.add(original, seconds)

    def started(self, now: float) -> None:
        """A pack sets out."""
        with self._lock:
            self._pass(now)
            self._under_way += 1

    def arrived(self, now: float, sent: int, original: int) -> None:
        """A pack was answered: so many bytes went over the line, for so many of the files."""
        with self._lock:
            self._pass(now)
            self._under_way -= 1
            self._line.add(sent, self._busy)
            self._busy = 0.0
            if self._trial is not None:
                begun, packs, before = self._trial
                self._trial = (begun, packs + 1, before + original)

    def failed(self, now: float) -> None:
        """A pack was not answered; how long that took says nothing about the line."""
        with self._lock:
            self._under_way -= 1
            self._last, self._busy, self._trial = now, 0.0, None

    def _pass(self, now: float) -> None:
        # The line's time counts only while something is on it.
        if self._under_way:
            self._busy += now - self._last
        self._last = now
