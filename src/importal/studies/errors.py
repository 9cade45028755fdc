"""What can go wrong with a study in general."""

from importal.errors import TABLE

DOCUMENT_UNASSIGNED = TABLE.declare(
    "document.unassigned", 409, "Nobody said to which study this document belongs, so it is not sent."
)
STUDY_STATE = TABLE.declare(
    "study.state",
    409,
    "Somebody else has dealt with this study in the meantime. Please look at it again.",
)
