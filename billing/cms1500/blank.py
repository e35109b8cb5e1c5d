"""The blank CMS-1500 (02/12) as HTML, for people to look at: our own drawing, on the grid of ``form``.

It is a file copy. Payers scan the printed red form, whose artwork is its committee's; for that, the same text is
printed without this drawing on pre-printed stock. Everything here is measured in columns and lines from the upper left
corner of the grid, so that a cell of the grid and a box of the form cannot come apart.

Source of the boxes and their titles: National Uniform Claim Committee, 1500 claim form 02/12.
"""

from collections.abc import Iterator

from billing.cms1500.form import DIAGNOSES, FIELDS, FIRST_SERVICE_LINE, SERVICE_LINES
from billing.cms1500.grid import CELL_HEIGHT, CELL_WIDTH, LEFT, PAPER_HEIGHT, PAPER_WIDTH, TOP

Rule = tuple[float, float, float]
Label = tuple[float, float, str]

EDGE, END = -0.5, 79.5  # columns of the frame
LEFT_OF_MIDDLE, MIDDLE = 28.6, 48.6

STYLE = f"""
@page {{ size: {PAPER_WIDTH}pt {PAPER_HEIGHT}pt; margin: 0 }}
@font-face {{ font-family: form; src: url("packaged:sourcesanspro-regular-webfont.woff2") }}
body {{ margin: 0; font: 5.4pt/6pt form; color: #c2281d }}
i, b, p, s, u {{ position: absolute; margin: 0; font-style: normal; font-weight: normal; white-space: nowrap }}
i {{ height: 0; border-top: .5pt solid #c2281d }}
b {{ width: 0; border-left: .5pt solid #c2281d }}
b.faint {{ border-left: .3pt solid #eab0aa }}
s {{ background: #f9dcd8 }}
u {{ width: 8pt; height: 8pt; border: .5pt solid #c2281d }}
p.large {{ font-size: 10pt }}
"""

