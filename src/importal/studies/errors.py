"""What can go wrong with a study in general."""

from importal.errors import TABLE

STUDY_STATE = TABLE.declare(
    "study.state",
    409,
    "Somebody else has dealt with this study in the meantime. Please look at it again.",
)
