"""Coding only where it pays: a slow line is spared, a fast one is never slowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.client.economy import REST_SECONDS, TRIAL_PACKS, TRIAL_SECONDS, Economy

MB = 1_000_000


class Line:
    """A line on which one pack after the other goes, and a processor that codes to a share of the bytes."""

    def __init__(self, speed: float, coder: float, share: float, *, answer_seconds: float = 0.0) -> None:
        self.speed, self.coder, self.share, self.answer_seconds = speed, coder, share, answer_seconds
        self.economy, self.now, self.coded = Economy(), 0.0, 0

    def send(self, packs: int, size: int = 4 * MB) -> float:
        """Send packs, coding and sending side by side; return the original bytes per second."""
        begun = self.now
        for _ in range(packs):
            wire, coding = size, 0.0
            if self.economy.pays(self.now):
                coding, wire = size / self.coder, int(size * self.share)
                self.coded += 1
                self.economy.coded(size, coding)
            sending = wire / self.speed + self.answer_seconds
            # While one pack is sent the next is coded: the longer of the two counts.
            start = self.now + max(0.0, coding - sending)
            self.economy.started(start)
            self.now = start + sending
            self.economy.arrived(self.now, wire, size)
        return packs * size / (self.now - begun)


def test_nothing_is_coded_before_the_line_was_measured():
    assert not Economy().pays(0.0)


def test_a_slow_line_gets_coded_packs():
    line = Line(speed=6 * MB, coder=50 * MB, share=0.4)
    assert line.send(100) > 2.3 * line.speed
    assert line.coded == 99


def test_a_line_as_fast_as_the_coder_stays_plain():
    line = Line(speed=60 * MB, coder=50 * MB, share=0.4)
    assert line.send(100) == pytest.approx(line.speed)
    assert line.coded == 0


def test_a_line_that_becomes_fast_goes_plain_again():
    line = Line(speed=5 * MB, coder=50 * MB, share=0.4)
    line.send(50)
    line.speed = 200 * MB
    line.send(10)
    before = line.coded
    line.send(100)
    assert line.coded == before


def test_a_coder_that_turns_out_slow_is_left_alone():
    line = Line(speed=10 * MB, coder=2 * MB, share=0.4)
    line.send(100)
    assert line.coded <= 2


def test_coding_that_brings_less_than_plain_did_rests():
    # The portal is the slow part here, and takes longer over coded packs: only the outcome shows it.
    line = Line(speed=15 * MB, coder=60 * MB, share=0.9)
    line.send(5)
    line.answer_seconds = 0.2
    rested, begun = [], line.now
    while line.now < begun + 20:
        line.send(1)
        rested.append(not line.economy.pays(line.now))
    assert any(rested)
    assert rested.index(True) <= TRIAL_PACKS + 2 * TRIAL_SECONDS / 0.2
    assert REST_SECONDS > 20
    assert all(rested[rested.index(True) :])


def test_a_pack_that_fails_says_nothing_about_the_line():
    economy = Economy()
    economy.started(0.0)
    economy.arrived(1.0, 50 * MB, 50 * MB)
    economy.started(1.0)
    economy.failed(100.0)
    economy.started(200.0)
    economy.arrived(201.0, 50 * MB, 50 * MB)
    assert not economy.pays(201.0)


@given(st.floats(1e5, 1e9), st.floats(1e6, 2e8), st.floats(0.2, 1.0))
def test_no_line_is_slowed(speed, coder, share):
    line = Line(speed, coder, share)
    line.send(30)
    assert line.send(30) >= speed * 0.9
