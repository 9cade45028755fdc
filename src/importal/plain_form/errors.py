"""What can go wrong with the plain form itself."""

from importal.errors import TABLE

FORM_BROKEN = TABLE.declare(
    "form.broken", 400, "The form did not arrive completely. Please go back and send it once more."
)
FORM_LENGTH = TABLE.declare(
    "form.length", 411, "Your browser did not say how much it sends. Please try another browser."
)
FORM_BUSY = TABLE.declare(
    "form.busy",
    409,
    "Files of this upload are still arriving, perhaps in another window. Please wait for them.",
)
