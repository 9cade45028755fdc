"""Sending one batch of instances over a few associations in parallel (PS3.4 Annex B).

No transcoding: each pair of SOP class and transfer syntax gets a presentation context of its own. An
association holds at most 128 of them (PS3.8 section 9.3.2.2: odd ids from 1 to 255), so a batch with more is
sent in turns. Workers draw from one queue; when an association breaks, what is left goes over the others, and
what nobody could send is reported as unreachable. Exactly one outcome per instance, always.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from importal.delivery.destinations import NO_STATUS, OutgoingInstance, StoreOutcome, Unreachable
from importal.delivery.destinations.part10 import NotPart10, read_file_meta
from importal.delivery.destinations.raw_store import ConnectionLost, store
from importal.delivery.destinations.statuses import outcome_of
from importal.dimse import NoAssociation, Peer, Proposal, open_association, release

MOST_CONTEXTS = 128
_NO_CONTEXT = "association.no_context"
_LONGEST_UID = 64

Context = tuple[str, str]
_End = tuple[str, bool]  # why a worker ended ("" = nothing left to do), and whether it had an association


def send_batch(
    peer: Peer,
    associations: int,
    instances: Iterable[OutgoingInstance],
    on_outcome: Callable[[StoreOutcome], None],
) -> None:
    """Send all instances; call `on_outcome` in this thread, once for each.

    Raises:
        Unreachable: not one association was possible for the first turn; `on_outcome` was never called.
    """
    sound: list[OutgoingInstance] = []
    unsound: list[OutgoingInstance] = []
    for instance in instances:
        (sound if _proposable(instance) else unsound).append(instance)
    for number, turn in enumerate(turns_of(sound)):
        try:
            _Turn(peer, turn).run(associations, on_outcome)
        except Unreachable as error:
            if number == 0:
                raise
            for instance in turn:
                on_outcome(StoreOutcome(instance.sop_instance_uid, NO_STATUS, "unreachable", error.code))
    for instance in unsound:
        on_outcome(StoreOutcome(instance.sop_instance_uid, NO_STATUS, "refused", "destination.invalid_uid"))


def turns_of(instances: Sequence[OutgoingInstance]) -> list[list[OutgoingInstance]]:
    """Split instances so that no part needs more than 128 presentation contexts; order is kept within one."""
    turn_of: dict[Context, int] = {}
    turns: list[list[OutgoingInstance]] = []
    for instance in instances:
        number = turn_of.setdefault(_context_of(instance), len(turn_of) // MOST_CONTEXTS)
        if number == len(turns):
            turns.append([])
        turns[number].append(instance)
    return turns


def _context_of(instance: OutgoingInstance) -> Context:
    return instance.sop_class_uid, instance.transfer_syntax_uid


def _proposable(instance: OutgoingInstance) -> bool:
    uids = (*_context_of(instance), instance.sop_instance_uid)
    return all(0 < len(uid) <= _LONGEST_UID and set(uid) <= set("0123456789.") for uid in uids)


class _Turn:
    """One set of instances whose contexts fit into one association."""

    def __init__(self, peer: Peer, instances: Sequence[OutgoingInstance]) -> None:
        self._peer = peer
        self._left = deque(instances)
        self._contexts = tuple(dict.fromkeys(_context_of(instance) for instance in instances))
        self._news: queue.Queue[StoreOutcome | _End] = queue.Queue()
        self._stop = threading.Event()

    def run(self, associations: int, on_outcome: Callable[[StoreOutcome], None]) -> None:
        count = max(1, min(associations, len(self._left)))
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            reasons, connected = self._pass_on(count, on_outcome)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        if reasons == {_NO_CONTEXT}:
            self._give_up("refused", "destination.context_refused", on_outcome)
        elif not connected:
            raise Unreachable(min(reasons))
        else:
            self._give_up("unreachable", "destination.connection_lost", on_outcome)

    def _pass_on(self, workers: int, on_outcome: Callable[[StoreOutcome], None]) -> tuple[set[str], bool]:
        reasons: set[str] = set()
        connected = False
        while workers:
            news = self._news.get()
            if isinstance(news, StoreOutcome):
                on_outcome(news)
                continue
            workers -= 1
            reason, had_association = news
            connected = connected or had_association
            reasons |= {reason} if reason else set()
        return reasons, connected

    def _give_up(self, kind: Any, code: str, on_outcome: Callable[[StoreOutcome], None]) -> None:
        while self._left:
            uid = self._left.popleft().sop_instance_uid
            on_outcome(StoreOutcome(uid, NO_STATUS, kind, code))

    def _work(self) -> None:
        proposals = [Proposal(sop_class, (syntax,)) for sop_class, syntax in self._contexts]
        try:
            association = open_association(self._peer, proposals)
        except NoAssociation as error:
            self._news.put((error.code, False))
            return
        except Exception:  # noqa: BLE001 -- a worker that dies silently would leave the caller waiting
            self._news.put(("association.failed", False))
            return
        try:
            self._drain(association)
            if association.is_established:
                release(association)
            self._news.put(("", True))
        except ConnectionLost as error:
            self._news.put((error.code, True))
        except Exception:  # noqa: BLE001 -- see above: the caller waits for each outcome
            association.abort()
            self._news.put(("association.failed", True))

    def _drain(self, association: Any) -> None:
        accepted = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])): int(context.context_id)
            for context in association.accepted_contexts
        }
        number = 0
        while not self._stop.is_set():
            try:
                instance = self._left.popleft()
            except IndexError:
                return
            number += 1
            outcome: StoreOutcome | None = None
            try:
                outcome = _send_one(association, accepted.get(_context_of(instance)), number, instance)
            except ConnectionLost as error:
                outcome = StoreOutcome(instance.sop_instance_uid, NO_STATUS, "unreachable", error.code)
                raise
            finally:
                self._news.put(
                    outcome
                    or StoreOutcome(
                        instance.sop_instance_uid, NO_STATUS, "unreachable", "destination.connection_lost"
                    )
                )


def _send_one(
    association: Any, context_id: int | None, number: int, instance: OutgoingInstance
) -> StoreOutcome:
    uid = instance.sop_instance_uid
    if context_id is None:
        return StoreOutcome(uid, NO_STATUS, "refused", "destination.context_refused")
    try:
        content = instance.read()
        meta = read_file_meta(content)
    except NotPart10:
        return StoreOutcome(uid, NO_STATUS, "refused", "destination.instance_unreadable")
    except Exception:  # noqa: BLE001 -- one instance that cannot be made must not hold up the others
        return StoreOutcome(uid, NO_STATUS, "refused", "destination.instance_unreadable")
    said = (meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid)
    if said != (instance.sop_class_uid, uid, instance.transfer_syntax_uid):
        return StoreOutcome(uid, NO_STATUS, "refused", "destination.instance_mismatch")
    return outcome_of(uid, store(association, context_id, number, meta, content))
