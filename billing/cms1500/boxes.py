"""Boxes: what a claim says in each box of the CMS-1500, as a mapping from key to text for each sheet.

The Veteran is always patient and insured in one, and VA the only payer: box 1 says other, box 6 self, boxes 9 to 9d
are empty. More than six services go on further sheets, each of which says everything else again. Nothing is cut: what
does not fit is found by ``billing.cms1500.fit``. What is printed has passed ``billing.domain.scrub``.

Source: National Uniform Claim Committee, 1500 instruction manual 02/12; VA provider bulletins of September 2019 and
February 2020 for box 23.

>>> plain("Dr. O'Neil-Peña, Ste. #4")
'DR ONEIL-PENA STE 4'
>>> plain("Ketamine 0.5 mg/mL inj.")
'KETAMINE 0.5 MG/ML INJ'
>>> dollars(Decimal("1450.5"))
'1450 50'
"""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing.cms1500.form import FIELDS, SERVICE_LINES
from billing.domain.claim import (
    Address,
    BillingProvider,
    Clinician,
    Drug,
    Facility,
    Payer,
    ProfessionalClaim,
    ServiceLine,
    Subscriber,
)
from billing.domain.lettering import capitals
from billing.domain.paper import SHIPPED, PaperRules, Totals
from vca.domain.identifiers.place_of_service import HOME

Sheet = dict[str, str]

ON_FILE = "SIGNATURE ON FILE"
TAXONOMY = "ZZ"  # qualifier of a taxonomy code on paper
REFERRING = "DN"
ICD_10 = "0"
BETWEEN_ITEMS = "   "  # of the shaded half of a service line
TRIAL = "TEST DATA - NOT A CLAIM"

_DELETED = re.compile(r"'|(?<!\d)\.|\.(?!\d)")
_FOREIGN = re.compile(r"[^A-Z0-9/%.-]+")


def sheets(claim: ProfessionalClaim, *, signed_on: date, rules: PaperRules = SHIPPED) -> tuple[Sheet, ...]:
    """Return what stands on each sheet of the claim, boxes without text left out. ``signed_on`` is for box 31."""
    around = head(claim) | condition(claim) | foot(claim, signed_on, rules)
    starts = range(0, max(len(claim.lines), 1), SERVICE_LINES)
    parts = [claim.lines[start : start + SERVICE_LINES] for start in starts]
    whole = dollars(sum((line.charge for line in claim.lines), start=Decimal()))
    found = [around | services(part, rules) for part in parts]
    if rules.totals is Totals.LAST_SHEET:
        for sheet in found:
            sheet["28"] = whole if sheet is found[-1] else "CONTINUED"
    return tuple({key: text for key, text in sheet.items() if text} for sheet in found)


def head(claim: ProfessionalClaim) -> Sheet:
    """The carrier block and boxes 1 to 13."""
    payer, veteran = claim.payer, claim.subscriber
    name = full_name(veteran)
    causes = {"10a.no": "X", "10b.no": "X", "10c.no": "X"}
    return {
        **carrier(payer, test_data=claim.test_data),
        **{"1.other": "X", "1a": plain(veteran.member_id), "2": name, "4": name, "6.self": "X"},
        **born(veteran),
        **home("5", veteran),
        **home("7", veteran),
        **causes,
        **{"11c": plain(payer.name), "11d.no": "X", "12": ON_FILE, "13": ON_FILE},
    }


def carrier(payer: Payer, *, test_data: bool) -> Sheet:
    """Whom the form is mailed to."""
    address = payer.address
    lines = [payer.name] if address is None else [payer.name, address.street, address.street_2, city_line(address)]
    written = [text for text in map(plain, lines) if text]
    block = {f"carrier.{place}": text for place, text in enumerate(written, start=1)}
    return {"trial": TRIAL if test_data else "", **block}


def born(veteran: Subscriber) -> Sheet:
    """Box 3. A sex that is not known is left open."""
    day = veteran.birth_date
    when = {} if day is None else {"3.month": f"{day:%m}", "3.day": f"{day:%d}", "3.year": f"{day.year:04d}"}
    return {**when, "3.M": "X" if veteran.sex == "M" else "", "3.F": "X" if veteran.sex == "F" else ""}


def home(box: str, veteran: Subscriber) -> Sheet:
    """Boxes 5 and 7: where the Veteran lives."""
    address, (area, number) = veteran.address, phone(veteran.phone)
    return {
        f"{box}.street": street(address),
        f"{box}.city": plain(address.city),
        f"{box}.state": plain(address.state),
        f"{box}.zip": zip_code(address.zip_code),
        f"{box}.area": area,
        f"{box}.phone": number,
    }


def condition(claim: ProfessionalClaim) -> Sheet:
    """Boxes 17 to 23. Box 22 is for a replacement or void alone."""
    again = claim.frequency_code if claim.original_claim_number else ""
    codes = {f"21.{letter(place)}": code for place, code in enumerate(claim.diagnoses, start=1)}
    return {
        **referrer(claim.referring),
        **{"20.no": "X", "21.indicator": ICD_10},
        **codes,
        **{"22.code": again, "22.original": capitals(claim.original_claim_number)},
        "23": claim.referral_number,
    }


def referrer(referring: Clinician | None) -> Sheet:
    """Box 17, where VA named somebody: first name, middle, last, without a comma."""
    if referring is None:
        return {}
    name = plain(f"{referring.first_name} {referring.middle_name} {referring.last_name}")
    return {"17.role": REFERRING, "17.name": name, "17b": referring.npi}


def services(part: tuple[ServiceLine, ...], rules: PaperRules) -> Sheet:
    """Box 24 of one sheet, and box 28 as their sum."""
    found: Sheet = {}
    for number, line in enumerate(part, start=1):
        found |= service(number, line, rules)
    return found | {"28": dollars(sum((line.charge for line in part), start=Decimal()))}


