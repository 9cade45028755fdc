"""How Importal opens a DICOM association: quickly answered, silent about patients, sure to end.

Shared by everything that speaks to an archive over the DICOM network (PS3.7, PS3.8). It knows nothing of
what is said on the association.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydicom.config
from pynetdicom import AE, _config, evt

IMPLEMENTATION_CLASS_UID = "2.25.299485722873412398105533620098215773181"
IMPLEMENTATION_VERSION_NAME = "IMPORTAL"
_LOOK_EVERY_SECONDS, _LONGEST_TURN_SECONDS = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity elsewhere, and the name we give ourselves towards it."""

    called_ae_title: str
    host: str
    port: int
    calling_ae_title: str
    timeout_seconds: float = 30.0
    """For connecting, negotiating and each single answer."""


class NoAssociation(Exception):
    """The peer did not accept an association; `code` says how far it came."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Proposal:
    """One presentation context: an abstract syntax with the transfer syntaxes offered for it."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


def keep_silent() -> None:
    """Stop the libraries from writing identifiers of patients and studies to logs and warnings."""
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.LOG_HANDLER_LEVEL = "none"
    # Their errors quote what a peer sent; what happened is told by our own codes.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    # pydicom's warnings about values that break a rule quote the value.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


def without_delay(event: Any) -> None:
    """Switch Nagle's algorithm off on a new connection: with delayed ACK it costs 40 ms per object."""
    wrapped = event.assoc.dul.socket
    if wrapped is not None and wrapped.socket is not None:
        with contextlib.suppress(OSError):
            wrapped.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _bounded(timeout_seconds: float, opened: list[bool]) -> Callable[[Any], None]:
    """Return a handler for a new connection: no delay, and no write that blocks for ever."""

    def on_open(event: Any) -> None:
        opened.append(True)
        without_delay(event)
        event.assoc.dul.socket.socket.settimeout(timeout_seconds)

    return on_open


def application_entity(ae_title: str, timeout_seconds: float) -> Any:
    """Return a pynetdicom AE with our implementation identity and one timeout for every wait."""
    keep_silent()
    entity = AE(ae_title=ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.connection_timeout = timeout_seconds
    entity.acse_timeout = timeout_seconds
    entity.dimse_timeout = timeout_seconds
    # The reactor counts this while we prepare the next object: leave ample room.
    entity.network_timeout = max(60.0, 4 * timeout_seconds)
    return entity


@dataclass(frozen=True, slots=True)
class Extras:
    """What few associations need: role selection items and further event handlers."""

    negotiation: Sequence[Any] = ()
    handlers: Sequence[tuple[Any, Any]] = field(default=(), repr=False)


class Checkpoint(threading.Event):
    """Where the loop of an association waits while somebody else reads its answers.

    The library clears an event and then looks at a flag that its loop sets even when it only passes by: now
    and then the loop goes on and takes an answer off the queue for which the sender then waits in vain. Here
    `clear` returns when the loop really stands still.
    """

    def __init__(self, loop: threading.Thread) -> None:
        super().__init__()
        self._loop = loop
        self._turn = threading.Lock()
        self._halted = threading.Event()
        self.set()

    def set(self) -> None:
        """Let the loop go on."""
        with self._turn:
            self._halted.clear()
            super().set()

    def clear(self) -> None:
        """Stop the loop; returns when it has stopped or ended, or is busy with the peer for too long."""
        super().clear()
        if threading.current_thread() is self._loop:
            return
        deadline = time.monotonic() + _LONGEST_TURN_SECONDS
        while self._loop.is_alive() and time.monotonic() < deadline:
            if self._halted.wait(_LOOK_EVERY_SECONDS):
                return

    def wait(self, timeout: float | None = None) -> bool:
        """Pass by, or stand still until the loop may go on."""
        with self._turn:
            if self.is_set():
                return True
            self._halted.set()
        return super().wait(timeout)


def open_association(peer: Peer, proposals: Sequence[Proposal], extras: Extras | None = None) -> Any:
    """Return an established association, which the caller releases.

    Raises:
        NoAssociation: `association.unreachable` (no connection or no answer), `association.rejected` (wrong
            AE title or the like), `association.aborted`, `association.no_context` (nothing of it accepted).
    """
    extras = extras or Extras()
    entity = application_entity(peer.calling_ae_title, peer.timeout_seconds)
    for proposal in proposals:
        entity.add_requested_context(proposal.abstract_syntax, list(proposal.transfer_syntaxes))
    opened: list[bool] = []
    try:
        association = entity.associate(
            peer.host,
            peer.port,
            ae_title=peer.called_ae_title,
            ext_neg=list(extras.negotiation) or None,
            evt_handlers=[(evt.EVT_CONN_OPEN, _bounded(peer.timeout_seconds, opened)), *extras.handlers],
        )
    except OSError as error:  # the host name does not resolve
        raise NoAssociation("association.unreachable") from error
    if association.is_established:
        association._reactor_checkpoint = Checkpoint(association)
        return association
    if association.is_rejected:
        raise NoAssociation("association.rejected")
    if association.rejected_contexts and not association.accepted_contexts:
        raise NoAssociation("association.no_context")
    raise NoAssociation("association.aborted" if opened else "association.unreachable")


def release(association: Any) -> None:
    """Release an association, or abort it when that is not possible within a second.

    pynetdicom's own release waits without limit for its loop to pause; a report that the peer sends on this
    association at the same moment can make it wait for ever.
    """
    association._reactor_checkpoint.clear()  # as the library's own release does
    deadline = time.monotonic() + 1.0
    while not association._is_paused and time.monotonic() < deadline:
        time.sleep(0.001)
    if association.is_established and association._is_paused:
        association.acse.negotiate_release()
        association._reactor_checkpoint.set()
        return
    association._reactor_checkpoint.set()
    association.abort()


@contextlib.contextmanager
def association_with(
    peer: Peer, proposals: Sequence[Proposal], extras: Extras | None = None
) -> Iterator[Any]:
    """Open an association and release it at the end; abort it when the body fails."""
    association = open_association(peer, proposals, extras)
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    if association.is_established:
        release(association)