# Lines across: how many lines of the grid are above, from and to which column.
ACROSS: tuple[Rule, ...] = (
    *((y, EDGE, END) for y in (6, 8, 10, 12, 26, 30, 32, 34, 36, 40, 42, 54, 56, 61.3)),
    *((y, EDGE, LEFT_OF_MIDDLE) for y in (14, 16, 18, 20, 22, 24)),
    *((y, MIDDLE, END) for y in (14, 16, 18, 20, 22, 24, 38)),
    (18, LEFT_OF_MIDDLE, MIDDLE),
    (24, LEFT_OF_MIDDLE, MIDDLE),
    (33, 28.2, MIDDLE),
    (60, 21.6, END),
)
# Lines down: the column, and from and to how many lines of the grid are above.
DOWN: tuple[Rule, ...] = (
    *((x, 6, 61.3) for x in (EDGE, END)),
    *((MIDDLE, top, end) for top, end in ((6, 40), (54, 61.3))),
    *((LEFT_OF_MIDDLE, top, end) for top, end in ((8, 26), (30, 32))),
    *((24.6, 12, 14), (12.6, 14, 16), (72.7, 12, 14), (62.7, 14, 16)),
    *((28.2, 32, 34), (31.7, 32, 34), (60.4, 36, 38)),
    *((x, 40, 54) for x in (17.5, 20.6, 23.6, 43.6, 57.6, 61.6, 63.6, 66.5)),
    (MIDDLE, 40, 54),
    *((21.4, 54, 56), (36.6, 54, 56), (60.3, 54, 56), (70.4, 54, 56)),
    *((21.6, 56, 61.3), (34, 60, 61.3), (60.6, 60, 61.3)),
)
FAINT: tuple[Rule, ...] = (
    *((x, 43, 54) for x in (2.6, 5.6, 8.7, 11.6, 14.6, 31.5, 34.7, 37.7, 40.7, 55)),
    *((57, 54, 56), (67, 54, 56)),
    *((x, 9, 10) for x in (32.6, 35.6)),
)
CHECKED: tuple[tuple[str, str], ...] = (
    *(("1.other", "OTHER"), ("3.M", "M"), ("3.F", "F"), ("6.self", "")),
    *(("10a.no", "NO"), ("10b.no", "NO"), ("10c.no", "NO"), ("11d.no", "NO"), ("20.no", "NO")),
    *(("25.ein", ""), ("27.yes", "YES")),
)
# Boxes that this product never ticks: line and column of the square, and its word.
UNTICKED: tuple[tuple[int, int, str], ...] = (
    *(
        (8, 1, "MEDICARE"),
        (8, 8, "MEDICAID"),
        (8, 15, "TRICARE"),
        (8, 24, "CHAMPVA"),
        (8, 31, "GROUP"),
        (8, 39, "FECA"),
    ),
    *((12, column, "") for column in (38, 42, 47)),
    *((line, 35, "YES") for line in (20, 22, 24)),
    *((26, 52, "YES"), (36, 52, "YES"), (56, 17, ""), (56, 43, "NO"), (20, 68, "M"), (20, 75, "F")),
)
TITLES: tuple[Label, ...] = (
    *((6, EDGE, "1."), (6, MIDDLE, "1a. INSURED'S I.D. NUMBER")),
    *(
        (8, EDGE, "2. PATIENT'S NAME (Last Name, First Name, Middle Initial)"),
        (8, LEFT_OF_MIDDLE, "3. PATIENT'S BIRTH DATE"),
    ),
    *((8, 41, "SEX"), (8, MIDDLE, "4. INSURED'S NAME (Last Name, First Name, Middle Initial)")),
    *((10, EDGE, "5. PATIENT'S ADDRESS (No., Street)"), (10, LEFT_OF_MIDDLE, "6. PATIENT RELATIONSHIP TO INSURED")),
    *(
        (11.3, 30.3, "Self"),
        (11.3, 34.2, "Spouse"),
        (11.3, 38.7, "Child"),
        (11.3, 43.5, "Other"),
        (10, MIDDLE, "7. INSURED'S ADDRESS (No., Street)"),
    ),
    *((12, EDGE, "CITY"), (12, 24.6, "STATE"), (12, LEFT_OF_MIDDLE, "8. RESERVED FOR NUCC USE"), (12, MIDDLE, "CITY")),
    *((12, 72.7, "STATE"), (14, EDGE, "ZIP CODE"), (14, 12.6, "TELEPHONE (Include Area Code)")),
    *((14, MIDDLE, "ZIP CODE"), (14, 62.7, "TELEPHONE (Include Area Code)")),
    *((16, EDGE, "9. OTHER INSURED'S NAME (Last Name, First Name, Middle Initial)"),),
    *(
        (16, LEFT_OF_MIDDLE, "10. IS PATIENT'S CONDITION RELATED TO:"),
        (16, MIDDLE, "11. INSURED'S POLICY GROUP OR FECA NUMBER"),
    ),
    *(
        (18, EDGE, "a. OTHER INSURED'S POLICY OR GROUP NUMBER"),
        (18, LEFT_OF_MIDDLE, "a. EMPLOYMENT? (Current or Previous)"),
    ),
    *((18, MIDDLE, "a. INSURED'S DATE OF BIRTH"), (18, 66.5, "SEX"), (20, EDGE, "b. RESERVED FOR NUCC USE")),
    *(
        (20, LEFT_OF_MIDDLE, "b. AUTO ACCIDENT?"),
        (20, 43.5, "PLACE (State)"),
        (20, MIDDLE, "b. OTHER CLAIM ID (Designated by NUCC)"),
    ),
    *((22, EDGE, "c. RESERVED FOR NUCC USE"), (22, LEFT_OF_MIDDLE, "c. OTHER ACCIDENT?")),
    *((22, MIDDLE, "c. INSURANCE PLAN NAME OR PROGRAM NAME"), (24, EDGE, "d. INSURANCE PLAN NAME OR PROGRAM NAME")),
    *(
        (24, LEFT_OF_MIDDLE, "10d. CLAIM CODES (Designated by NUCC)"),
        (24, MIDDLE, "d. IS THERE ANOTHER HEALTH BENEFIT PLAN?"),
    ),
    (26, EDGE, "12. PATIENT'S OR AUTHORIZED PERSON'S SIGNATURE: I authorize the release of any medical or other"),
    (26.6, 1, "information necessary to process this claim, and payment of benefits as stated in box 27."),
    *((28.5, EDGE, "SIGNED"), (28.5, 33, "DATE"), (28.5, MIDDLE, "SIGNED")),
    (26, MIDDLE, "13. INSURED'S OR AUTHORIZED PERSON'S SIGNATURE: I authorize"),
    (26.6, 51, "payment of medical benefits to the undersigned supplier."),
    *(
        (30, EDGE, "14. DATE OF CURRENT ILLNESS, INJURY, or PREGNANCY (LMP)"),
        (31.3, 13, "QUAL."),
        (30, LEFT_OF_MIDDLE, "15. OTHER DATE"),
    ),
    *((31.3, LEFT_OF_MIDDLE, "QUAL."), (30, MIDDLE, "16. DATES PATIENT UNABLE TO WORK IN CURRENT OCCUPATION")),
    *((31.3, 51, "FROM"), (31.3, 65.5, "TO"), (32, EDGE, "17. NAME OF REFERRING PROVIDER OR OTHER SOURCE")),
    *((32.3, 28.2, "17a."), (33.3, 28.2, "17b."), (33.3, 29.8, "NPI")),
    *((32, MIDDLE, "18. HOSPITALIZATION DATES RELATED TO CURRENT SERVICES"), (33.3, 51, "FROM"), (33.3, 65.5, "TO")),
    *((34, EDGE, "19. ADDITIONAL CLAIM INFORMATION (Designated by NUCC)"), (34, MIDDLE, "20. OUTSIDE LAB?")),
    *(
        (34, 62, "$ CHARGES"),
        (36, EDGE, "21. DIAGNOSIS OR NATURE OF ILLNESS OR INJURY  Relate A-L to service line (24E)"),
    ),
    *((36.3, 38, "ICD Ind."), (36, MIDDLE, "22. RESUBMISSION CODE"), (36, 60.4, "ORIGINAL REF. NO.")),
    (38, MIDDLE, "23. PRIOR AUTHORIZATION NUMBER"),
    *((40, EDGE, "24. A. DATE(S) OF SERVICE"), (40.8, 2, "From"), (40.8, 11, "To")),
    *((41.4, x, unit) for x, unit in zip((0.3, 3, 6, 9.3, 12, 15), ("MM", "DD", "YY") * 2, strict=True)),
    *((40, 17.5, "B. PLACE"), (40.7, 17.5, "OF SERV."), (40, 20.6, "C."), (40.7, 20.6, "EMG")),
    *((40, 23.6, "D. PROCEDURES, SERVICES, OR SUPPLIES"), (41.3, 23.6, "CPT/HCPCS"), (41.3, 33, "MODIFIER")),
    *(
        (40, 43.6, "E. DIAG-"),
        (40.7, 43.6, "NOSIS"),
        (41.3, 43.6, "POINTER"),
        (40, MIDDLE, "F."),
        (41.3, MIDDLE, "$ CHARGES"),
    ),
    *(
        (40, 57.6, "G. DAYS"),
        (40.7, 57.6, "OR UNITS"),
        (40, 61.6, "H."),
        (40.7, 61.6, "EPS"),
        (40, 63.6, "I. ID."),
        (40.7, 63.6, "QUAL."),
    ),
    *((40, 66.5, "J. RENDERING"), (40.7, 66.5, "PROVIDER ID. #")),
    *(
        (54, EDGE, "25. FEDERAL TAX I.D. NUMBER"),
        (54.4, 15.6, "SSN"),
        (54.4, 17.8, "EIN"),
        (54, 21.4, "26. PATIENT'S ACCOUNT NO."),
    ),
    *(
        (54, 36.6, "27. ACCEPT ASSIGNMENT?"),
        (54, MIDDLE, "28. TOTAL CHARGE"),
        (55.2, MIDDLE, "$"),
        (54, 60.3, "29. AMOUNT PAID"),
    ),
    *((55.2, 60.3, "$"), (54, 70.4, "30. Rsvd for NUCC Use"), (56, EDGE, "31. SIGNATURE OF PHYSICIAN OR SUPPLIER")),
    *((56.6, EDGE, "INCLUDING DEGREES OR CREDENTIALS"), (60.3, EDGE, "DATE")),
    *((56, 21.6, "32. SERVICE FACILITY LOCATION INFORMATION"), (60, 21.6, "a."), (60, 34, "b.")),
    *((56, MIDDLE, "33. BILLING PROVIDER INFO &amp; PH #"), (60, MIDDLE, "a."), (60, 60.6, "b.")),
    (61.5, EDGE, "CMS-1500 (02/12), file copy. Claims on paper are mailed on the printed red form."),
)


