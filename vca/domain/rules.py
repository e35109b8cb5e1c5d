"""The catalogue of business rules: every refusal, warning and alert of the product, with its source.

A code is AREA-NN and is never used again for another rule. A rule whose source is not a primary text that was read
carries ``verify_with_va``; the product then says "verify with VA" beside it.

>>> CATALOGUE["VISIT-02"].severity
<Severity.BLOCK: 'BLOCK'>
>>> CATALOGUE["VISIT-02"].code
'VISIT-02'
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a rule does when it is broken."""

    BLOCK = "BLOCK"
    WARN = "WARN"
    ALERT = "ALERT"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says in a plain sentence, where it comes from, and what a person does next."""

    code: str
    severity: Severity
    sentence: str
    source: str
    next_act: str
    verify_with_va: bool = False


BULLETIN = "VA Office of Community Care provider bulletin, February 2020: referral number on claims"
GUIDE = "ASC X12N 005010X222A1"
FORM = "National Uniform Claim Committee, 1500 instruction manual 02/12"
PRODUCT = "This product's own rule"

_RULES = (
    Rule(
        "REFERRAL-01",
        Severity.BLOCK,
        "A VA referral number has one of three shapes.",
        BULLETIN,
        "Copy the number exactly as printed on the referral: VA and 10 digits, 402-123456-12, or 402-PC-1234567.",
    ),
    Rule(
        "REFERRAL-02",
        Severity.BLOCK,
        "A referral without stated visit limits is held.",
        "VA SEOC REST API guide: each service line has its own limit, which may be absent",
        "Enter the limit printed on the 10-7080 for each service line, or mark the line as having no fixed limit.",
        verify_with_va=True,
    ),
    Rule(
        "REFERRAL-03",
        Severity.BLOCK,
        "A referral without an expiration date is held.",
        "38 CFR 17.4020; VA Form 10-7080",
        "Enter the expiration date printed on the referral. If none is printed, ask the VA facility.",
        verify_with_va=True,
    ),
    Rule(
        "REFERRAL-04",
        Severity.BLOCK,
        "A referral with a VA status that is not known here is held.",
        "VA documents no closed list of referral status codes",
        "Ask the VA facility what the status means, then enter it under details or reject the referral.",
        verify_with_va=True,
    ),
    Rule(
        "REFERRAL-05",
        Severity.BLOCK,
        "The affiliation on the referral decides who pays; a referral without one cannot be confirmed.",
        "VA, File a claim for Veteran care: follow the affiliation on VA Form 10-7080",
        "Choose the affiliation printed on the referral.",
    ),
    Rule(
        "REFERRAL-06",
        Severity.BLOCK,
        "A referral moves only along its states.",
        PRODUCT,
        "Open the referral and choose one of the acts it offers.",
    ),
    Rule(
        "REFERRAL-07",
        Severity.BLOCK,
        "A newer notice that differs from the referral on file is held until a person has compared them.",
        PRODUCT,
        "Open the referral, compare the two, and take over what VA changed.",
    ),
    Rule(
        "REFERRAL-08",
        Severity.BLOCK,
        "The last day of an authorization is not before its first day.",
        PRODUCT,
        "Check both dates against the referral.",
    ),
    Rule(
        "REFERRAL-09",
        Severity.BLOCK,
        "A number stands for one referral of one Veteran.",
        "VA bulletin: one number serves the whole episode of care",
        "Check the number and the Veteran against the referral; if VA sent both, ask the VA facility which is right.",
    ),
    Rule(
        "REFERRAL-10",
        Severity.BLOCK,
        "A referral names its Veteran: last name, first name and date of birth, or the ICN until they are known.",
        "VA Form 10-7080; 837P loop 2010BA NM1 and DMG",
        "Enter last name, first name and date of birth as printed on the referral.",
    ),
    Rule(
        "REFERRAL-11",
        Severity.BLOCK,
        "An authorization needs at least one service line.",
        "VA SEOC REST API guide: services[]",
        "Enter the service lines printed on the referral.",
    ),
    Rule(
        "REFERRAL-12",
        Severity.BLOCK,
        "An authorization has a home location, whose time zone decides its civil days.",
        PRODUCT,
        "Choose the location where most of the visits will happen.",
    ),
    Rule(
        "REFERRAL-13",
        Severity.BLOCK,
        "First and last day of an authorization lie between 2000 and 2099.",
        PRODUCT,
        "Enter the days printed on the referral; if VA's own file has such a day, ask the VA facility.",
    ),
    Rule(
        "REFERRAL-14",
        Severity.BLOCK,
        "A date of birth lies in the past, and at most 130 years back.",
        PRODUCT,
        "Enter the date of birth printed on the referral, or ask the VA facility.",
    ),
    Rule(
        "REFERRAL-15",
        Severity.BLOCK,
        "What VA stated and cannot be taken over as it stands is compared by a person with VA's own words.",
        PRODUCT,
        "Open VA's notice, enter what the named fields say, then settle it; if it is unclear, ask the VA facility.",
    ),
    Rule(
        "REFERRAL-16",
        Severity.BLOCK,
        "A referral that VA has rejected, cancelled or suspended is not confirmed.",
        "VA, File a claim for Veteran care: care must be authorized in advance; VA's software's status codes",
        "Reject or cancel it here too; if VA has made it active again, enter under its details what VA says.",
        verify_with_va=True,
    ),
    Rule(
        "REFERRAL-17",
        Severity.BLOCK,
        "A referral is not moved to another Veteran once one of its claims was made ready or sent.",
        "837P loop 2010BA: a claim names the Veteran whom VA pays for",
        "Take the claim back to a draft, or void it with VA first; then move the referral.",
    ),
    Rule(
        "VISIT-01",
        Severity.BLOCK,
        "A visit paid by VA needs a confirmed referral that is not suspended, cancelled or rejected.",
        "VA, File a claim for Veteran care: care must be authorized in advance",
        "Confirm the referral first, or ask the VA facility.",
    ),
    Rule(
        "VISIT-02",
        Severity.BLOCK,
        "No more visits than VA authorized on the service line.",
        "VA Form 10-7080, visits of the service line; CARC 119 and 198 follow otherwise",
        "Send a Request for Services (VA Form 10-10172), or book on another line or referral.",
    ),
    Rule(
        "VISIT-03",
        Severity.BLOCK,
        "A visit lies between the first and the last day of the authorization, both included.",
        "VA Form 10-7080, issue and expiration date",
        "Choose a day inside the authorization, or send a Request for Services (VA Form 10-10172).",
    ),
    Rule(
        "VISIT-04",
        Severity.BLOCK,
        "A line whose limit is not known refuses visits: not known is not unlimited.",
        "VA SEOC REST API guide: visits may be absent",
        "Set the limit printed on the 10-7080 on the authorization's page.",
        verify_with_va=True,
    ),
    Rule(
        "VISIT-05",
        Severity.BLOCK,
        "A visit moves only along its states.",
        PRODUCT,
        "Reload the page: somebody may have changed the visit in the meantime.",
    ),
    Rule(
        "VISIT-06",
        Severity.BLOCK,
        "No booking on a day that no agreement with VA covers.",
        "38 CFR 17.4110: care under a Veterans Care Agreement needs an agreement in force",
        "Record the renewed agreement under Practice, or choose an earlier day.",
    ),
    Rule(
        "VISIT-07",
        Severity.BLOCK,
        "A visit that stands on a claim is not undone before the claim is.",
        "Frequency code 8 (void) comes first",
        "Take the claim back to draft; then correct the visit, or take it off the draft and undo it.",
    ),
    Rule(
        "VISIT-08",
        Severity.BLOCK,
        "A service is given on a line of the visit's own authorization.",
        PRODUCT,
        "Choose a line of this authorization.",
    ),
    Rule(
        "VISIT-09",
        Severity.BLOCK,
        "A visit has at least one service line to count on.",
        PRODUCT,
        "Choose the service line on which VA counts the visit.",
    ),
    Rule(
        "VISIT-10",
        Severity.BLOCK,
        "A clinician treats under the agreement only while VA has approved and not ended the approval.",
        "VA Form 10-10171, list of providers under the agreement",
        "Choose another clinician, or record VA's approval date under Practice.",
        verify_with_va=True,
    ),
    Rule(
        "VISIT-11",
        Severity.BLOCK,
        "A visit is not checked in before its day.",
        PRODUCT,
        "Check the visit in on its day; to change the day, cancel it and book it anew.",
    ),
    Rule(
        "VISIT-12",
        Severity.BLOCK,
        "A service that a claim names stays on its visit, though the claim was closed.",
        PRODUCT,
        "Change the service instead of taking it out, or strike the visit and enter it anew.",
    ),
    Rule(
        "AUTH-01",
        Severity.ALERT,
        "The authorization ends soon.",
        "VA OIG, Deficiencies in Coordination of Care, San Diego: lapsed authorizations harmed Veterans",
        "Send the Request for Services (VA Form 10-10172) while VA still has time to answer.",
    ),
    Rule(
        "AUTH-02",
        Severity.ALERT,
        "Few authorized visits are left on the line.",
        "VA SEOC REST API guide: visits of the service line",
        "Send the Request for Services (VA Form 10-10172) for more visits.",
    ),
    Rule(
        "AUTH-03",
        Severity.ALERT,
        "The authorization has ended.",
        "VA Form 10-7080, expiration date; VA, File a claim for Veteran care: care must be authorized in advance",
        "VA does not cover visits after its last day. Send the Request for Services (VA Form 10-10172), or ask the VA "
        "facility for a new referral.",
        verify_with_va=True,
    ),
    Rule(
        "AGREEMENT-01",
        Severity.ALERT,
        "An agreement with VA ends soon, and no other one with that facility follows it.",
        "38 USC 1703A; 38 CFR 17.4100-17.4135: care is covered while an agreement is in force",
        "Apply for the next agreement (VA Form 10-10171) and record it under Practice, or move the visits.",
        verify_with_va=True,
    ),
    Rule(
        "LICENSE-01",
        Severity.ALERT,
        "A clinician's license ends soon.",
        "38 CFR 17.4105: who furnishes care holds an active license; the state board's own dates",
        "Renew it and record the new dates under Practice, or give the visits to another clinician.",
        verify_with_va=True,
    ),
    Rule(
        "DEA-01",
        Severity.ALERT,
        "A clinician's DEA registration for a place ends soon.",
        "21 CFR 1301.12 and 1301.13: registered per place, for up to three years",
        "Renew it and record the new date under Practice, or give the visits to another clinician.",
    ),
    Rule(
        "FILING-01",
        Severity.ALERT,
        "VA has not received the claim of a visit, and its filing limit comes near.",
        "38 USC 1703D(b): 180 days from the date of service",
        "Draft its claim, mend what stands in its way, and send it.",
    ),
    Rule(
        "CLAIM-01",
        Severity.BLOCK,
        "A claim carries the VA referral number, in VA's shape.",
        BULLETIN + "; 837P loop 2300 REF*G1; CMS-1500 box 23",
        "Correct the number on the referral.",
    ),
    Rule(
        "CLAIM-02",
        Severity.BLOCK,
        "Every date of service lies inside the authorization.",
        "VA Form 10-7080, issue and expiration date",
        "Correct the date of the visit, or take the visit off the claim.",
    ),
    Rule(
        "CLAIM-03",
        Severity.BLOCK,
        "A claim names the Veteran as VA knows them: ICN, EDIPI or Social Security number.",
        "837P loop 2010BA NM109; CMS-1500 box 1a",
        "Enter the ICN on the Veteran's page.",
        verify_with_va=True,
    ),
    Rule(
        "CLAIM-04",
        Severity.BLOCK,
        "A claim has one to twelve diagnoses, each an ICD-10-CM code.",
        GUIDE + ", loop 2300 HI; CMS-1500 box 21",
        "Enter the diagnosis on the visit.",
    ),
    Rule(
        "CLAIM-05",
        Severity.BLOCK,
        "Every NPI on a claim has ten digits and the right check digit.",
        "45 CFR 162.406; Luhn check over 80840 and the NPI",
        "Correct the NPI under Practice.",
    ),
    Rule(
        "CLAIM-06",
        Severity.BLOCK,
        "The total charge is the sum of the line charges, and each line charge is above zero.",
        GUIDE + ", loop 2300 CLM02 and loop 2400 SV102",
        "Enter a price for the code under Practice, Charges.",
    ),
    Rule(
        "CLAIM-07",
        Severity.BLOCK,
        "The Veteran is the subscriber, so address, date of birth and sex are sent.",
        GUIDE + ", loop 2010BA N3, N4 and DMG",
        "Complete the Veteran's page.",
    ),
    Rule(
        "CLAIM-08",
        Severity.BLOCK,
        "A claim goes to the payer that the affiliation on the referral names.",
        "VA, File a claim for Veteran care",
        "Send the claim to the network's administrator through its own channel.",
    ),
    Rule(
        "CLAIM-09",
        Severity.BLOCK,
        "The billing provider's name, address with nine-digit ZIP, tax number and taxonomy are complete.",
        GUIDE + ", loop 2000A PRV, loop 2010AA N3, N4, REF*EI",
        "Complete the billing details under Practice.",
    ),
    Rule(
        "CLAIM-10",
        Severity.BLOCK,
        "Each line has a CPT or HCPCS code, a whole number of units above zero and at least one diagnosis pointer.",
        GUIDE + ", loop 2400 SV1",
        "Correct the services of the visit.",
    ),
    Rule(
        "CLAIM-11",
        Severity.BLOCK,
        "A drug billed under an unclassified code names the drug, its NDC, unit and quantity.",
        GUIDE + ", loop 2400 SV101-7, loop 2410 LIN and CTP",
        "Enter NDC, unit and quantity on the visit's drug service.",
    ),
    Rule(
        "CLAIM-12",
        Severity.BLOCK,
        "A claim is filed within the filing limit, counted from each date of service.",
        "38 USC 1703D(b)",
        "Ask VA whether it still takes the claim; else close it as not billable. The Veteran is never billed.",
        verify_with_va=True,
    ),
    Rule(
        "CLAIM-13",
        Severity.BLOCK,
        "A code is billed only when the authorization lists it.",
        "VA SEOC REST API guide: services[].billingCodes[]",
        "Bill the code on another referral, or ask VA to add it (VA Form 10-10172).",
        verify_with_va=True,
    ),
    Rule(
        "CLAIM-14",
        Severity.BLOCK,
        "A claim moves only along its states.",
        PRODUCT,
        "Reload the page: somebody may have changed the claim in the meantime.",
    ),
    Rule(
        "CLAIM-15",
        Severity.BLOCK,
        "A claim has one to fifty lines.",
        GUIDE + ", loop 2400 LX",
        "Bill the visits on several claims.",
    ),
    Rule(
        "CLAIM-16",
        Severity.BLOCK,
        "A visit stands on one live claim only.",
        "CARC 18, exact duplicate",
        "Open the claim that already holds the visit.",
    ),
    Rule(
        "CLAIM-17",
        Severity.BLOCK,
        "There is something to send.",
        PRODUCT,
        "Draft claims from completed visits and make them ready first.",
    ),
    Rule(
        "CLAIM-18",
        Severity.BLOCK,
        "Places of service, states and ZIP codes are real ones.",
        GUIDE + ", N4 and CLM05-1",
        "Correct the address or the place of service.",
    ),
    Rule(
        "CLAIM-20",
        Severity.BLOCK,
        "A claim is original (1), or it replaces (7) or voids (8) one and carries the payer's number of it.",
        GUIDE + ", loop 2300 CLM05-3 and REF*F8; CMS-1500 box 22",
        "Wait until VA has accepted the earlier claim, then enter VA's claim number; or send this one as an original.",
    ),
    Rule(
        "CLAIM-21",
        Severity.BLOCK,
        "A claim and each of its lines has a control number of ours, by which payments find it again.",
        GUIDE + ", loop 2300 CLM01 and loop 2400 REF*6R; CMS-1500 box 26 holds 14 characters",
        "Draft the claim again; if this comes back, tell your administrator.",
    ),
    Rule(
        "CLAIM-22",
        Severity.BLOCK,
        "Every name on a claim can be written in the letters that claims carry, A to Z without accents.",
        GUIDE + ", appendix B, character set",
        "Enter the name in Latin letters, as VA prints it on the referral.",
    ),
    Rule(
        "CLAIM-23",
        Severity.BLOCK,
        "A service is billed after it was given.",
        GUIDE + ", loop 2400 DTP*472",
        "Correct the date of the visit.",
    ),
    Rule(
        "CLAIM-24",
        Severity.BLOCK,
        "A claim made of test data is never sent as a real one.",
        GUIDE + ", appendix C, ISA15",
        "Set the clearinghouse to test, or leave the demonstration practice.",
    ),
    Rule(
        "CLAIM-25",
        Severity.BLOCK,
        "A claim says what its visits say.",
        PRODUCT,
        "Build it again from its visits.",
    ),
    Rule(
        "CLAIM-26",
        Severity.BLOCK,
        "A claim is drafted from visits that are completed.",
        PRODUCT,
        "Complete the visits first; the list of visits to bill shows which are.",
    ),
    Rule(
        "CLAIM-27",
        Severity.BLOCK,
        "A visit is taken off a draft that names it and another one.",
        PRODUCT,
        "Reload the claim and choose one of its visits; to take off the last one, close the claim.",
    ),
    Rule(
        "CLAIM-28",
        Severity.BLOCK,
        "What is written or printed together is chosen among the claims that are ready.",
        PRODUCT,
        "Load the page anew and choose at least one claim that is ready.",
    ),
    Rule(
        "PAPER-01",
        Severity.BLOCK,
        "Every text fits its box of the printed form; nothing is cut.",
        FORM,
        "Send the claim as an 837P, which has more room; or shorten the name or address where it is entered.",
    ),
    Rule(
        "PAPER-02",
        Severity.WARN,
        "A claim on paper says where it is mailed.",
        FORM + ", carrier block",
        "Ask VA for the mailing address of paper claims and enter it with the payer.",
        verify_with_va=True,
    ),
    Rule(
        "PAPER-03",
        Severity.BLOCK,
        "Forms are drawn before they are filled in.",
        PRODUCT,
        "Install Pango on the server (Debian: libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0), then start the "
        "work again.",
    ),
    Rule(
        "PAPER-04",
        Severity.BLOCK,
        "One file of printed claims holds 5,000.",
        PRODUCT,
        "Choose fewer claims and print the others afterwards.",
    ),
    Rule(
        "SUBMIT-01",
        Severity.BLOCK,
        "What is sent by hand is shown by a receipt or tracking number, or by a file.",
        PRODUCT,
        "Enter the number that the portal or the carrier gave, or add a screenshot or a PDF.",
    ),
    Rule(
        "SUBMIT-02",
        Severity.BLOCK,
        "Claims are sent after their last visit, anew after they were rejected, and recorded once they are sent.",
        PRODUCT,
        "Enter the day and the time at which they were sent, by the clock of the claims' location.",
    ),
    Rule(
        "SUBMIT-03",
        Severity.BLOCK,
        "A proof is a PDF, PNG or JPEG file of 10 MB at most.",
        PRODUCT,
        "Save the screenshot or the scan as one of these and send the form again.",
    ),
    Rule(
        "SUBMIT-04",
        Severity.BLOCK,
        "Only what was sent by hand is taken back, and only while nothing came back for it.",
        PRODUCT,
        "Follow the claim up as sent.",
    ),
    Rule(
        "ANSWER-01",
        Severity.BLOCK,
        "What a payer answered is shown by a number, or by a file.",
        PRODUCT,
        "Enter the payer's claim number or the number of the call or letter, or add a screenshot or a PDF.",
    ),
    Rule(
        "ANSWER-02",
        Severity.BLOCK,
        "A rejection is kept in the payer's own words.",
        PRODUCT,
        "Copy what the payer or the clearinghouse says is wrong, with its codes.",
    ),
    Rule(
        "ANSWER-03",
        Severity.BLOCK,
        "An answer comes after the claim was sent, and is recorded once it has come.",
        PRODUCT,
        "Enter the day of the answer, by the calendar of the claim's location.",
    ),
    Rule(
        "ANSWER-04",
        Severity.BLOCK,
        "An answer is undone only while nothing followed it.",
        PRODUCT,
        "Undo first what followed, or follow the claim up as it stands.",
    ),
    Rule(
        "ANSWER-05",
        Severity.BLOCK,
        "Each source accepts a claim once.",
        PRODUCT,
        "Choose where this answer came from, or undo the earlier one first if it was wrong.",
    ),
    Rule(
        "ACCESS-01",
        Severity.BLOCK,
        "Each act belongs to a role.",
        "45 CFR 164.312(a)(1), access control",
        "Ask an administrator of the practice.",
    ),
    Rule(
        "ACCESS-02",
        Severity.BLOCK,
        "An invitation, or a link for a new password, is used once and within its time.",
        PRODUCT,
        "If you have used it yourself, sign in. If not, ask an administrator of the practice for a new link.",
    ),
    Rule(
        "ACCESS-03",
        Severity.BLOCK,
        "A practice keeps at least one administrator.",
        PRODUCT,
        "Give somebody else the role of administrator first.",
    ),
    Rule(
        "ACCESS-04",
        Severity.BLOCK,
        "Who changes an account knows its present password.",
        PRODUCT,
        "Enter the password that you sign in with now. If you forgot it, ask an administrator of the practice for a "
        "link to set a new one.",
    ),
    Rule(
        "ACCESS-05",
        Severity.BLOCK,
        "A practice may reset the password only of somebody who works in that practice alone.",
        PRODUCT,
        "Ask whoever runs this installation to make the link: ./run manage reset_password.",
    ),
    Rule(
        "ALERT-01",
        Severity.BLOCK,
        "An alert sleeps from tomorrow at the earliest, to its due day or its next, tighter threshold at the latest.",
        PRODUCT,
        "Choose an earlier day. What is due is done, or dismissed with a reason.",
    ),
    Rule(
        "ALERT-02",
        Severity.BLOCK,
        "What is snoozed, dismissed or taken is open, and what is opened again was dismissed.",
        PRODUCT,
        "Load the alerts anew: somebody else was faster, or the cause is gone.",
    ),
    Rule(
        "PARAM-01",
        Severity.BLOCK,
        "A parameter's value has the form of the value that it replaces.",
        PRODUCT,
        "Enter a value in the form of the shipped one.",
    ),
    Rule(
        "PARAM-02",
        Severity.BLOCK,
        "A parameter's value is in force from a day between 2000 and 2099.",
        PRODUCT,
        "Enter the first day on which the value counts.",
    ),
    Rule(
        "RECORD-01",
        Severity.BLOCK,
        "What may stand on file only once is there already.",
        PRODUCT,
        "Open the one that is on file and change it.",
    ),
    Rule(
        "API-01",
        Severity.BLOCK,
        "A repeated request with the same Idempotency-Key carries the same body.",
        PRODUCT,
        "Use a new key for a new request.",
    ),
    Rule(
        "FILE-01",
        Severity.BLOCK,
        "A file that is read in is what it says it is.",
        PRODUCT,
        "Correct the named record and send the file again; nothing was changed.",
    ),
)

CATALOGUE: dict[str, Rule] = {rule.code: rule for rule in _RULES}
