"""JUnit's XML: a suite a student, a case a check, with the points as a property."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from gru.grading.record import Credit, Record

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def results(records: Sequence[Record]) -> str:
    """All students in one document."""
    suites = ElementTree.Element("testsuites")
    for record in records:
        suites.append(_suite(record))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(record: Record) -> ElementTree.Element:
    cases = [_case(record, credit) for credit in record.credits]
    counts = {kind: str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error", "skipped")}
    suite = ElementTree.Element(
        "testsuite",
        name=_text(record.student),
        tests=str(len(cases)),
        failures=counts["failure"],
        errors=counts["error"],
        skipped=counts["skipped"],
        time=f"{record.seconds:.3f}",
    )
    suite.extend(cases)
    return suite


def _case(record: Record, credit: Credit) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=_text(record.student), name=credit.check, time="0")
    properties = ElementTree.SubElement(case, "properties")
    for name, value in (
        ("points", f"{credit.points:g}"),
        ("maximum", f"{credit.maximum:g}"),
        ("status", credit.status),
    ):
        ElementTree.SubElement(properties, "property", name=name, value=value)
    if record.verdict not in ("right", "wrong"):
        ElementTree.SubElement(case, "error", message=_text(record.reason or record.verdict)).text = _text(record.text)
    elif credit.points < credit.maximum or credit.status == "wrong":
        ElementTree.SubElement(case, "failure", message=credit.status).text = _text(credit.output)
    return case


def _text(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)
