"""Who may read, export, publish, preview, audit and call for the directory, from the sentences of the design: all reasons of a denial."""

from meaning import CLASSIFICATIONS

EVERY_ROLE = {"administrator", "auditor", "national-auditor", "publisher", "subscriber"}

ROLES = {
    "read": {"subscriber"},
    "acknowledge": {"subscriber"},
    "export": {"subscriber"},
    "status": EVERY_ROLE,
    "publish": {"publisher"},
    "preview": {"publisher", "subscriber"},
    "search-own": {"auditor", "national-auditor"},
    "search-all": {"national-auditor"},
}


NEEDS_NO_ROLE = {"directory", "directory-enter", "prove-own"}


def decide(action, realm, principal, alert):
    reasons = set()
    if not principal["active"]:
        reasons.add("suspended")
    if action not in NEEDS_NO_ROLE and not ROLES[action] & set(principal["roles"]):
        reasons.add("role-missing")
    if action == "directory-enter" and realm != "live":
        reasons.add("live-only")
    if action in ("preview", "status") and principal["agency"] != alert["origin"]:
        reasons.add("not-own-agency")
    if action in ("read", "acknowledge", "export", "publish"):
        reasons |= _for_both(principal, alert["label"])
        is_own = principal["agency"] == alert["origin"]
        reasons |= (_for_publishing if action == "publish" else _for_reading)(
            principal, alert["label"], is_own
        )
    if action == "export":
        reasons |= _for_exporting(alert["label"], principal["agency"] == alert["origin"])
    return sorted(reasons) or "allowed"


def _rank(classification):
    return CLASSIFICATIONS.index(classification)


def _for_both(principal, label):
    reasons = set()
    if _rank(principal["clearance"]) < _rank(label["classification"]):
        reasons.add("clearance-too-low")
    held = {"JUVENILE", "PROTECTED_PERSON"} & set(label["caveats"])
    if not held <= set(principal["caveats"]):
        reasons.add("missing-caveat")
    return reasons


def _for_reading(principal, label, is_own):
    reasons = set()
    if not is_own and not set(principal["jurisdictions"]) & set(label["jurisdictions"]):
        reasons.add("outside-jurisdiction")
    named = label["releasableTo"]
    if not is_own and named is not None and principal["agency"] not in named:
        reasons.add("not-releasable")
    if "EYES_ONLY" in label["caveats"] and principal["kind"] != "PERSON":
        reasons.add("persons-only")
    return reasons


def _for_publishing(principal, label, is_own):
    reasons = set()
    if not is_own:
        reasons.add("not-own-agency")
    if _rank(principal["agencyCeiling"]) < _rank(label["classification"]):
        reasons.add("above-agency-ceiling")
    return reasons


def _for_exporting(label, is_own):
    caveats = set(label["caveats"])
    reasons = set()
    if caveats & {"PROTECTED_PERSON", "JUVENILE", "EYES_ONLY", "NO_ONWARD"}:
        reasons.add("not-for-export")
    if "ORCON" in caveats and not is_own:
        reasons.add("originator-only")
    if "NOT_FOR_COURT" in caveats and not is_own:
        reasons.add("not-for-court")
    return reasons
