"""Sending a selection and bringing it to its receipt.

A byte counts as sent only when the portal has confirmed it, and is then not sent again; every frame may be
repeated. The same files with the same code find their own submission, by what they hold and not by their
names alone: two discs of one maker look alike.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from importal.client.api import Api, ApiError, FrameResult, Opened, Receipt
from importal.client.coding import Coder
from importal.client.packs import encode_pack
from importal.client.recognition import label
from importal.client.selection import Selected
from importal.client.work import MOST_CONNECTIONS, OutgoingPack, Pace, Span, WorkList, missing_spans

Result = TypeVar("Result")
_CHANCE = secrets.SystemRandom()

ANNOUNCED_AT_ONCE = 1000
MOST_REPEATS = 3
MOST_ROUNDS = 3
LONGEST_PAUSE_SECONDS = 30.0
# After so long without any success there is no point in going on alone.
PATIENCE_SECONDS = 900.0
MOST_SUBMISSIONS = 20
# The portal does not get the original out of a coded frame: plain it will be taken.
TO_BE_SENT_PLAIN = frozenset({"frame.coding", "frame.encoding"})


class TransferFailed(Exception):
    """Going on makes no sense; carries the code and the portal's sentence."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.code)
        self.code = error.code
        self.sentence = error.sentence


@dataclass(frozen=True)
class Wanted:
    """What the sender agreed to and says about the images."""

    opened: Opened
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    comment: str = field(default="", repr=False)
    language: str = "en"
    # By Study Instance UID: what comparing with the expected patient gave, and whether the sender was asked.
    verdicts: Mapping[str, str] = field(default_factory=dict)
    is_confirmed: bool = False

    def words(self, study_instance_uid: str) -> dict[str, Any]:
        """Return what is said with a study."""
        verdict = self.verdicts.get(study_instance_uid)
        said = {} if verdict is None else {"verdict": verdict, "is_confirmed": self.is_confirmed}
        return {"study_instance_uid": study_instance_uid, "comment": self.comment, **said}


@dataclass
class Progress:
    """How far it is; ``is_waiting`` while the line is down.

    ``confirmed_bytes`` are bytes of the files. This time ``carried_bytes`` of them were brought by
    ``sent_bytes`` on the line, coded or not.
    """

    total_bytes: int = 0
    confirmed_bytes: int = 0
    sent_bytes: int = 0
    carried_bytes: int = 0
    is_waiting: bool = False


