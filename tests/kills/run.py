"""One seeded run: a disc is sent with the real client to the real server while everything breaks in turn.

At its end the power is cut, and what is left is compared with the disc: file by file, to the byte.
"""

import hashlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from importal import audit, components, institutions, invitations, submissions, transfers, vault
from importal.site import Site
from tests.journey.portal import Portal, running_portal, settings_of
from tests.kills.disc import Sizes, digests, make_disc
from tests.kills.faults import ROOM, SYNC, Faults
from tests.kills.forks import ForkedPortal, fork
from tests.kills.link import Link

PATIENCE_SECONDS = 300
MOST_STARTS = 30
ACTOR = audit.Actor("system", "test")
SENT, FAILED = 0, 1
KINDS = (
    "server killed",
    "power cut",
    "client killed",
    "both killed",
    "reset",
    "stalled",
    "vanished",
    "answer lost",
    "server killed before its answer arrived",
    "disk full",
    "sync failed",
)


@dataclass
class Outcome:
    """What a run showed; everything that must not happen was asserted."""

    seed: int
    files: int
    bytes: int
    interruptions: Counter[str] = field(default_factory=Counter)
    client_starts: int = 0
    sent_bytes: int = 0
    unanswered_bytes: int = 0
    # Of all power cuts: objects that were not on the disk yet. None of them had been confirmed.
    lost_unconfirmed: int = 0
    seconds: float = 0.0


class Broken(AssertionError):
    """The promise was not kept."""


@dataclass
class Harness:
    """A portal behind a line, with a disk that can fail; runs follow each other on it."""

    portal: Portal
    faults: Faults
    link: Link
    site: Site

    @property
    def objects(self) -> Path:
        """Where the portal keeps its objects."""
        return self.site.settings.objects_dir

    def run(self, seed: int, folder: Path, sizes: Sizes, kinds: list[str]) -> Outcome:
        """Send a disc through these interruptions, in a seeded order at seeded moments, and compare."""
        begun = time.monotonic()
        chance = random.Random(seed)
        disc = folder / f"disc-{seed}"
        make_disc(disc, seed, sizes)
        expected = {path: (size, digest) for path, size, digest in digests(disc)}
        total = sum(size for size, _digest in expected.values())
        invitation_id, code = self._invite()
        account = self.link.begin_account()
        self.link.source_address = f"127.0.{seed // 250 % 250 + 1}.{seed % 250 + 1}"
        outcome = Outcome(seed, len(expected), total)
        sending = _Sending(self, disc, code, outcome)
        chance.shuffle(kinds)
        moments = sorted(chance.uniform(0.02, 0.95) * total for _ in kinds)
        for moment, kind in zip(moments, kinds, strict=True):
            if not sending.await_passed(moment):
                break
            self._interrupt(kind, chance, sending)
            outcome.interruptions[kind] += 1
        sending.await_end()
        self.portal.kill("web")
        outcome.lost_unconfirmed += self.faults.cut_power(self.objects)
        _compare(self.site, invitation_id, expected)
        outcome.sent_bytes, outcome.unanswered_bytes = account.sent_bytes, account.unanswered_bytes
        if account.sent_though_confirmed_bytes:
            raise Broken(f"{account.sent_though_confirmed_bytes} bytes were sent again though confirmed")
        if account.sent_bytes - account.unanswered_bytes > 1.01 * total:
            raise Broken(f"{account} of {total} bytes")
        self.portal.start_web()
        outcome.seconds = time.monotonic() - begun
        return outcome

    def _invite(self) -> tuple[str, str]:
        with self.site.database.transaction() as session:
            home = institutions.only(session)
            assert home is not None
            new = invitations.NewInvitation(home.id, invitations.SenderKind.PATIENT, timedelta(days=3))
            invitation, code = invitations.invite(session, self.site, new, ACTOR)
            return invitation.id, code

    def _interrupt(self, kind: str, chance: random.Random, sending: "_Sending") -> None:
        if kind in {"client killed", "both killed"}:
            sending.kill()
        if kind in {"answer lost", "server killed before its answer arrived"}:
            self.link.cut_next_answer().wait(5)
        if kind in {"server killed", "both killed", "power cut", "server killed before its answer arrived"}:
            self.portal.kill("web")
            if kind == "power cut":
                sending.outcome.lost_unconfirmed += self.faults.cut_power(self.objects)
            self.portal.start_web()
        if kind in {"client killed", "both killed"}:
            sending.start()
        if kind == "reset":
            self.link.reset()
        if kind == "stalled":
            self.link.stall(chance.uniform(0.3, 2))
        if kind == "vanished":
            self.link.vanish()
        if kind in {"disk full", "sync failed"}:
            with self.faults.failing(ROOM if kind == "disk full" else SYNC):
                time.sleep(chance.uniform(0.3, 1.2))


