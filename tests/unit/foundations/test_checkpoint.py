"""The loop of an association stands still while somebody else reads its answers."""

import random
import threading
import time

from importal.dimse import Checkpoint


class Loop(threading.Thread):
    """What the library's loop does, at the pace of a busy machine."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.checkpoint: threading.Event = Checkpoint(self)
        self.looked = 0
        self.ended = False

    def run(self) -> None:
        while not self.ended:
            self.checkpoint.wait()
            time.sleep(random.random() * 0.002)
            self.looked += 1


class Busy(Loop):
    """A loop that is held up by its peer."""

    def run(self) -> None:
        time.sleep(3)


def test_once_the_loop_is_stopped_it_looks_for_no_answer() -> None:
    loop = Loop()
    loop.start()
    for _ in range(50):
        loop.checkpoint.clear()
        looked = loop.looked
        time.sleep(0.004)
        assert loop.looked == looked
        loop.checkpoint.set()
    loop.ended = True
    loop.join(5)
    assert loop.looked > 0


def test_a_loop_that_has_ended_or_is_busy_holds_nobody_up_for_ever() -> None:
    ended = Loop()
    ended.checkpoint.clear()
    busy = Busy()
    busy.start()
    begun = time.monotonic()
    busy.checkpoint.clear()
    busy.ended = True
    assert time.monotonic() - begun < 3


def test_the_loop_may_stop_itself() -> None:
    checkpoint = Checkpoint(threading.current_thread())
    checkpoint.clear()
    assert not checkpoint.is_set()
