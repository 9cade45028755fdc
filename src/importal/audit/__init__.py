"""The audit trail: who did what to which study, when (after DICOM PS3.15 A.5). Rows are only ever added."""

from importal.audit.messages import Actor, AuditMessage, Subject, history, record

__all__ = ["Actor", "AuditMessage", "Subject", "history", "record"]
