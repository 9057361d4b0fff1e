"""What labels, alerts, stamps and records may say (schemas/README.md, sections 2, 4 and 6)."""

import re
import unicodedata

from strict_avro import Refused

TIME_MS_MAX = 4_102_444_800_000
ITEMS_MAX = 1_000
CLASSIFICATIONS = ("UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP_SECRET")
JURISDICTIONS = ("PK", "PK-BA", "PK-GB", "PK-IS", "PK-JK", "PK-KP", "PK-PB", "PK-SD")
ALIASES = {"PK-TA": "PK-KP", "PK-BL": "PK-BA"}
CAVEATS = (
    "EYES_ONLY",
    "JUVENILE",
    "NOT_FOR_COURT",
    "NO_ONWARD",
    "ORCON",
    "PROTECTED_PERSON",
)

AGENCY = re.compile(r"[a-z][a-z0-9]{0,15}(-[a-z0-9]{1,15}){0,3}")
PRINCIPAL_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,47}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
CASE_REFERENCE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ./:_-]{0,62}[A-Za-z0-9])?")
PURPOSE_REFERENCE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9./:_-]{0,62}[A-Za-z0-9])?")
REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")

BIDIRECTIONAL = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
NOT_IN_A_LINE = {0x2028, 0x2029, *BIDIRECTIONAL}
WHITE_SPACE = "".join(
    chr(code)
    for code in (
        *range(0x09, 0x0E),
        0x20,
        0xA0,
        0x1680,
        *range(0x2000, 0x200B),
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x3000,
        0xFEFF,
    )
)


def is_agency(text):
    return AGENCY.fullmatch(text) is not None


def is_principal(text):
    agency, slash, name = text.partition("/")
    return slash == "/" and is_agency(agency) and PRINCIPAL_NAME.fullmatch(name) is not None


def agency_of(principal):
    return principal.partition("/")[0]


def is_time(value):
    return 0 <= value <= TIME_MS_MAX


def is_line(text):
    return not any(
        unicodedata.category(character) == "Cc" or ord(character) in NOT_IN_A_LINE
        for character in text
    )


def is_text(text):
    return is_line(text.replace("\n", "").replace("\t", ""))


def is_trimmed(text, characters_max):
    return 1 <= len(text) <= characters_max and text.strip(WHITE_SPACE) == text


def _is_set(texts, parse):
    meant = [parse(text) for text in texts]
    in_bytes = [text.encode("utf-8") for text in texts]
    return (
        len(texts) <= ITEMS_MAX
        and None not in meant
        and len(set(meant)) == len(meant)
        and all(a < b for a, b in zip(in_bytes, in_bytes[1:]))
    )


def jurisdiction(code):
    return code if code in JURISDICTIONS else ALIASES.get(code)


def _agency(name):
    return name if is_agency(name) else None


def _caveat(name):
    return name if name in CAVEATS else None


def label_from(written):
    """The label that is meant; refused with the part that is none."""
    if written["classification"] not in CLASSIFICATIONS:
        raise Refused("label-invalid", "classification")
    codes = written["jurisdictions"]
    if not codes or not _is_set(codes, jurisdiction):
        raise Refused("label-invalid", "jurisdictions")
    agencies = written["releasableTo"]
    if agencies is not None and (not agencies or not _is_set(agencies, _agency)):
        raise Refused("label-invalid", "releasableTo")
    if not _is_set(written["caveats"], _caveat):
        raise Refused("label-invalid", "caveats")
    return {**written, "jurisdictions": sorted(jurisdiction(code) for code in codes)}


def alert_from(written):
    """The alert that is meant; refused with the field that means nothing."""
    _need(is_agency(written["origin"]), "origin")
    label = label_from(written["label"])
    for path, is_good in _lines(written):
        if not is_good:
            raise Refused("text-controls", path)
    _times(written)
    _texts(written["texts"])
    areas = [_area(area, f"areas[{at}]") for at, area in _items(written, "areas")]
    for at, one in _items(written, "indicators"):
        _need(INDICATORS[one["type"]](one["value"]), f"indicators[{at}].value")
    for at, one in _items(written, "references"):
        _reference(written, one, f"references[{at}]")
    for at, one in _items(written, "caseReferences"):
        _need(CASE_REFERENCE.fullmatch(one["value"]), f"caseReferences[{at}].value")
    basis = written["legalBasis"]
    if basis is not None:
        _need(is_trimmed(basis["provision"], 300), "legalBasis.provision")
        _need(_is_time_or_null(basis["expiresAtMs"]), "legalBasis.expiresAtMs")
    _need(1 <= written["evaluation"]["credibility"] <= 6, "evaluation.credibility")
    recalls = [one for one in written["references"] if one["relation"] == "RECALLS"]
    _need(len(recalls) == (1 if written["kind"] == "RECALL" else 0), "references")
    return {**written, "label": label, "areas": areas}