def blank_form() -> str:
    """Return the form as an HTML page of one sheet."""
    return f"<!doctype html><html lang=en><title>CMS-1500</title><style>{STYLE}</style>{''.join(_drawn())}</html>"


def _drawn() -> Iterator[str]:
    tops = [FIRST_SERVICE_LINE - 2 + 2 * number for number in range(SERVICE_LINES)]
    yield from (_placed("s", top, EDGE, width=END - EDGE, height=1) for top in tops)
    yield from (_across((top + 2, EDGE, END)) for top in tops)
    yield from (_text((top + 1.2, EDGE - 1.2, str(number))) for number, top in enumerate(tops, start=1))
    yield from (_text((top + 1.2, 63.6, "NPI")) for top in tops)
    yield from map(_across, ACROSS)
    yield from (_down(rule) for rule in DOWN)
    yield from (_down(rule, "faint") for rule in FAINT)
    yield from (_square(FIELDS[key].line, FIELDS[key].column, word) for key, word in CHECKED)
    yield from (_square(*square) for square in UNTICKED)
    yield from map(_text, TITLES)
    for letter in DIAGNOSES:
        field = FIELDS[f"21.{letter}"]
        yield _text((field.line - 0.7, field.column - 2.3, f"{letter}."))
    yield _text((2, EDGE, "HEALTH INSURANCE CLAIM FORM"), "large")


def _across(rule: Rule) -> str:
    top, start, end = rule
    return _placed("i", top, start, width=end - start)


def _down(rule: Rule, kind: str = "") -> str:
    column, top, end = rule
    return _placed("b", top, column, height=end - top, kind=kind)


def _square(line: int, column: int, word: str) -> str:
    """A box for an X around its cell, with its word behind it."""
    return _placed("u", line - 0.87, column - 1.13) + _text((line - 0.7, column + 0.3, word))


def _text(label: Label, kind: str = "") -> str:
    top, column, words = label
    return _placed("p", top, column + 0.2, kind=kind, words=words)


def _placed(
    tag: str, top: float, column: float, *, width: float = 0, height: float = 0, kind: str = "", words: str = ""
) -> str:
    """Return an element at that place of the grid; a width or height of none is the style's."""
    sides = {
        "left": LEFT + column * CELL_WIDTH,
        "top": TOP + top * CELL_HEIGHT,
        "width": width * CELL_WIDTH,
        "height": height * CELL_HEIGHT,
    }
    style = ";".join(f"{side}:{points:.4g}pt" for side, points in sides.items() if points or side in ("left", "top"))
    return f'<{tag} class="{kind}" style="{style}">{words}</{tag}>'
