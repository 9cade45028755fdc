"""What can go wrong with a code."""

from importal.errors import TABLE

UNKNOWN = TABLE.declare(
    "invitation.unknown",
    404,
    "We do not know this upload code. Please compare it with your letter or e-mail.",
)
EXPIRED = TABLE.declare(
    "invitation.expired", 410, "This upload code is no longer valid. Please ask the hospital for a new one."
)
REVOKED = TABLE.declare(
    "invitation.revoked", 410, "The hospital has withdrawn this upload code. Please ask for a new one."
)
