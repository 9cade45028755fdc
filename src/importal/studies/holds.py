"""What waits for a person before it may leave: pictures and documents that may say who somebody is.

Only in a study that names nobody. A decision may be changed until the study is reconciled; until all are
made it cannot be.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importal import audit, dicom, transfers
from importal.site import Site
from importal.studies import schemas
from importal.studies.tables import Document, Instance, Study


class HoldState(StrEnum):
    """Where something stands that may have to be looked at."""

    FREE = ""
    WAITING = "waiting"
    RELEASED = "released"
    LEFT_OUT = "left_out"


# What nothing at the desk shows, nobody can answer for: it can only be left out.
_NEVER_SHOWN = frozenset((dicom.HoldReason.OPAQUE_VALUE.value, dicom.HoldReason.DOCUMENT.value))
SENDABLE = (HoldState.FREE.value, HoldState.RELEASED.value)


@dataclass(frozen=True)
class HoldDecision:
    """What a person decided: it may leave, or it stays here for a reason; where it lies in clear now."""

    is_released: bool
    left_out_reason: str = ""
    clear_key: str | None = None


def waiting(session: Session, study_id: str) -> int:
    """Return how much of a study still waits for a person."""
    return sum(
        session.scalar(
            select(func.count()).where(row.study_id == study_id, row.hold == HoldState.WAITING.value)
        )
        or 0
        for row in (Instance, Document)
    )


def has_something_to_send(session: Session, study_id: str) -> bool:
    """Whether any instance of a study may leave."""
    sendable = (Instance.study_id == study_id) & Instance.hold.in_(SENDABLE)
    return session.scalar(select(Instance.id).where(sendable).limit(1)) is not None


def held_items(session: Session, study: Study) -> list[schemas.HeldShown]:
    """Return everything of a study that was or is held, pictures first."""
    if not study.is_deidentified:
        return []
    held = Instance.hold != HoldState.FREE.value
    pictures = session.scalars(
        select(Instance).where(Instance.study_id == study.id, held).order_by(Instance.sop_instance_uid)
    )
    documents = session.scalars(
        select(Document)
        .where(Document.study_id == study.id, Document.hold != HoldState.FREE.value)
        .order_by(Document.file_number)
    )
    return [_picture(row) for row in pictures] + [_document(row) for row in documents]


def decide(
    session: Session,
    site: Site,
    study: Study,
    item: Instance | Document,
    decision: HoldDecision,
    actor: audit.Actor,
) -> None:
    """Record a decision on something held, of a locked study."""
    item.hold = (HoldState.RELEASED if decision.is_released else HoldState.LEFT_OUT).value
    item.left_out_reason = "" if decision.is_released else decision.left_out_reason
    if decision.clear_key is not None and isinstance(item, Instance):
        item.storage_key = decision.clear_key
        transfers.note_unsealed(session, item.file_id, decision.clear_key)
    kind = "instance" if isinstance(item, Instance) else "document"
    params: dict[str, int | str] = {"item": item.id}
    if item.left_out_reason:
        params["reason"] = item.left_out_reason
    subject = audit.Subject("study", study.id)
    audit.record(session, site.clock(), actor, f"{kind}.{item.hold}", subject, params)
    session.flush()


def can_be_released(item: Instance | Document) -> bool:
    """Whether a person can see what it is about."""
    return isinstance(item, Document) or not _NEVER_SHOWN & set(item.held_for)


def _picture(row: Instance) -> schemas.HeldShown:
    return schemas.HeldShown(
        id=row.id,
        kind="picture",
        reasons=list(row.held_for),
        hold=row.hold,
        left_out_reason=row.left_out_reason,
        releasable=can_be_released(row),
        frames=row.frame_count,
        url=f"api/desk/held/{row.id}/picture",
    )


def _document(row: Document) -> schemas.HeldShown:
    return schemas.HeldShown(
        id=row.id,
        kind="document",
        reasons=[dicom.HoldReason.DOCUMENT.value],
        hold=row.hold,
        left_out_reason=row.left_out_reason,
        releasable=True,
        frames=0,
        url=f"api/desk/documents/{row.id}/content",
    )