def service(number: int, line: ServiceLine, rules: PaperRules) -> Sheet:
    """One line of box 24."""
    day, taxonomy = line.service_date, line.rendering.taxonomy
    dates = {f"24A.{number}.{end}.{part}": text for end in ("from", "to") for part, text in short(day).items()}
    modifiers = {f"24D.{number}.modifier.{place}": text for place, text in enumerate(line.modifiers, start=1)}
    return {
        f"24.{number}.supplement": supplement(line.description, line.drug, rules),
        f"24I.{number}.kind": TAXONOMY if taxonomy else "",
        f"24J.{number}.other": taxonomy,
        **dates,
        f"24B.{number}": line.place_of_service,
        f"24D.{number}.code": line.code,
        **modifiers,
        f"24E.{number}": pointers(line.diagnosis_pointers),
        f"24F.{number}": dollars(line.charge),
        f"24G.{number}": str(line.units),
        f"24J.{number}.npi": line.rendering.npi,
    }


def supplement(description: str, drug: Drug | None, rules: PaperRules) -> str:
    """Return the shaded half of a service line: the name of a drug whose code does not say it (ZZ), and its NDC (N4).

    >>> supplement("Ketamine inj", Drug("42023011410", "ML", Decimal("0.86")), PaperRules())
    'ZZKETAMINE INJ   N442023011410   ML.86'
    """
    items = [f"ZZ{plain(description)}"] if plain(description) else []
    if drug is not None:
        amount = f"{drug.quantity.normalize():f}".removeprefix("0")
        items.append(f"N4{drug.ndc}{' ' * rules.spaces_after_ndc}{drug.unit}{amount}")
    return BETWEEN_ITEMS.join(items)


def foot(claim: ProfessionalClaim, signed_on: date, rules: PaperRules) -> Sheet:
    """Boxes 25 to 33. Box 32 is empty where the service was given at the Veteran's home."""
    provider = claim.billing_provider
    elsewhere = claim.place_of_service != HOME
    return {
        **{"25": provider.tax_id, "25.ein": "X", "26": claim.control_number, "27.yes": "X", "31": ON_FILE},
        **{f"31.{part}": text for part, text in short(signed_on).items()},
        **(facility(claim.facility) if elsewhere else {}),
        **payee(provider, rules.billing_name or provider.name),
    }


def facility(place: Facility) -> Sheet:
    """Box 32."""
    return {**block("32", place.name, place.address), "32a": place.npi}


def payee(provider: BillingProvider, name: str) -> Sheet:
    """Box 33: who is paid."""
    area, number = phone(provider.phone)
    return {
        **{"33.area": area, "33.phone": number},
        **block("33", name, provider.address),
        **{"33a": provider.npi, "33b.kind": TAXONOMY if provider.taxonomy else "", "33b.number": provider.taxonomy},
    }


def block(box: str, name: str, address: Address) -> Sheet:
    """Return name and address in three lines.

    The ZIP code has nine digits where they fit, else its five. Source: NUCC 1500 instruction manual, items 32 and 33,
    which ask for a hyphen when nine digits are entered; the 837P wants nine in any case (loops 2010AA, 2310C, N403).
    """
    whole = city_line(address)
    short_line = city_line(replace(address, zip_code=address.zip_code[:5]))
    fits = len(whole) <= FIELDS[f"{box}.city"].width
    return {f"{box}.name": plain(name), f"{box}.street": street(address), f"{box}.city": whole if fits else short_line}


def full_name(person: Subscriber) -> str:
    """Return last name with suffix, first name and middle initial, with commas between.

    The initial stands for the middle name, as the box asks for it.
    """
    last = plain(f"{person.last_name} {person.suffix}")
    parts = (last, plain(person.first_name), plain(person.middle_name)[:1])
    return ", ".join(part for part in parts if part)


def street(address: Address) -> str:
    """Return both lines of a street as the one that the form has."""
    return plain(f"{address.street} {address.street_2}")


def city_line(address: Address) -> str:
    """Return city, state and ZIP code as one line."""
    return f"{plain(address.city)} {plain(address.state)} {zip_code(address.zip_code)}"


def zip_code(digits: str) -> str:
    """Return a ZIP code of nine digits with its hyphen."""
    return f"{digits[:5]}-{digits[5:]}" if len(digits) == 9 else digits


def phone(number: str) -> tuple[str, str]:
    """Return area code and number of a telephone number of ten digits; both empty for any other."""
    digits = "".join([c for c in number if c.isascii() and c.isdigit()])[-10:]
    return (digits[:3], f"{digits[3:6]}-{digits[6:]}") if len(digits) == 10 else ("", "")


def pointers(places: tuple[int, ...]) -> str:
    """Return pointers as the letters of box 21, without commas."""
    return "".join(map(letter, places))


def letter(place: int) -> str:
    """Return the letter of a diagnosis, A for 1; whatever is beyond L has no box and is found by ``fit``."""
    return chr(ord("A") + place - 1)


def short(day: date) -> Sheet:
    """Return month, day and two digits of the year."""
    return {"month": f"{day:%m}", "day": f"{day:%d}", "year": f"{day:%y}"}


def dollars(amount: Decimal) -> str:
    """Return dollars and cents with a space between, as the dotted line of the form asks."""
    whole, _, cents = f"{amount:.2f}".partition(".")
    return f"{whole} {cents}"


def plain(value: str) -> str:
    """Return the value in capitals and without punctuation, as the form is filled in.

    Hyphens, slashes and percent signs stay, and a point between digits: they change what is said.
    """
    return _FOREIGN.sub(" ", _DELETED.sub("", capitals(value))).strip()
