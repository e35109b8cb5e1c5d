"""The words of billing: permissions by role, kinds of event, document and job, and parameters."""

from vca.core.vocabulary import Parameter, Role, declare, mailbox, whole_number

MONEY = (Role.BILLER, Role.ADMINISTRATOR)

declare(
    permissions={
        "see_claims": MONEY,
        "draft_claims": MONEY,
        "send_claims": MONEY,
        "set_charges": MONEY,
        "open_documents": MONEY,
    },
    audit_events={
        "charge.set": "Price set",
        "claim.closed": "Claim closed",
        "claim.drafted": "Claim drafted",
        "claim.back_to_draft": "Claim taken back to draft",
        "claim.made_ready": "Claim made ready",
        "claim.rebuilt": "Claim built again from its visits",
        "submission.written": "Claim file written",
    },
    documents={"claims_837p": "Claim file, 837P"},
    jobs={"write_837p": "Write the ready claims as one 837P file"},
    in_charge={"write_837p": "send_claims"},
    parameters=(
        Parameter(
            "filing-limit-days",
            "180",
            "days from the date of service",
            "38 USC 1703D(b)",
            "date of service",
            read=whole_number,
        ),
        Parameter(
            "payer-name",
            "VA",
            "name",
            "837P loop 2010BB NM103; follow the referral's claims page",
            "date of submission",
        ),
        Parameter(
            "payer-id",
            "12115",
            "payer id",
            "Public payer lists: VA Fee Basis Programs; the clearinghouse's companion guide decides",
            "date of submission",
            read=mailbox,
        ),
        Parameter(
            "receiver-name",
            "VA CLEARINGHOUSE",
            "name",
            "The clearinghouse's companion guide: loop 1000B NM103",
            "date of submission",
        ),
        Parameter(
            "receiver-id",
            "VACLRHOUSE",
            "receiver id",
            "The clearinghouse's companion guide: ISA08, GS03, loop 1000B NM109",
            "date of submission",
            read=mailbox,
        ),
        Parameter(
            "submitter-id",
            "",
            "submitter id; empty: the practice's tax number",
            "The clearinghouse's companion guide: ISA06, GS02, loop 1000A NM109",
            "date of submission",
            read=mailbox,
        ),
    ),
)
