"""What an entry of the directory says, without any state (schemas/README.md, section 5)."""

import base64

from meaning import JURISDICTIONS, is_agency, is_principal, is_time
from signing import (
    KEY_BYTES,
    KEY_ID,
    has_small_order,
    key_id,
    pre_authentication_encoding,
    sha256,
    verifies,
)

POSSESSION = "application/vnd.rabta.key-possession"
ADMINISTRATOR = {"realm": "live", "role": "administrator"}


def is_active(principal):
    return not principal["suspended"] and ADMINISTRATOR in principal["roles"]


def claims(kind, change):
    """The keys that an entry adds, with their proof and what that must be over."""
    if kind in ("AgencyAdded", "AdministratorsReplaced"):
        owner = (change["agency"], change["administrator"], "directory_signing")
        return [(change["administratorKey"], change["possession"], owner)]
    if kind == "KeyAdded":
        owner = (change["agency"] or "", change["principal"] or "", change["usage"])
        return [(change["key"], change["possession"], owner)]
    added = change["added"] if kind == "RootKeysChanged" else []
    return [(one["key"], one["possession"], ("", "", "root")) for one in added]


def is_proven(key, possession, owner):
    pair = (key["algorithm"], key["key"])
    statement = "\n".join([*owner, key_id(*pair)]).encode("ascii")
    message = pre_authentication_encoding(POSSESSION, statement)
    return len(possession) == 64 and verifies(*pair, message, possession)


def root_keys(genesis):
    keys = [(key["algorithm"], key["key"]) for key in genesis["rootKeys"]]
    return {key_id(*key): key for key in keys}


def is_usable(key):
    if len(key["key"]) != KEY_BYTES[key["algorithm"]]:
        return False
    return key["algorithm"] != "Ed25519" or not has_small_order(key["key"])


def is_well_formed(entry, kind, change):
    codes = change.get("jurisdictions", change.get("ceiling", {}).get("jurisdictions", []))
    times = [change[name] for name in ("validFromMs", "validToMs") if name in change]
    since = change.get("compromisedSinceMs")
    agency = change.get("agency")
    principal = change.get("principal", change.get("administrator"))
    return (
        entry["sequence"] >= 0
        and all(is_time(time) for time in [entry["enteredAtMs"], since or 0, *times])
        and (agency is None or is_agency(agency))
        and (principal is None or is_principal(principal))
        and all(code in JURISDICTIONS for code in [*codes, change.get("home", "PK")])
        and all(KEY_ID.fullmatch(one) for one in change.get("removed", []))
        and (kind != "KeyRevoked" or KEY_ID.fullmatch(change["keyId"]) is not None)
    )


def is_verifier_key(text):
    """C2SP signed-note: name+id+base64(01, key), the id the first 4 bytes of a hash of both."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        return False
    name, digits, encoded = parts
    try:
        typed = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    expected = sha256(name.encode("utf-8") + b"\n" + typed)[:4].hex()
    is_typed = len(typed) == 33 and typed[0] == 1 and not has_small_order(typed[1:])
    return bool(name) and is_typed and digits == expected
