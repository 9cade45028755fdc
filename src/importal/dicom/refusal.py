"""Why the engine declines an object: one enumeration, no values, safe to log and to store.

An exception never carries bytes or texts of the object; the sentence a person reads comes from the
message catalogue by the code.
"""

from enum import StrEnum


class RefusalReason(StrEnum):
    """The reasons for which an object stays sealed as it was received."""

    NOT_DICOM = "not_dicom"
    TRUNCATED = "truncated"
    MEDIA_DIRECTORY = "media_directory"
    UNKNOWN_TRANSFER_SYNTAX = "unknown_transfer_syntax"
    TOO_DEEP = "too_deep"
    TOO_MANY_ELEMENTS = "too_many_elements"
    TOO_LARGE = "too_large"
    NO_SOP_CLASS_UID = "no_sop_class_uid"
    NO_SOP_INSTANCE_UID = "no_sop_instance_uid"
    NO_STUDY_INSTANCE_UID = "no_study_instance_uid"
    NO_SERIES_INSTANCE_UID = "no_series_instance_uid"
    INVALID_UID = "invalid_uid"
    AMBIGUOUS_IDENTITY = "ambiguous_identity"
    UNREADABLE = "unreadable"
    IDENTIFIER_LEFT = "identifier_left"
    NEEDS_WHOLE_OBJECT = "needs_whole_object"


class Refused(Exception):
    """The object cannot be handled surely; the caller keeps it sealed as received."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Repair(StrEnum):
    """What the tolerant path mended; the desk is told."""

    PREAMBLE_ADDED = "preamble_added"
    FILE_META_REBUILT = "file_meta_rebuilt"
    FILE_META_LENGTH = "file_meta_length"
    SOP_UIDS_OF_FILE_META = "sop_uids_of_file_meta"
    TRANSFER_SYNTAX_CORRECTED = "transfer_syntax_corrected"
    PIXEL_DATA_TRUNCATED = "pixel_data_truncated"
    PIXEL_DATA_PADDED = "pixel_data_padded"
    TRAILING_BYTES_REMOVED = "trailing_bytes_removed"
    ELEMENTS_REENCODED = "elements_reencoded"
    STRAY_DELIMITERS_REMOVED = "stray_delimiters_removed"
    DUPLICATE_ELEMENTS = "duplicate_elements"
    FOREIGN_GROUP_REMOVED = "foreign_group_removed"


class RestoreError(Exception):
    """The stored bytes and the reverse patch do not belong together, or one of them is damaged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
