"""Looking at what may say who somebody is, and deciding whether it may leave."""

import contextlib
import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from importal import studies, transfers
from importal.accounts import ActingPerson
from importal.dicom import rendering
from importal.errors import NOT_FOUND, ImportalError
from importal.reconciliation import schemas
from importal.reconciliation.errors import NO_PICTURE
from importal.site import Site
from importal.studies import STUDY_STATE, Document, HoldDecision, HoldState, Instance, Study

TIMEOUT_SECONDS = 30.0
MEMORY_BYTES = 2 * 1024**3


def picture(acting_person: ActingPerson, site: Site, instance_id: str, frame: int) -> bytes:
    """Return one frame of a held instance in its full size (PNG).

    Raises:
        ImportalError: ``not_found``; ``held.no_picture`` where it cannot be drawn.
    """
    with site.database.reading() as session:
        instance = _instance(acting_person, session, instance_id)
    return _drawn(site, instance, frame)


def _drawn(site: Site, instance: Instance, frame: int) -> bytes:
    if not 0 <= frame < instance.frame_count:
        raise ImportalError(NOT_FOUND)
    try:
        content = studies.content_of(site, instance)
    except KeyError as error:
        raise ImportalError(NOT_FOUND) from error
    with tempfile.TemporaryDirectory(prefix="importal-") as folder:
        source, target = Path(folder) / "held.dcm", Path(folder) / "held.png"
        source.write_bytes(content)
        is_drawn = rendering.render_frame(
            source, target, frame, timeout_seconds=TIMEOUT_SECONDS, memory_bytes=MEMORY_BYTES
        )
        if not is_drawn:
            raise ImportalError(NO_PICTURE)
        return target.read_bytes()


def decide(
    acting_person: ActingPerson, site: Site, study_id: str, item_id: str, wanted: schemas.HoldRequest
) -> None:
    """Let something held go, or leave it out for a reason; until the study is reconciled this can be changed.

    Raises:
        ImportalError: ``not_found``; ``study.state`` when the study is past this; ``held.no_picture`` when
            nobody can have seen what is to be released; ``storage.full``.
    """
    with site.database.reading() as session:
        item = _item(session, _study(acting_person, session, study_id), item_id)
    is_released = wanted.decision == "release"
    if is_released:
        _require_visible(site, item)
    sealed_key = item.storage_key if isinstance(item, Instance) else ""
    must_unseal = is_released and transfers.is_sealed(sealed_key)
    clear_key = transfers.unseal(site, sealed_key) if must_unseal else None
    decision = HoldDecision(is_released, wanted.reason or "", clear_key)

    def verb(session: Session) -> None:
        study = studies.lock(session, study_id)
        if study is None or study.institution_id != acting_person.institution_id:
            raise ImportalError(NOT_FOUND)
        if not studies.possible(study, studies.standing(session, study)).decide_holds:
            raise ImportalError(STUDY_STATE, {"state": study.state})
        item = _item(session, study, item_id)
        studies.decide(session, site, study, item, decision, acting_person.actor)

    site.database.run(verb)
    if must_unseal:
        # What is left behind here goes with the study.
        with contextlib.suppress(OSError):
            site.storage.delete(sealed_key)


def _require_visible(site: Site, item: Instance | Document) -> None:
    if not studies.can_be_released(item):
        raise ImportalError(NO_PICTURE)
    if isinstance(item, Instance):
        _drawn(site, item, 0)


def _study(acting_person: ActingPerson, session: Session, study_id: str) -> Study:
    return studies.get_study(acting_person, session, study_id)


def _instance(acting_person: ActingPerson, session: Session, instance_id: str) -> Instance:
    instance = session.get(Instance, instance_id)
    if instance is None or instance.hold == HoldState.FREE:
        raise ImportalError(NOT_FOUND)
    _study(acting_person, session, instance.study_id)
    return instance


def _item(session: Session, study: Study, item_id: str) -> Instance | Document:
    """Return what is held of a study under this id; raises ``not_found``."""
    item = session.get(Instance, item_id) or session.get(Document, item_id)
    if item is None or item.study_id != study.id or item.hold == HoldState.FREE:
        raise ImportalError(NOT_FOUND)
    return item
