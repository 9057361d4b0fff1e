"""The directory's chain and what it knows (schemas/README.md, section 5)."""

import base64

from meaning import CLASSIFICATIONS, JURISDICTIONS, agency_of, is_agency, is_principal, is_time
from signing import (
    DIRECTORY_ENTRY,
    KEY_BYTES,
    KEY_ID,
    digest_of,
    envelope_from,
    key_id,
    pre_authentication_encoding,
    sha256,
    verifies,
)
from strict_avro import Malformed, Refused

# No agency’s name: it has spaces.
ROOT = "the root keys"
OWNERS = {
    "alert_signing": "agency",
    "exercise_signing": "agency",
    "authentication": "principal",
    "directory_signing": "principal",
    "token_signing": "hub",
}
USAGE = {"live": "alert_signing", "exercise": "exercise_signing"}


class Ignored(Exception):
    """The entry is passed over; the text says why."""


def _need(is_good, fault):
    if not is_good:
        raise Ignored(fault)


class Directory:
    def __init__(self, envelopes, entries, genesis_digest):
        self.envelopes = envelopes
        self.entries = entries
        self.genesis_digest = genesis_digest
        self.sequence = -1
        self.digest = bytes(32)
        self.root_keys = {}
        self.root_signatures_min = 0
        self.policy_digest = None
        self.log_verifier_key = None
        self.agencies = {}
        self.principals = {}
        self.keys = {}
        self.last_entered_at_ms = {}

    def enter(self, message):
        """Applies the entry and gives it with its digest; raises Ignored."""
        try:
            envelope = envelope_from(self.envelopes, message, DIRECTORY_ENTRY)
            entry = self.entries.read(envelope["payload"])
        except (Refused, Malformed) as error:
            raise Ignored("malformed") from error
        kind = entry["change"][0].removeprefix("rabta.v1.")
        change = entry["change"][1]
        _need(_is_well_formed(entry, kind, change), "malformed")
        digest = digest_of(envelope)
        _need(kind != "Genesis" or digest == self.genesis_digest, "not-pinned")
        self._check_signatures(envelope, kind, change)
        signers = [one["keyId"] for one in envelope["signatures"]]
        authority = self._check_place(entry, kind, change)
        self._check_signers(kind, change, authority, signers, entry["enteredAtMs"])
        getattr(self, "_check_" + kind)(change, entry["enteredAtMs"])
        self.last_entered_at_ms[authority] = entry["enteredAtMs"]
        self.sequence, self.digest = entry["sequence"], digest
        getattr(self, "_apply_" + kind)(change)
        return entry, kind, change

    def _check_signatures(self, envelope, kind, change):
        if kind == "Genesis":
            known = _root_keys(change)
        else:
            known = {one: (key["algorithm"], key["key"]) for one, key in self.keys.items()}
            known.update(self.root_keys)
        message = pre_authentication_encoding(envelope["payloadType"], envelope["payload"])
        for one in envelope["signatures"]:
            _need(one["keyId"] in known, "unknown-signer")
            _need(verifies(*known[one["keyId"]], message, one["signature"]), "bad-signature")

    def _check_place(self, entry, kind, change):
        _need(entry["sequence"] == self.sequence + 1, "wrong-sequence")
        _need(entry["previousDigest"] == self.digest, "wrong-predecessor")
        authority = self._authority(kind, change)
        for one in (ROOT, authority):
            earliest = self.last_entered_at_ms.get(one, 0)
            _need(entry["enteredAtMs"] >= earliest, "time-went-back")
        return authority

    def _authority(self, kind, change):
        agency = None
        if kind in ("PrincipalSet", "KeyAdded"):
            agency = change["agency"]
        elif kind == "KeyRevoked":
            _need(change["keyId"] in self.keys, "not-there")
            agency = self.keys[change["keyId"]]["agency"]
        return ROOT if agency is None else agency

    def _check_signers(self, kind, change, authority, signers, at_ms):
        if kind == "Genesis":
            # It vouches for itself: that its digest is pinned was asked before.
            is_good = len(signers) >= change["rootSignaturesMin"]
        elif authority == ROOT:
            is_good = (
                all(one in self.root_keys for one in signers)
                and len(signers) >= self.root_signatures_min
            )
        else:
            is_good = all(self._is_administrator(one, authority, at_ms) for one in signers)
        _need(is_good, "not-authorised")

    def _is_administrator(self, signer, agency, at_ms):
        key = self.keys.get(signer)
        principal = key and self.principals.get(key["principal"])
        return bool(
            principal
            and key["agency"] == agency
            and key["usage"] == "directory_signing"
            and key["revokedAtSequence"] is None
            and key["validFromMs"] <= at_ms < key["validToMs"]
            and not principal["suspended"]
            and {"realm": "live", "role": "administrator"} in principal["roles"]
            and not self._is_suspended(agency, self.sequence)
        )

    def _is_suspended(self, agency, sequence):
        standings = self.agencies[agency]["standings"]
        return [suspended for since, suspended in standings if since <= sequence][-1]

    # What each change must be, and what it does.

    def _check_Genesis(self, change, _):
        keys = _root_keys(change)
        sizes = all(_has_length(key) for key in change["rootKeys"])
        _need(sizes and len(keys) == len(change["rootKeys"]), "bad-value")
        _need(1 <= change["rootSignaturesMin"] <= len(keys), "bad-value")

    def _apply_Genesis(self, change):
        self.root_keys = _root_keys(change)
        self.root_signatures_min = change["rootSignaturesMin"]

    def _check_AgencyAdded(self, change, at_ms):
        _need(change["agency"] not in self.agencies, "already-there")
        _need(agency_of(change["administrator"]) == change["agency"], "bad-value")
        _need(change["home"] in change["ceiling"]["jurisdictions"], "bad-value")
        _need(change["validToMs"] > at_ms, "bad-value")
        self._check_new_key(change["administratorKey"])

    def _apply_AgencyAdded(self, change):
        agency, home = change["agency"], change["home"]
        self.agencies[agency] = {
            "id": agency,
            "home": home,
            "ceiling": change["ceiling"],
            "standings": [(self.sequence, False)],
        }
        self.principals[change["administrator"]] = {
            "id": change["administrator"],
            "agency": agency,
            "kind": "PERSON",
            "suspended": False,
            "clearance": "UNCLASSIFIED",
            "jurisdictions": [home],
            "caveats": [],
            "roles": [{"realm": "live", "role": "administrator"}],
        }
        key = {
            "agency": agency,
            "principal": change["administrator"],
            "usage": "directory_signing",
            "key": change["administratorKey"],
            "validFromMs": 0,
            "validToMs": change["validToMs"],
        }
        self._apply_KeyAdded(key)

    def _check_AgencyStanding(self, change, _):
        _need(change["agency"] in self.agencies, "not-there")
        stands = self._is_suspended(change["agency"], self.sequence)
        _need(stands != change["suspended"], "already-there")

    def _apply_AgencyStanding(self, change):
        standing = (self.sequence, change["suspended"])
        self.agencies[change["agency"]]["standings"].append(standing)

    def _check_PrincipalSet(self, change, _):
        _need(agency_of(change["principal"]) == change["agency"], "bad-value")
        _need(change["jurisdictions"], "bad-value")
        ceiling = self.agencies[change["agency"]]["ceiling"]
        rank = CLASSIFICATIONS.index
        is_within = rank(change["clearance"]) <= rank(ceiling["classification"]) and all(
            code in ceiling["jurisdictions"] for code in change["jurisdictions"]
        )
        _need(is_within, "beyond-ceiling")

    def _apply_PrincipalSet(self, change):
        before = self.principals.get(change["principal"], {"roles": []})
        granted = [role for role in before["roles"] if role["role"] == "national-auditor"]
        rest = {name: value for name, value in change.items() if name != "principal"}
        principal = {**rest, "id": change["principal"], "roles": change["roles"] + granted}
        self.principals[change["principal"]] = principal

    def _check_NationalAuditorSet(self, change, _):
        principal = self.principals.get(change["principal"])
        _need(principal and principal["agency"] == change["agency"], "not-there")

    def _apply_NationalAuditorSet(self, change):
        principal = self.principals[change["principal"]]
        role = {"realm": change["realm"], "role": "national-auditor"}
        others = [one for one in principal["roles"] if one != role]
        principal["roles"] = others + [role] if change["granted"] else others

    def _check_KeyAdded(self, change, _):
        agency, principal = change["agency"], change["principal"]
        owner = {(False, False): "hub", (True, False): "agency", (True, True): "principal"}
        actual = owner.get((agency is not None, principal is not None))
        _need(actual == OWNERS[change["usage"]], "bad-value")
        _need(change["validFromMs"] < change["validToMs"], "bad-value")
        if actual == "principal":
            known = self.principals.get(principal)
            _need(known and known["agency"] == agency, "not-there")
        for_tokens = change["usage"] in ("authentication", "token_signing")
        _need(not for_tokens or change["key"]["algorithm"] == "ES256", "bad-value")
        self._check_new_key(change["key"])

    def _check_new_key(self, key):
        _need(_has_length(key), "bad-value")
        one = key_id(key["algorithm"], key["key"])
        _need(one not in self.keys and one not in self.root_keys, "already-there")

    def _apply_KeyAdded(self, change):
        algorithm, key = change["key"]["algorithm"], change["key"]["key"]
        one = key_id(algorithm, key)
        self.keys[one] = {
            **{name: value for name, value in change.items() if name != "key"},
            "id": one,
            "algorithm": algorithm,
            "key": key,
            "addedAtSequence": self.sequence,
            "revokedAtSequence": None,
            "compromisedSinceMs": None,
        }

    def _check_KeyRevoked(self, change, _):
        key, since = self.keys[change["keyId"]], change["compromisedSinceMs"]
        if key["revokedAtSequence"] is not None:
            known = key["compromisedSinceMs"]
            is_news = since is not None and (known is None or since < known)
            _need(is_news, "already-there")

    def _apply_KeyRevoked(self, change):
        key, since = self.keys[change["keyId"]], change["compromisedSinceMs"]
        if key["revokedAtSequence"] is None:
            key["revokedAtSequence"] = self.sequence
        if since is not None:
            key["compromisedSinceMs"] = since

    def _check_PolicyActivated(self, _, __):
        pass

    def _apply_PolicyActivated(self, change):
        self.policy_digest = change["digest"]

    def _check_LogNamed(self, change, _):
        _need(_is_verifier_key(change["verifierKey"]), "bad-value")

    def _apply_LogNamed(self, change):
        self.log_verifier_key = change["verifierKey"]

    # Questions.

    def key_fault(self, one, origin, realm, sequence, accepted_at_ms):
        """Why the key might not sign for the origin at that moment; None when it might."""
        key = self.keys.get(one)
        if key is None or key["addedAtSequence"] > sequence:
            return "key-unknown"
        if key["agency"] != origin:
            return "key-of-another-agency"
        if key["usage"] != USAGE[realm]:
            return "key-wrong-usage"
        if key["revokedAtSequence"] is not None and key["revokedAtSequence"] <= sequence:
            return "key-revoked"
        if not key["validFromMs"] <= accepted_at_ms < key["validToMs"]:
            return "key-not-valid-now"
        return "agency-suspended" if self._is_suspended(origin, sequence) else None

    def is_compromised(self, one, accepted_at_ms):
        since = self.keys[one]["compromisedSinceMs"] if one in self.keys else None
        return since is not None and since <= accepted_at_ms

    def summary(self):
        """All that is known, as directory.json has it."""
        agencies = [
            {
                "id": agency["id"],
                "home": agency["home"],
                "ceiling": agency["ceiling"],
                "suspended": agency["standings"][-1][1],
            }
            for _, agency in sorted(self.agencies.items())
        ]
        keys = [
            {
                **{name: value for name, value in key.items() if name != "algorithm"},
                "key": {"algorithm": key["algorithm"], "key": key["key"]},
            }
            for _, key in sorted(self.keys.items())
        ]
        return {
            "sequence": self.sequence,
            "digest": self.digest,
            "policyDigest": self.policy_digest,
            "logVerifierKey": self.log_verifier_key,
            "agencies": agencies,
            "principals": [principal for _, principal in sorted(self.principals.items())],
            "keys": keys,
        }


def _root_keys(genesis):
    keys = [(key["algorithm"], key["key"]) for key in genesis["rootKeys"]]
    return {key_id(*key): key for key in keys}


def _has_length(key):
    return len(key["key"]) == KEY_BYTES[key["algorithm"]]


def _is_well_formed(entry, kind, change):
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
        and (kind != "KeyRevoked" or KEY_ID.fullmatch(change["keyId"]) is not None)
    )


def _is_verifier_key(text):
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
    return bool(name) and len(typed) == 33 and typed[0] == 1 and digits == expected
