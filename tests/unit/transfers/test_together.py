"""What comes at the same moment for one thing is done in one go; nobody suffers from another failing."""

import threading
import time

import pytest

from importal.transfers.together import Together

PATIENCE_SECONDS = 10


class Work:
    """Work that the test lets go on; notes what was done in which go."""

    def __init__(self):
        self.goes = []
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.at_once = self.most_at_once = 0

    def __call__(self, items):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.goes.append(list(items))
        self.begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        self.at_once -= 1
        if "bad" in items:
            raise ValueError("bad")
        return {item: item.upper() for item in items}


def do_all(together, items, work=None):
    """Let one thread per item come, the first before all others; return what each got."""
    outcomes = {}

    def come(item, weight):
        try:
            outcomes[item] = together.do("key", item, weight)[item]
        except ValueError as failure:
            outcomes[item] = failure

    threads = [threading.Thread(target=come, args=(item, weight)) for item, weight in items]
    threads[0].start()
    if work is not None:
        assert work.begun.wait(PATIENCE_SECONDS)
    for thread in threads[1:]:
        thread.start()
        time.sleep(0.02)
    if work is not None:
        work.may_end.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    return outcomes


def test_those_who_come_while_a_go_is_under_way_are_done_in_the_next_one():
    work = Work()
    outcomes = do_all(Together(work, 100), [("a", 1), ("b", 1), ("c", 1), ("d", 1)], work)
    assert work.goes == [["a"], ["b", "c", "d"]]
    assert outcomes == {"a": "A", "b": "B", "c": "C", "d": "D"}


def test_a_go_is_no_heavier_than_it_may_be_and_what_is_too_heavy_goes_alone():
    work = Work()
    do_all(Together(work, 10), [("a", 1), ("b", 6), ("c", 4), ("d", 50), ("e", 1)], work)
    assert work.goes == [["a"], ["b", "c"], ["d"], ["e"]]


def test_a_failure_is_that_of_its_own_item_alone():
    work = Work()
    outcomes = do_all(Together(work, 100), [("a", 1), ("b", 1), ("bad", 1), ("c", 1)], work)
    assert isinstance(outcomes.pop("bad"), ValueError)
    assert outcomes == {"a": "A", "b": "B", "c": "C"}


def test_nothing_is_kept_of_a_key_when_all_is_done():
    work = Work()
    work.may_end.set()
    together = Together(work, 100)
    with pytest.raises(ValueError, match="bad"):
        together.do("key", "bad", 1)
    assert together.do("key", "a", 1) == {"a": "A"}
    assert together._waiting == {}


def test_of_one_key_there_is_never_more_than_one_go_and_everybody_gets_an_answer():
    work = Work()
    work.may_end.set()
    items = [(f"item {number}", 1) for number in range(60)]
    outcomes = do_all(Together(work, 7), items)
    assert len(outcomes) == len(items)
    assert work.most_at_once == 1
    assert sorted(item for go in work.goes for item in go) == sorted(item for item, _weight in items)


def test_other_keys_do_not_wait():
    entered = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def work(items):
        entered.wait()
        return list(items)

    together = Together(work, 10)
    threads = [threading.Thread(target=together.do, args=(key, key, 1)) for key in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