class Transfer:
    """Sends one selection."""

    def __init__(
        self,
        api: Api,
        files: Sequence[Selected],
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._files = files
        self._on_progress = on_progress
        self._pause = pause
        self._pace = Pace()
        self._coder = Coder(())
        self.progress = Progress(sum(file.source.size for file in files))
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        self._repeats: dict[Span, int] = {}
        self._active = 0
        self._failure: BaseException | None = None
        self._last_success = time.monotonic()
        # Files that could not be sent, with the code that says why.
        self.unsent: dict[int, str] = {}

    def run(self, wanted: Wanted) -> Receipt:
        """Send everything and return the receipt.

        Raises:
            TransferFailed: with the reason; what was confirmed stays with the portal for another try.
        """
        try:
            submission_id, is_draft = self._find_submission(wanted)
            if not is_draft:
                return self._persistently(lambda: self._api.receipt(submission_id))
            self._announce(submission_id)
            for attempt in range(MOST_ROUNDS):
                self._send_missing(submission_id)
                receipt = self._finish(submission_id, is_last=attempt == MOST_ROUNDS - 1)
                if receipt is not None:
                    return receipt
        except ApiError as error:
            raise TransferFailed(error) from error
        raise AssertionError

    def _find_submission(self, wanted: Wanted) -> tuple[str, bool]:
        """Return the id of the submission of these files, and whether it is still unfinished."""
        prints = [file.fingerprint for file in self._files]
        print_of_all = hashlib.sha256("".join(prints).encode()).hexdigest()
        for number in range(MOST_SUBMISSIONS):
            body = self._creation(f"{print_of_all[:40]}-{number}", wanted)
            submission_id, state = self._persistently(partial(self._api.create_submission, body))
            if state not in {"draft", "submitted"}:
                continue
            known = self._persistently(partial(self._api.file_states, submission_id))
            is_ours = all(
                file.number < len(prints) and file.fingerprint == prints[file.number] for file in known
            )
            if is_ours and (state == "draft" or len(known) == len(prints)):
                return submission_id, state == "draft"
        raise ApiError("submission.closed", 409, "Too many earlier attempts with these files are over.")

    def _creation(self, client_key: str, wanted: Wanted) -> dict[str, Any]:
        studies = sorted({file.study_instance_uid for file in self._files if file.study_instance_uid})
        return {
            "client_key": client_key,
            "consent": {
                "privacy_policy_version": wanted.opened.institution.policy_version,
                "privacy_policy": True,
                "sharing": True,
                "language": wanted.language,
            },
            "contact": {"email": wanted.email, "phone": wanted.phone},
            "studies": [wanted.words(uid) for uid in studies] if wanted.comment or wanted.verdicts else [],
        }

    def _announce(self, submission_id: str) -> None:
        rows = [_announcement(number, file) for number, file in enumerate(self._files)]
        for start in range(0, len(rows), ANNOUNCED_AT_ONCE):
            some = rows[start : start + ANNOUNCED_AT_ONCE]
            encodings = self._persistently(partial(self._api.announce, submission_id, some))
            self._coder = Coder(encodings)

    def _send_missing(self, submission_id: str) -> None:
        states = self._persistently(lambda: self._api.file_states(submission_id))
        spans = [span for span in missing_spans(self._files, states) if span.number not in self.unsent]
        missing = sum(span.end - span.start for span in spans)
        self.progress.confirmed_bytes = self.progress.total_bytes - missing
        self._report()
        work = WorkList(self._files, spans, self._give_up)
        with ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="sender") as senders:
            self._add_senders(submission_id, work, senders)
            with self._lock:
                # The last sender to leave has found nothing more to do.
                self._idle.wait_for(lambda: self._active == 0)
        if self._failure is not None:
            raise self._failure

    def _add_senders(self, submission_id: str, work: WorkList, senders: ThreadPoolExecutor) -> None:
        with self._lock:
            while self._active < self._pace.connections:
                self._active += 1
                senders.submit(self._send, submission_id, work, senders).add_done_callback(self._leave)

    def _leave(self, sender: "Future[None]") -> None:
        with self._lock:
            self._failure = self._failure or sender.exception()
            self._active -= 1
            self._idle.notify_all()

    def _send(self, submission_id: str, work: WorkList, senders: ThreadPoolExecutor) -> None:
        # Leaves when the pace has slowed down; the last one stays until the work is done.
        while self._failure is None and self._active <= self._pace.connections:
            pack = work.next(self._pace.pack_bytes)
            if pack is None:
                return
            if self._deliver(submission_id, pack, work):
                self._add_senders(submission_id, work, senders)

    def _deliver(self, submission_id: str, pack: OutgoingPack, work: WorkList) -> bool:
        if self._coder.economy.pays(time.monotonic()):
            pack = replace(pack, frames=tuple(map(self._coder.code, pack.frames)))
        body = encode_pack(pack.frames)
        try:
            results = self._persistently(lambda: self._timed(submission_id, pack, body))
        except ApiError as error:
            is_too_large = error.status == 413 and not error.code.startswith("limit.")
            if not (is_too_large and self._pace.too_large(min(pack.size, len(body)))):
                raise
            work.put_back(pack.spans)
            return False
        with self._lock:
            self.progress.sent_bytes += len(body)
            self.progress.carried_bytes += pack.size
        self._settle(pack, results, work)
        return True

    def _timed(self, submission_id: str, pack: OutgoingPack, body: bytes) -> list[FrameResult]:
        economy, begun = self._coder.economy, time.monotonic()
        economy.started(begun)
        try:
            results = self._api.send_pack(submission_id, body)
        except BaseException:
            economy.failed(time.monotonic())
            raise
        ended = time.monotonic()
        economy.arrived(ended, len(body), pack.size)
        with self._lock:
            self._pace.succeeded(pack.size, ended - begun)
        return results

    def _settle(self, pack: OutgoingPack, results: Sequence[FrameResult], work: WorkList) -> None:
        answers = {(result.file, result.offset): result for result in results}
        for span, frame in zip(pack.spans, pack.frames, strict=True):
            answer = answers.get((span.number, span.start))
            if answer is not None and answer.result != "refused":
                with self._lock:
                    self.progress.confirmed_bytes += span.end - span.start
                continue
            if answer is not None and answer.code in TO_BE_SENT_PLAIN and frame.coded is not None:
                self._coder.leave_plain(span.number)
                work.put_back([span])
                continue
            repeats = self._repeats[span] = self._repeats.get(span, 0) + 1
            # A wrong digest or a missing answer is an accident on the way; other refusals would come again.
            if (answer is None or answer.code == "frame.digest") and repeats <= MOST_REPEATS:
                work.put_back([span])
            else:
                work.give_up(span.number)
                self._give_up(span.number, (answer.code if answer else None) or "frame.digest")
        self._report()

    def _give_up(self, number: int, code: str) -> None:
        with self._lock:
            self.unsent.setdefault(number, code)

    def _finish(self, submission_id: str, *, is_last: bool) -> Receipt | None:
        unsent = sorted(self.unsent)
        count = len(self._files) - len(unsent)
        try:
            return self._persistently(lambda: self._api.finish(submission_id, count, unsent))
        except ApiError as error:
            if error.code != "transfer.incomplete" or is_last:
                raise
            return None

    def _persistently(self, attempt: Callable[[], Result]) -> Result:
        """Try again, after longer and longer pauses with jitter, while that may help."""
        for number in range(1, 1000):
            try:
                result = attempt()
            except ApiError as error:
                is_over = time.monotonic() - self._last_success > PATIENCE_SECONDS
                if not error.is_transient or is_over or self._failure is not None:
                    raise
                self._stumble()
                ceiling = min(LONGEST_PAUSE_SECONDS, 2.0 ** (number - 1))
                asked = float(error.params.get("retry_after_seconds", 0))
                self._pause(max(asked, ceiling / 2 + _CHANCE.random() * ceiling / 2))
            else:
                self._last_success = time.monotonic()
                self.progress.is_waiting = False
                return result
        raise AssertionError

    def _stumble(self) -> None:
        with self._lock:
            self._pace.failed()
        self.progress.is_waiting = True
        self._report()

    def _report(self) -> None:
        self._on_progress(self.progress)


def _announcement(number: int, file: Selected) -> dict[str, Any]:
    row: dict[str, Any] = {
        "number": number,
        "path": label(file.source),
        "size": file.source.size,
        "fingerprint": file.fingerprint,
        "role": file.role,
    }
    if file.study_instance_uid:
        row["study_instance_uid"] = file.study_instance_uid
    return row
