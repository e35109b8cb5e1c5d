"""Core's tables."""

from vca.core.models.agreement import (
    Agreement,
    AgreementClinician,
    AgreementLocation,
    EndedBy,
)
from vca.core.models.alert import Alert, AlertState, Channel, Delivery, Outcome
from vca.core.models.audit_event import AuditEvent, AuditSeal, SealedEvent
from vca.core.models.document import Document
from vca.core.models.idempotency_key import IdempotencyKey
from vca.core.models.job import Job, JobState
from vca.core.models.parameter import ParameterValue
from vca.core.models.practice import (
    ApiToken,
    Clinician,
    DeaRegistration,
    Invitation,
    License,
    Membership,
    Practice,
    ServiceLocation,
)
from vca.core.models.task import Task
from vca.core.models.user import User

__all__ = [
    "Agreement",
    "AgreementClinician",
    "AgreementLocation",
    "Alert",
    "AlertState",
    "ApiToken",
    "AuditEvent",
    "AuditSeal",
    "Channel",
    "Clinician",
    "DeaRegistration",
    "Delivery",
    "Document",
    "EndedBy",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobState",
    "License",
    "Membership",
    "Outcome",
    "ParameterValue",
    "Practice",
    "SealedEvent",
    "ServiceLocation",
    "Task",
    "User",
]
