"""What can go wrong with a submission."""

from importal.errors import TABLE

CONSENT_MISSING = TABLE.declare(
    "consent.missing", 422, "Please agree to the privacy policy and to sharing the images; we need both."
)
CONSENT_OUTDATED = TABLE.declare(
    "consent.outdated", 409, "The hospital has changed its privacy policy. Please read it again and agree."
)
CLOSED = TABLE.declare(
    "submission.closed", 409, "This upload is already finished or was withdrawn. Please start a new one."
)
