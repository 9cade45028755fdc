"""A reconciled study reaches the archive: once, under the right patient, whatever dies on the way."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pydicom
import pytest
from PIL import Image
from sqlalchemy import select

from importal import delivery, reconciliation, studies
from importal.accounts import ActingPerson
from importal.delivery.destinations.memory import MemoryDestination
from importal.delivery.outgoing import InstanceDamaged
from importal.dicom.documents import DocumentKind
from importal.errors import ImportalError, Retry
from importal.inspection import inspect_submission
from importal.reconciliation.schemas import LocalPatient, Order
from importal.site import Site
from importal.studies import DeliveryAttempt, Document, InstanceDelivery, Study
from tests.database.road import FOREIGN_ID, make_object, make_person, make_series, send

LOCAL = LocalPatient(
    patient_id="LOCAL-1",
    issuer_of_patient_id="HERE",
    patient_name="Muster^Anna",
    birth_date="19480503",
    sex="F",
)


@pytest.fixture
def site(site: Site) -> Site:
    """Let many attempts pass before a person has to look, so that crashes can be tried one by one."""
    return replace(site, settings=site.settings.model_copy(update={"delivery_attempts": 4}))


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


def reconciled(site: Site, count: int = 3, documents: int = 0) -> tuple[str, ActingPerson]:
    """Return a study that waits to be delivered, and the person who decided about it."""
    person = make_person(site)
    sent = send(site, person, make_series(count))
    for _ in range(documents):
        sent.add_document(photo(), DocumentKind.PNG)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study = session.scalars(select(Study)).one()
        decision = reconciliation.Decision(LOCAL, Order(accession_number="ACC-1"), False)
        reconciliation.reconcile(person, session, site, study.id, decision)
    return study.id, person


def state_of(site: Site, study_id: str) -> str:
    with site.database.reading() as session:
        return session.get_one(Study, study_id).state


def attempts_of(site: Site, study_id: str) -> list[DeliveryAttempt]:
    with site.database.reading() as session:
        found = select(DeliveryAttempt).where(DeliveryAttempt.study_id == study_id)
        return list(session.scalars(found.order_by(DeliveryAttempt.number)))


def shown(site: Site, person: ActingPerson, study_id: str) -> studies.StudyDetail:
    with site.database.reading() as session:
        return studies.study_detail(person, session, site, study_id)


def until_delivered(site: Site, destination: MemoryDestination, study_id: str) -> None:
    for _ in range(60):
        try:
            delivery.deliver(site, destination, study_id)
        except Retry:
            continue
        return


def test_every_instance_arrives_with_the_local_identity(site: Site) -> None:
    study_id, person = reconciled(site)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert state_of(site, study_id) == "delivered"
    assert len(archive.held) == 3
    for held in archive.held.values():
        header = pydicom.dcmread(BytesIO(held.content))
        assert (header.PatientID, header.IssuerOfPatientID, header.AccessionNumber) == (
            "LOCAL-1",
            "HERE",
            "ACC-1",
        )
        assert FOREIGN_ID.encode() not in held.content
    progress = shown(site, person, study_id).delivery
    assert progress is not None
    assert (progress.delivered, progress.total, progress.failed) == (3, 3, 0)


def test_a_second_run_sends_nothing(site: Site) -> None:
    study_id, _ = reconciled(site)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    archive.held.clear()
    delivery.deliver(site, archive, study_id)
    assert archive.held == {}
    assert len(attempts_of(site, study_id)) == 1


def test_documents_become_instances_of_the_study(site: Site) -> None:
    study_id, _ = reconciled(site, documents=1)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert len(archive.held) == 4
    headers = [pydicom.dcmread(BytesIO(held.content)) for held in archive.held.values()]
    assert {header.StudyInstanceUID for header in headers} == {"1.2.3"}
    assert {header.PatientID for header in headers} == {"LOCAL-1"}


def test_a_document_that_was_sent_twice_is_delivered_once(site: Site) -> None:
    study_id, _ = reconciled(site, documents=2)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert (len(archive.held), state_of(site, study_id)) == (4, "delivered")
    with site.database.reading() as session:
        codes = sorted(session.scalars(select(Document.conversion_code)))
    assert codes == ["", "delivery.document_repeated"]


def test_a_document_that_cannot_be_converted_stays_at_the_desk(site: Site) -> None:
    person = make_person(site)
    sent = send(site, person, make_series(1))
    sent.add_document(b"%PDF-1.7 broken", DocumentKind.PDF)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study_id = session.scalars(select(Study.id)).one()
        reconciliation.reconcile(
            person, session, site, study_id, reconciliation.Decision(LOCAL, Order(), False)
        )
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert (len(archive.held), state_of(site, study_id)) == (1, "delivered")
    assert [item.deliverable for item in shown(site, person, study_id).documents] == [False]


def test_a_study_of_another_patient_stops_for_a_person_before_anything_is_sent(site: Site) -> None:
    study_id, person = reconciled(site)
    archive = MemoryDestination()
    foreign = make_object(PatientID="SOMEBODY", SOPInstanceUID="1.2.3.4.99")
    _put(archive, foreign)
    delivery.deliver(site, archive, study_id)
    assert list(archive.held) == ["1.2.3.4.99"]
    detail = shown(site, person, study_id)
    assert (detail.state, detail.delivery.attempts[0].error_code) == ("reconciled", "delivery.other_patient")
    assert (detail.can.retry_delivery, detail.can.reject, detail.can.reconcile) == (True, True, True)
    with site.database.transaction() as session:
        again = LOCAL.model_copy(update={"patient_id": "SOMEBODY"})
        decision = reconciliation.Decision(again, Order(), False)
        reconciliation.reconcile(person, session, site, study_id, decision)
    delivery.deliver(site, archive, study_id)
    assert (state_of(site, study_id), len(archive.held)) == ("delivered", 4)


def test_once_something_was_sent_the_decision_is_fixed(site: Site) -> None:
    study_id, person = reconciled(site)
    archive = MemoryDestination(refuse={"1.2.3.4.2": 0xC000})
    with pytest.raises(Retry):
        delivery.deliver(site, archive, study_id)
    can = shown(site, person, study_id).can
    assert (can.reconcile, can.reject, can.retry_delivery) == (False, False, True)


def test_of_the_same_patient_only_what_is_missing_is_sent(site: Site) -> None:
    study_id, _ = reconciled(site)
    archive = MemoryDestination()
    _put(archive, make_object(PatientID="LOCAL-1", SOPInstanceUID="1.2.3.4.2"))
    delivery.deliver(site, archive, study_id)
    assert len(archive.held) == 3
    assert pydicom.dcmread(BytesIO(archive.held["1.2.3.4.2"].content)).get("AccessionNumber") == "ACC-99"
    assert attempts_of(site, study_id)[0].delivered == 2


def test_what_is_refused_is_named_and_the_rest_arrives(site: Site) -> None:
    study_id, person = reconciled(site)
    archive = MemoryDestination(refuse={"1.2.3.4.2": 0xC000})
    with pytest.raises(Retry):
        delivery.deliver(site, archive, study_id)
    progress = shown(site, person, study_id).delivery
    assert (progress.delivered, progress.failed, progress.total) == (2, 1, 3)
    assert [(item.sop_instance_uid, item.status) for item in progress.refused] == [("1.2.3.4.2", 0xC000)]
    archive.refuse.clear()
    delivery.deliver(site, archive, study_id)
    assert state_of(site, study_id) == "delivered"


def test_an_archive_that_is_down_is_tried_again_and_then_waits_for_a_person(site: Site) -> None:
    study_id, person = reconciled(site)
    archive = MemoryDestination(down=True)
    for number in range(1, 4):
        with pytest.raises(Retry) as caught:
            delivery.deliver(site, archive, study_id)
        assert 0.75 <= caught.value.after_seconds / (0.01 * 2 ** (number - 1)) <= 1.25
    delivery.deliver(site, archive, study_id)
    delivery.deliver(site, archive, study_id)
    assert [attempt.is_final for attempt in attempts_of(site, study_id)] == [False, False, False, True]
    assert shown(site, person, study_id).delivery.attempts[-1].error_code == "delivery.unreachable"
    with site.database.reading() as session:
        page = studies.inbox(person, session, site, studies.InboxFilter())
    assert [row.id for upload in page.uploads for row in upload.studies] == [study_id]
    archive.down = False
    with site.database.transaction() as session:
        delivery.retry(person, session, site, study_id)
    delivery.deliver(site, archive, study_id)
    assert state_of(site, study_id) == "delivered"


def test_without_an_archive_the_attempt_says_so(site: Site) -> None:
    study_id, _ = reconciled(site)
    delivery.deliver(site, None, study_id)
    assert attempts_of(site, study_id)[0].error_code == "delivery.no_destination"


def test_a_delivery_that_is_done_is_not_tried_again_by_hand(site: Site) -> None:
    study_id, person = reconciled(site)
    delivery.deliver(site, MemoryDestination(), study_id)
    with pytest.raises(ImportalError, match=r"study\.state"), site.database.transaction() as session:
        delivery.retry(person, session, site, study_id)


def test_somebody_of_another_institution_finds_no_study(site: Site) -> None:
    study_id, _ = reconciled(site)
    stranger = make_person(site, "stranger")
    with pytest.raises(ImportalError, match="not_found"), site.database.transaction() as session:
        delivery.retry(stranger, session, site, study_id)
    with pytest.raises(ImportalError, match="not_found"):
        shown(site, stranger, study_id)


def test_an_image_that_was_damaged_in_the_store_is_not_sent(site: Site) -> None:
    study_id, person = reconciled(site)
    key = next(key for key in site.storage.keys("submissions/") if key.endswith("1-image"))
    site.storage.write_all([(key, [site.storage.read(key)[:-2] + b"\xff\xff"])])
    archive = RefusingWhatCannotBeMade()
    with pytest.raises(Retry):
        delivery.deliver(site, archive, study_id)
    assert len(archive.held) == 2
    assert [item.code for item in shown(site, person, study_id).delivery.refused] == ["delivery.damaged"]


class RefusingWhatCannotBeMade(MemoryDestination):
    """Reports an instance that cannot be made as the network adapter does."""

    def store(self, instances, on_outcome) -> None:
        for instance in instances:
            try:
                super().store([instance], on_outcome)
            except InstanceDamaged:
                on_outcome(
                    delivery_outcome(instance.sop_instance_uid, "refused", "destination.instance_unreadable")
                )


def delivery_outcome(uid: str, kind: Any, code: str) -> Any:
    from importal.delivery.destinations import NO_STATUS, StoreOutcome

    return StoreOutcome(uid, NO_STATUS, kind, code)


class Killed(BaseException):
    """The process dies here."""


class Killing(MemoryDestination):
    """Dies at the n-th thing that is asked of it; remembers all bytes that were ever sent."""

    def __init__(self, dies_at: int) -> None:
        super().__init__()
        self.dies_at, self.asked = dies_at, 0
        self.sent: dict[str, set[bytes]] = {}

    def _answer(self) -> None:
        self._count()

    def _store_one(self, number, instance):
        outcome = super()._store_one(number, instance)
        self.sent.setdefault(instance.sop_instance_uid, set()).add(
            self.held[instance.sop_instance_uid].content
        )
        self._count()
        return outcome

    def _count(self) -> None:
        self.asked += 1
        if self.asked == self.dies_at:
            raise Killed


def _crash_then_finish(site: Site, study_id: str, archive: Killing) -> bool:
    try:
        delivery.deliver(site, archive, study_id)
    except Killed:
        until_delivered(site, archive, study_id)
        return True
    return False


def test_a_death_at_any_question_to_the_archive_loses_and_doubles_nothing(site: Site) -> None:
    study_id, _ = reconciled(site, count=4, documents=1)
    died = True
    for moment in range(1, 30):
        if not died:
            break
        archive = Killing(moment)
        died = _crash_then_finish(site, study_id, archive)
        assert state_of(site, study_id) == "delivered"
        assert len(archive.held) == 5
        assert all(len(contents) == 1 for contents in archive.sent.values())
        _undo_delivery(site, study_id)
    assert moment >= 7


def test_a_death_after_any_transaction_loses_and_doubles_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id, _ = reconciled(site, count=3, documents=1)
    run, died, moment = site.database.run, True, 0
    while died:
        moment += 1
        monkeypatch.setattr(site.database, "run", _dying(run, moment))
        archive = Killing(0)
        try:
            delivery.deliver(site, archive, study_id)
            died = False
        except Killed:
            monkeypatch.setattr(site.database, "run", run)
            until_delivered(site, archive, study_id)
        monkeypatch.setattr(site.database, "run", run)
        assert state_of(site, study_id) == "delivered"
        assert len(archive.held) == 4
        assert all(len(contents) == 1 for contents in archive.sent.values())
        _undo_delivery(site, study_id)
    assert moment >= 5


def _dying(run: Callable[[Any], Any], moment: int) -> Callable[[Any], Any]:
    calls = 0

    def dying(verb: Any) -> Any:
        nonlocal calls
        calls += 1
        result = run(verb)
        if calls == moment:
            raise Killed
        return result

    return dying


def _undo_delivery(site: Site, study_id: str) -> None:
    with site.database.transaction() as session:
        for table in ("instance_deliveries", "delivery_attempts"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
        session.connection().exec_driver_sql("UPDATE studies SET state = 'reconciled'")
        session.connection().exec_driver_sql("UPDATE documents SET conversion_code = ''")


def _put(archive: MemoryDestination, content: bytes) -> None:
    from importal.delivery.destinations import OutgoingInstance

    header = pydicom.dcmread(BytesIO(content))
    archive.store(
        [OutgoingInstance(header.SOPClassUID, header.SOPInstanceUID, "1.2", lambda: content)], lambda _: None
    )


def test_every_instance_has_one_row_per_study(site: Site) -> None:
    study_id, _ = reconciled(site)
    delivery.deliver(site, MemoryDestination(), study_id)
    with site.database.reading() as session:
        rows = session.scalars(select(InstanceDelivery)).all()
    assert sorted(row.sop_instance_uid for row in rows) == ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3"]
