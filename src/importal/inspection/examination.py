"""Looking at every stored object of a study: is it what arrived, can it be delivered, whose is it?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from importal import dicom, logs, studies
from importal.dicom import DisplayAttributes
from importal.site import Site
from importal.studies import Comparison, Instance, QuarantineReason

log = logs.get("inspection")

# A rehearsal of delivery on a copy that is thrown away: it reads every byte, and proves that the object
# can take local values.
REHEARSAL = dicom.Localisation(
    patient_id="1",
    issuer_of_patient_id="",
    patient_name="",
    patient_birth_date="",
    patient_sex="",
    accession_number="",
    issuer_of_accession_number="",
    institution_name="",
    station_ae_title="IMPORTAL",
    software_version="0",
    coerced_at=datetime(2000, 1, 1, tzinfo=UTC),
    source_of_previous_values="",
)


@dataclass(frozen=True)
class Examined:
    """What one object says, and what is wrong with it."""

    instance: Instance
    display: DisplayAttributes = field(repr=False)
    reason: QuarantineReason | None


@dataclass(frozen=True)
class Examination:
    """What a study says, and the first reason why the desk may not have it."""

    examined: Sequence[Examined] = field(repr=False)
    reason: QuarantineReason | None
    faulty: int


_NOTHING = dicom.read_display(b"")


def examine(site: Site, instances: Iterable[Instance], *, has_conflict: bool) -> Examination:
    """Read every object of a study once."""
    examined = [_examine_one(site, instance) for instance in instances]
    faults = [item.reason for item in examined if item.reason is not None]
    displays = [item.display for item in examined]
    if faults:
        return Examination(examined, faults[0], len(faults))
    if has_conflict:
        return Examination(examined, QuarantineReason.CONFLICTING_INSTANCES, 1)
    if not are_of_one_person(displays):
        return Examination(examined, QuarantineReason.MIXED_PATIENTS, len(displays))
    return Examination(examined, None, 0)


def are_of_one_person(displays: Sequence[DisplayAttributes]) -> bool:
    """Whether all objects name one patient; what an object leaves out speaks for nobody."""
    identifiers = {display.patient_id for display in displays}
    birth_dates = {
        digits
        for display in displays
        if (digits := "".join(sign for sign in display.patient_birth_date if sign.isdigit()))
    }
    names = sorted({display.patient_name for display in displays if display.patient_name.strip("^= ")})
    differs = any(studies.compare_names(names[0], name) is Comparison.DIFFERENT for name in names[1:])
    return len(identifiers) <= 1 and len(birth_dates) <= 1 and not differs


def _examine_one(site: Site, instance: Instance) -> Examined:
    try:
        stored = studies.content_of(site, instance)
    except KeyError:
        return Examined(instance, _NOTHING, QuarantineReason.DAMAGED_IN_STORE)
    if len(stored) != instance.length:
        return Examined(instance, _NOTHING, QuarantineReason.DAMAGED_IN_STORE)
    display = _NOTHING
    try:
        display = dicom.read_display(stored)
        rehearsed = dicom.localise(stored, REHEARSAL)
    except dicom.Refused:
        return Examined(instance, display, QuarantineReason.UNREADABLE)
    except (OSError, MemoryError):
        raise
    except Exception as defect:
        # A defect of ours on one object: a person sees the study, and the others of the upload go on.
        log.error("inspection.object_not_read", instance_id=instance.id, exc_info=defect)
        return Examined(instance, display, QuarantineReason.UNREADABLE)
    if rehearsed.bulk_sha256 != instance.bulk_sha256:
        return Examined(instance, display, QuarantineReason.DAMAGED_IN_STORE)
    return Examined(instance, display, None)