def _need(is_good, path):
    if not is_good:
        raise Refused("alert-meaningless", path)


def _items(written, name):
    _need(len(written[name]) <= ITEMS_MAX, name)
    return enumerate(written[name])


def _lines(written):
    """Every text, by its path, and whether it is a line (a narrative: lines)."""
    for at, text in enumerate(written["texts"]):
        yield f"texts[{at}].headline", is_line(text["headline"])
        yield f"texts[{at}].narrative", is_text(text["narrative"])
    for at, area in enumerate(written["areas"]):
        yield f"areas[{at}].district", is_line(area["district"] or "")
    for at, indicator in enumerate(written["indicators"]):
        yield f"indicators[{at}].value", is_line(indicator["value"])
    if written["legalBasis"] is not None:
        yield "legalBasis.provision", is_line(written["legalBasis"]["provision"])


def _is_time_or_null(value):
    return value is None or is_time(value)


def _times(written):
    sent, expires, occurred = (written[name] for name in ("sentAtMs", "expiresAtMs", "occurred"))
    _need(is_time(sent), "sentAtMs")
    _need(expires is None or (is_time(expires) and expires > sent), "expiresAtMs")
    if occurred is not None:
        start, end = occurred["fromMs"], occurred["toMs"]
        _need(-TIME_MS_MAX <= start <= end <= TIME_MS_MAX, "occurred")


def _texts(texts):
    languages = [text["language"] for text in texts]
    _need(1 <= len(texts) <= ITEMS_MAX and len(set(languages)) == len(languages), "texts")
    for at, text in enumerate(texts):
        _need(LANGUAGE.fullmatch(text["language"]), f"texts[{at}].language")
        _need(is_trimmed(text["headline"], 300), f"texts[{at}].headline")
        _need(len(text["narrative"]) <= 20_000, f"texts[{at}].narrative")


def _area(area, path):
    code = jurisdiction(area["jurisdiction"])
    point, radius = area["point"], area["radiusMetres"]
    _need(code is not None, f"{path}.jurisdiction")
    _need(area["district"] is None or is_trimmed(area["district"], 100), f"{path}.district")
    if point is not None:
        is_place = abs(point["latitude"]) <= 90 and abs(point["longitude"]) <= 180
        _need(is_place, f"{path}.point")
    is_radius = radius is None or (point is not None and 1 <= radius <= 1_000_000)
    _need(is_radius, f"{path}.radiusMetres")
    return {**area, "jurisdiction": code}


def _reference(alert, reference, path):
    is_own = reference["origin"] == alert["origin"]
    _need(is_agency(reference["origin"]), f"{path}.origin")
    _need(not (is_own and reference["id"] == alert["id"]), f"{path}.id")
    _need(is_own or reference["relation"] not in ("SUPERSEDES", "RECALLS"), f"{path}.origin")


def _form(pattern, characters_max=None):
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) and len(text) <= (characters_max or len(text))


def _is_imei(text):
    if not re.fullmatch("[0-9]{15}", text):
        return False
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(text)]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _is_name(text):
    return is_trimmed(text, 200)


INDICATORS = {
    "PERSON": _is_name,
    "ORGANISATION": _is_name,
    "CNIC": _form("[0-9]{13}"),
    "PHONE": _form(r"\+[1-9][0-9]{6,14}"),
    "VEHICLE": _form("[A-Z0-9]+(-[A-Z0-9]+)*", 20),
    "IMEI": _is_imei,
    "ACCOUNT": _form("[A-Z0-9]{4,34}"),
    "DOCUMENT": _form("[A-Z0-9]([A-Z0-9/-]{0,38}[A-Z0-9])?"),
}


def is_record(record):
    principal, agency, alert = (record[name] for name in ("principal", "agency", "alert"))
    directory, purpose = record["directory"], record["purpose"]
    reference = purpose and purpose["caseReference"]
    return (
        is_time(record["timeMs"])
        and (agency is None or is_agency(agency))
        and (principal is None or (is_principal(principal) and agency_of(principal) == agency))
        and (alert is None or is_agency(alert["origin"]))
        and all(REASON.fullmatch(reason) for reason in record["reasons"])
        and (directory is None or directory["sequence"] >= 0)
        and (reference is None or PURPOSE_REFERENCE.fullmatch(reference) is not None)
    )
