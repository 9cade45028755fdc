"""What the status of a C-STORE answer means for a delivery (PS3.4 section B.2.3, PS3.7 Annex C)."""

from importal.delivery.destinations import StoreOutcome

_SUCCESS = 0x0000
_DUPLICATE = 0x0111
_WARNINGS = frozenset({0x0001, 0x0107, 0x0116})
_CODES = {
    0x0117: "destination.invalid_uid",
    0x0122: "destination.sop_class_not_supported",
    0x0124: "destination.not_authorised",
    0x0210: "destination.refused",
}


def outcome_of(sop_instance_uid: str, status: int) -> StoreOutcome:
    """Return the outcome for a status.

    A duplicate counts as a warning: the archive has an instance of this UID, and whether it is the right one
    is proved later by Storage Commitment or query, as for every other instance.
    """
    if status == _SUCCESS:
        return StoreOutcome(sop_instance_uid, status, "stored")
    if status == _DUPLICATE:
        return StoreOutcome(sop_instance_uid, status, "warning", "destination.duplicate")
    if status in _WARNINGS or status >> 12 == 0xB:
        return StoreOutcome(sop_instance_uid, status, "warning", "destination.stored_with_warning")
    return StoreOutcome(sop_instance_uid, status, "refused", _code_of(status))


def _code_of(status: int) -> str:
    if status >> 8 == 0xA7:
        return "destination.out_of_resources"
    if status >> 8 == 0xA9:
        return "destination.data_set_mismatch"
    if status >> 12 == 0xC:
        return "destination.cannot_understand"
    return _CODES.get(status, "destination.refused")
