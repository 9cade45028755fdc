"""What can go wrong when a study is matched with a local patient."""

from importal.errors import TABLE

DIFFERS = TABLE.declare(
    "reconciliation.differs",
    409,
    "The local patient differs from the patient of the images. Please check, and confirm if it is the same.",
)
OTHER_PATIENT = TABLE.declare(
    "reconciliation.other_patient",
    409,
    "The image archive already holds this study under another Patient ID. It cannot be filed under this one.",
)
NAMES_SOMEBODY = TABLE.declare(
    "reconciliation.names_somebody",
    409,
    "This study is anonymous. Give it a research ID, and neither a person's name nor a birth date.",
)
NO_PICTURE = TABLE.declare(
    "held.no_picture",
    422,
    "This cannot be shown here, so nobody can say that it names nobody. It can only be left out.",
)
FILED_ELSEWHERE = TABLE.declare(
    "reconciliation.filed_elsewhere",
    409,
    "The same study was sent more than once, and the other upload is filed under another patient.",
)
LOOKUP_UNREACHABLE = TABLE.declare(
    "lookup.unreachable", 502, "The PACS does not answer, so patients cannot be looked up right now."
)
LOOKUP_TOO_BROAD = TABLE.declare(
    "lookup.too_broad", 422, "Too many patients fit. Please give more of the name, or the birth date."
)
LOOKUP_REFUSED = TABLE.declare(
    "lookup.refused", 422, "The PACS cannot search for this. Please change what you search for."
)
