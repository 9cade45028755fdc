"""C-STORE of encoded bytes: the archive gets exactly the data set that we hold (PS3.7 section 9.1.1).

pynetdicom's own `send_c_store` decodes and encodes again, or reads from a file path under a process-wide
switch. Here the data set goes into the request primitive as it is. One more thing differs: the time limit
counts from the last progress, so that a large instance on a slow line is not taken for a silent peer.
"""

import queue
import time
from io import BytesIO
from typing import Any

from pynetdicom.dimse_primitives import C_STORE

from importal.delivery.destinations.part10 import FileMeta

_LOOK_EVERY_SECONDS = 0.5
_MEDIUM = 0
_LAST_MESSAGE_ID = 0xFFFF


class ConnectionLost(Exception):
    """The association ended, or the peer fell silent, before the answer: the outcome is unknown."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def store(association: Any, context_id: int, message_number: int, meta: FileMeta, content: bytes) -> int:
    """Send one instance and return the status of the answer.

    Args:
        association: an established pynetdicom association.
        context_id: of the accepted presentation context for the instance's class and transfer syntax.
        message_number: any number; becomes the Message ID.
        meta: of the file.
        content: the whole file.

    Raises:
        ConnectionLost: no answer (`destination.connection_lost`, `destination.no_answer`).
    """
    request = C_STORE()
    request.MessageID = message_number % _LAST_MESSAGE_ID + 1
    request.AffectedSOPClassUID = meta.sop_class_uid
    request.AffectedSOPInstanceUID = meta.sop_instance_uid
    request.Priority = _MEDIUM
    request.DataSet = BytesIO(content[meta.data_set_offset :])
    _pause_reactor(association)
    try:
        association.dimse.send_msg(request, context_id)
        answer = _await_answer(association)
    finally:
        association._reactor_checkpoint.set()  # as the library's own send methods do
    if not isinstance(answer, C_STORE) or not answer.is_valid_response or answer.Status is None:
        association.abort()
        raise ConnectionLost("destination.invalid_answer")
    return int(answer.Status)


def _pause_reactor(association: Any) -> None:
    """Keep the association's own loop from taking our answer off the queue."""
    association._reactor_checkpoint.clear()
    while not association._is_paused:
        if not association.is_established:
            break
        time.sleep(0.0001)
    if not association.is_established:
        association._reactor_checkpoint.set()
        raise ConnectionLost("destination.connection_lost")


def _await_answer(association: Any) -> Any:
    waiting = association.dul.to_provider_queue
    left, deadline = waiting.qsize(), time.monotonic() + association.dimse_timeout
    while True:
        try:
            _, answer = association.dimse.msg_queue.get(timeout=_LOOK_EVERY_SECONDS)
        except queue.Empty:
            if association.acse.is_aborted() or not association.dul.is_alive():
                raise ConnectionLost("destination.connection_lost") from None
            if waiting.qsize() < left:
                left, deadline = waiting.qsize(), time.monotonic() + association.dimse_timeout
            elif time.monotonic() > deadline:
                association.abort()
                raise ConnectionLost("destination.no_answer") from None
            continue
        if answer is None:  # the library's sign that the connection is gone
            raise ConnectionLost("destination.connection_lost")
        return answer
