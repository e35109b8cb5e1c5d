"""Readers that the writer does not share: one of our own for tests, and pyx12 with its maps of the guide."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pyx12.params
import pyx12.x12n_document


def segments_of(file: bytes) -> list[list[str]]:
    """Return the elements of each segment, by the delimiters that the ISA names and by nothing else."""
    written = file.decode("ascii")
    element, terminator = written[3], written[105]
    return [segment.strip("\n").split(element) for segment in written.split(terminator)[:-1]]


def named(file: bytes, name: str) -> list[list[str]]:
    """Return the segments of that name."""
    return [segment for segment in segments_of(file) if segment[0] == name]


def complaints(file: bytes) -> list[str]:
    """Return what pyx12 says against the file; one call costs a tenth of a second before the first claim."""
    report = io.StringIO()
    accepted = pyx12.x12n_document.x12n_document(
        pyx12.params.params(), io.StringIO(file.decode("ascii")), None, None, None, report
    )
    said = list(_errors(json.loads(report.getvalue())))
    return said if said or accepted else ["refused without a reason"]


def _errors(report: Any) -> Iterator[str]:
    if isinstance(report, list):
        for part in report:
            yield from _errors(part)
    if isinstance(report, dict):
        if "err_str" in report:
            yield report["err_str"]
        yield from _errors(list(report.values()))
