"""What can go wrong with a study in general."""

from importal.errors import TABLE

DOCUMENT_UNASSIGNED = TABLE.declare(
    "document.unassigned", 409, "Nobody said to which study this document belongs, so it is not sent."
)
DOCUMENT_HELD = TABLE.declare(
    "document.held", 409, "Somebody has to read this document before it may be sent: it may say who it is."
)
DOCUMENT_LEFT_OUT = TABLE.declare(
    "document.left_out", 409, "Somebody read this document and decided that it stays here."
)
STUDY_HELD = TABLE.declare(
    "study.held",
    409,
    "Some pictures or documents of this study still have to be looked at. Please decide on each of them.",
)
STUDY_STATE = TABLE.declare(
    "study.state",
    409,
    "Somebody else has dealt with this study in the meantime. Please look at it again.",
)
