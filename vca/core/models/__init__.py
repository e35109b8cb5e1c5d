"""Core's tables."""

from vca.core.models.agreement import (
    Agreement,
    AgreementClinician,
    AgreementLocation,
    EndedBy,
)
from vca.core.models.alert import Alert, AlertState, Channel, Delivery, Outcome
from vca.core.models.audit_event import AuditEvent, AuditSeal, Mention, SealedEvent
from vca.core.models.backup_run import BackupDeed, BackupRun
from vca.core.models.document import Document
from vca.core.models.idempotency_key import IdempotencyKey
from vca.core.models.job import Job, JobState
from vca.core.models.of_veteran import OfVeteran
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
from vca.core.models.sign_in import AuthenticatorApp, KeptForm, Passkey, RealData, RecoveryCode, Tries
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
    "AuthenticatorApp",
    "BackupDeed",
    "BackupRun",
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
    "KeptForm",
    "License",
    "Membership",
    "Mention",
    "OfVeteran",
    "Outcome",
    "ParameterValue",
    "Passkey",
    "Practice",
    "RealData",
    "RecoveryCode",
    "SealedEvent",
    "ServiceLocation",
    "Task",
    "Tries",
    "User",
]
