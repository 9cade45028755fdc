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
BIRTH_DATE_NEEDED = TABLE.declare(
    "invitation.birth_date_needed", 403, "Please also tell us the patient's date of birth."
)
BIRTH_DATE_WRONG = TABLE.declare(
    "invitation.birth_date_wrong",
    403,
    "This date of birth does not belong to the upload code. Please check day, month and year.",
)
LOCKED = TABLE.declare(
    "invitation.locked",
    429,
    "There were too many wrong dates of birth. Please try again tomorrow, or call the hospital.",
)
BIRTH_DATE_UNKNOWN = TABLE.declare(
    "invitation.birth_date_unknown",
    422,
    "Please enter the expected patient's date of birth as a day that exists.",
)
EXPECTS_NOBODY = TABLE.declare(
    "invitation.expects_nobody",
    422,
    "An anonymous invitation cannot name a patient: leave the patient out, or do not make it anonymous.",
)
REVOKED = TABLE.declare(
    "invitation.revoked", 410, "The hospital has withdrawn this upload code. Please ask for a new one."
)
