"""Studies, their states, and what one step leaves for the next (PS3.3 A.1.2).

The spine of the road: inspection fills it, the desk reads it, delivery works from what reconciliation
decided. The steps know each other only through what stands here.
"""

from importal.studies.comparison import (
    Comparison,
    PersonComparison,
    compare_birth_dates,
    compare_names,
    compare_sexes,
)
from importal.studies.deliveries import HELD, Commitment, DeliveryAttempt, InstanceDelivery
from importal.studies.detail import is_deliverable, study_detail
from importal.studies.errors import STUDY_HELD, STUDY_STATE
from importal.studies.holds import SENDABLE, HoldDecision, HoldState, can_be_released, decide
from importal.studies.identity import Person, Verdict, judge
from importal.studies.names import search_text
from importal.studies.objects import content_of, view
from importal.studies.progress import Standing, possible, standing
from importal.studies.queries import InboxFilter, get_document, get_series, get_study, inbox
from importal.studies.schemas import (
    InboxPage,
    LocalPatientShown,
    Possible,
    RejectionReason,
    Shape,
    StudyDetail,
)
from importal.studies.states import (
    ADVANCE,
    SYSTEM,
    TABLE,
    QuarantineReason,
    StudyEvent,
    StudyState,
    lock,
    lock_with_repetitions,
    may,
    move_to,
)
from importal.studies.tables import Document, Instance, LocalIdentity, Series, Study, Tally

__all__ = [
    "ADVANCE",
    "HELD",
    "SENDABLE",
    "STUDY_HELD",
    "STUDY_STATE",
    "SYSTEM",
    "TABLE",
    "Commitment",
    "Comparison",
    "DeliveryAttempt",
    "Document",
    "HoldDecision",
    "HoldState",
    "InboxFilter",
    "InboxPage",
    "Instance",
    "InstanceDelivery",
    "LocalIdentity",
    "LocalPatientShown",
    "Person",
    "PersonComparison",
    "Possible",
    "QuarantineReason",
    "RejectionReason",
    "Series",
    "Shape",
    "Standing",
    "Study",
    "StudyDetail",
    "StudyEvent",
    "StudyState",
    "Tally",
    "Verdict",
    "can_be_released",
    "compare_birth_dates",
    "compare_names",
    "compare_sexes",
    "content_of",
    "decide",
    "get_document",
    "get_series",
    "get_study",
    "inbox",
    "is_deliverable",
    "judge",
    "lock",
    "lock_with_repetitions",
    "may",
    "move_to",
    "possible",
    "search_text",
    "standing",
    "study_detail",
    "view",
]