class _Sending:
    """The client's process, started again when it was killed or gave up."""

    def __init__(self, harness: Harness, disc: Path, code: str, outcome: Outcome) -> None:
        self.outcome = outcome
        self._harness = harness
        self._log = harness.portal.folder / "send.log"
        url = f"http://127.0.0.1:{harness.link.port}"
        options = ("--accept-privacy-policy", "--accept-sharing", "--all-patients", "--yes")
        self._command = ["send", str(disc), "--code", code, "--url", url, *options]
        self.start()

    def start(self) -> None:
        self.outcome.client_starts += 1
        if self.outcome.client_starts > MOST_STARTS:
            raise Broken(f"the client gave up too often: {self._tail()}")
        self._process = fork({"PATH": os.environ["PATH"]}, self._log, *self._command)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def await_passed(self, moment: float) -> bool:
        """Wait until so many bytes have passed; False: everything was sent before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._harness.link.passed_bytes < moment:
            if time.monotonic() > deadline:
                raise Broken(f"nothing goes on: {self._tail()}")
            if self._has_sent():
                return False
            time.sleep(0.005)
        return True

    def await_end(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._has_sent():
            if time.monotonic() > deadline:
                raise Broken(f"it does not come to its end: {self._tail()}")
            time.sleep(0.02)

    def _has_sent(self) -> bool:
        status = self._process.poll()
        if status == FAILED:
            # What a person would do: repeat the command.
            self.start()
            return False
        if status not in {None, SENT}:
            raise Broken(f"the client ended with {status}: {self._tail()}")
        return status == SENT

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def _compare(site: Site, invitation_id: str, expected: dict[str, tuple[int, str]]) -> None:
    """Compare what is kept with what was on the disc: nothing lost, nothing doubled, nothing different."""
    with site.database.reading() as session:
        of_invitation = submissions.Submission.invitation_id == invitation_id
        (submission,) = session.scalars(select(submissions.Submission).where(of_invitation)).all()
        if submission.state != submissions.State.SUBMITTED:
            raise Broken(submission.state)
        files = transfers.arrived(session, submission.id)
    names = Counter(file.name(site) for file in files)
    if names != Counter(expected.keys()):
        raise Broken(f"lost {set(expected) - set(names)}, strange {set(names) - set(expected)}")
    kept = {file.sha256 for file in files if file.kind == "instance"}
    uids = Counter(file.facts.sop_instance_uid for file in files if file.kind == "instance" and file.facts)
    if any(count > 1 for count in uids.values()):
        raise Broken("an instance is kept twice")
    for file in files:
        name = file.name(site)
        size, digest = expected[name]
        if (file.size, file.sha256) != (size, digest) or file.kind == "refused":
            raise Broken(f"{name} is {file.kind} {file.code}")
        if file.kind == "duplicate":
            if digest not in kept:
                raise Broken(f"of {name} no twin is kept")
            continue
        try:
            original = _original(site, file)
        except Exception as error:
            raise Broken(f"{name} cannot be read back") from error
        if hashlib.sha256(original).hexdigest() != digest:
            raise Broken(f"{name} is not what was sent")


def _original(site: Site, file: transfers.ArrivedFile) -> bytes:
    if file.kind != "instance":
        return transfers.read_content(site, file)
    assert file.storage_key is not None
    with site.database.transaction() as session:
        return vault.restore_original(session, site, file.id, file.storage_key, ACTOR)


@contextmanager
def harness(folder: Path, database_url: str, bytes_per_second: float) -> Iterator[Harness]:
    """Yield a portal whose disk and line can be broken."""
    folder.mkdir(parents=True, exist_ok=True)
    faults = Faults(folder / "portal" / "data", folder)
    settings = {"IMPORTAL_DATABASE_URL": database_url, **faults.environment}
    with running_portal(folder / "portal", kind=ForkedPortal, with_worker=False, **settings) as portal:
        built = components.build(settings_of(portal.environment))
        link = Link(portal.port, bytes_per_second)
        try:
            yield Harness(portal, faults, link, built.site)
        finally:
            link.close()
            built.site.database.dispose()
