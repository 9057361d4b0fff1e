"""The directory's chain and what it knows (schemas/README.md, section 5)."""

from entry import (
    ADMINISTRATOR,
    claims,
    is_active,
    is_proven,
    is_usable,
    is_verifier_key,
    is_well_formed,
    root_keys,
)
from meaning import CLASSIFICATIONS, agency_of
from signing import (
    DIRECTORY_ENTRY,
    digest_of,
    envelope_from,
    key_id,
    pre_authentication_encoding,
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
ROOT_KEYS_MAX = 7
SIGNATURES_MAX = 4
ENTRY_BYTES_MAX = 65_536
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
        self.former_root_keys = {}
        self.root_signatures_min = 0
        self.policy_digest = None
        self.log_verifier_key = None
        self.former_log_keys = []
        self.agencies = {}
        self.principals = {}
        self.keys = {}
        self.last_entered_at_ms = {}

    def enter(self, message):
        """Applies the entry and gives it with its digest; raises Ignored."""
        _need(len(message) <= ENTRY_BYTES_MAX, "malformed")
        try:
            envelope = envelope_from(self.envelopes, message, DIRECTORY_ENTRY)
            entry = self.entries.read(envelope["payload"])
        except (Refused, Malformed) as error:
            raise Ignored("malformed") from error
        kind = entry["change"][0].removeprefix("rabta.v1.")
        change = entry["change"][1]
        _need(is_well_formed(entry, kind, change), "malformed")
        digest = digest_of(envelope)
        _need(kind != "Genesis" or digest == self.genesis_digest, "not-pinned")
        self._check_signatures(envelope, kind, change)
        signers = [one["keyId"] for one in envelope["signatures"]]
        authority = self._check_place(entry, kind, change)
        self._check_signers(kind, change, authority, signers, entry["enteredAtMs"])
        getattr(self, "_check_" + kind)(change, entry["enteredAtMs"])
        for key, possession, statement in claims(kind, change):
            _need(is_proven(key, possession, statement), "no-possession")
        self.last_entered_at_ms[authority] = entry["enteredAtMs"]
        self.sequence, self.digest = entry["sequence"], digest
        getattr(self, "_apply_" + kind)(change)
        return entry, kind, change

    def _check_signatures(self, envelope, kind, change):
        if kind == "Genesis":
            known = root_keys(change)
        else:
            known = {one: (key["algorithm"], key["key"]) for one, key in self.keys.items()}
            known.update(self.former_root_keys)
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
                and len(signers) >= self._root_signatures(kind)
            )
        else:
            may_act = kind == "KeyRevoked" or self._may_act(authority)
            is_good = may_act and all(
                self._is_administrator(one, authority, at_ms) for one in signers
            )
        _need(is_good, "not-authorised")

    def _root_signatures(self, kind):
        if kind != "RootKeysChanged":
            return self.root_signatures_min
        return max(self.root_signatures_min, len(self.root_keys) // 2 + 1)

    def _may_act(self, agency):
        return agency in self.agencies and not self._is_suspended(agency, self.sequence)

    def _is_administrator(self, signer, agency, at_ms):
        key = self.keys.get(signer)
        return bool(key) and key["validFromMs"] <= at_ms and self._administers(key, agency, at_ms)

    def _administers(self, key, agency, at_ms):
        """Now or later: that the key may not be valid yet is asked elsewhere."""
        principal = self.principals.get(key["principal"])
        return bool(
            principal
            and key["agency"] == agency
            and key["usage"] == "directory_signing"
            and key["revokedAtSequence"] is None
            and at_ms < key["validToMs"]
            and not principal["suspended"]
            and ADMINISTRATOR in principal["roles"]
        )

    def _others(self, agency, at_ms, name, value):
        """The administrators' keys that are left without those of that `name`."""
        return [
            key
            for key in self.keys.values()
            if key[name] != value and self._administers(key, agency, at_ms)
        ]

    def _is_suspended(self, agency, sequence):
        standings = self.agencies[agency]["standings"]
        return [suspended for since, suspended in standings if since <= sequence][-1]

    # What each change must be, and what it does.

    def _check_Genesis(self, change, _):
        keys = root_keys(change)
        sizes = all(is_usable(key) for key in change["rootKeys"])
        _need(sizes and len(keys) == len(change["rootKeys"]), "bad-value")
        self._check_root_number(len(keys), change["rootSignaturesMin"])

    def _check_root_number(self, keys, signatures):
        most = min(keys, SIGNATURES_MAX)
        _need(keys <= ROOT_KEYS_MAX and 1 <= signatures <= most, "bad-value")

    def _apply_Genesis(self, change):
        self.root_keys = root_keys(change)
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
        self._add_first_administrator(change)

    def _add_first_administrator(self, change):
        agency = change["agency"]
        home = self.agencies[agency]["home"]
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
            "possession": change["possession"],
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

    def _check_AdministratorsReplaced(self, change, at_ms):
        agency = change["agency"]
        _need(agency in self.agencies, "not-there")
        _need(self._is_suspended(agency, self.sequence), "not-suspended")
        _need(agency_of(change["administrator"]) == agency, "bad-value")
        _need(change["validToMs"] > at_ms, "bad-value")
        _need(change["administrator"] not in self.principals, "already-there")
        self._check_new_key(change["administratorKey"])

    def _apply_AdministratorsReplaced(self, change):
        agency = change["agency"]
        for key in self.keys.values():
            is_its = key["agency"] == agency and key["usage"] == "directory_signing"
            if is_its and key["revokedAtSequence"] is None:
                key["revokedAtSequence"] = self.sequence
        for principal in self.principals.values():
            if principal["agency"] == agency:
                roles = principal["roles"]
                principal["roles"] = [one for one in roles if one["role"] != "administrator"]
        self._add_first_administrator(change)

    def _check_RootKeysChanged(self, change, _):
        added, removed = [one["key"] for one in change["added"]], change["removed"]
        _need(all(one in self.root_keys for one in removed), "not-there")
        for key in added:
            self._check_new_key(key)
        ids = {key_id(key["algorithm"], key["key"]) for key in added}
        _need(len(ids) == len(added) and len(set(removed)) == len(removed), "bad-value")
        number = len(self.root_keys) - len(removed) + len(added)
        self._check_root_number(number, change["rootSignaturesMin"])
        is_new_number = change["rootSignaturesMin"] != self.root_signatures_min
        _need(added or removed or is_new_number, "already-there")

    def _apply_RootKeysChanged(self, change):
        for one in change["removed"]:
            self.former_root_keys[one] = self.root_keys.pop(one)
        for key in (one["key"] for one in change["added"]):
            pair = (key["algorithm"], key["key"])
            self.root_keys[key_id(*pair)] = pair
        self.root_signatures_min = change["rootSignaturesMin"]

    def _check_PrincipalSet(self, change, at_ms):
        _need(agency_of(change["principal"]) == change["agency"], "bad-value")
        _need(change["jurisdictions"], "bad-value")
        for name in ("jurisdictions", "caveats", "roles"):
            values = change[name]
            _need(not any(one in values[:at] for at, one in enumerate(values)), "bad-value")
        ceiling = self.agencies[change["agency"]]["ceiling"]
        rank = CLASSIFICATIONS.index
        is_within = rank(change["clearance"]) <= rank(ceiling["classification"]) and all(
            code in ceiling["jurisdictions"] for code in change["jurisdictions"]
        )
        _need(is_within, "beyond-ceiling")
        before = self.principals.get(change["principal"])
        if before and is_active(before) and not is_active(change):
            left = self._others(change["agency"], at_ms, "principal", change["principal"])
            _need(left, "last-administrator")

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
        _need(is_usable(key), "bad-value")
        one = key_id(key["algorithm"], key["key"])
        known = (self.keys, self.root_keys, self.former_root_keys)
        _need(not any(one in keys for keys in known), "already-there")

    def _apply_KeyAdded(self, change):
        algorithm, key = change["key"]["algorithm"], change["key"]["key"]
        one = key_id(algorithm, key)
        self.keys[one] = {
            **{name: value for name, value in change.items() if name not in ("key", "possession")},
            "id": one,
            "algorithm": algorithm,
            "key": key,
            "addedAtSequence": self.sequence,
            "revokedAtSequence": None,
            "compromisedSinceMs": None,
        }

    def _check_KeyRevoked(self, change, at_ms):
        key, since = self.keys[change["keyId"]], change["compromisedSinceMs"]
        if key["revokedAtSequence"] is not None:
            known = key["compromisedSinceMs"]
            is_news = since is not None and (known is None or since < known)
            _need(is_news, "already-there")
        elif since is None and key["usage"] == "directory_signing":
            left = self._others(key["agency"], at_ms, "id", change["keyId"])
            _need(left, "last-administrator")

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
        key = change["verifierKey"]
        _need(is_verifier_key(key), "bad-value")
        _need(key not in (self.log_verifier_key, *self.former_log_keys), "already-there")

    def _apply_LogNamed(self, change):
        if self.log_verifier_key is not None:
            self.former_log_keys.append(self.log_verifier_key)
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
            "rootKeys": sorted(self.root_keys),
            "rootSignaturesMin": self.root_signatures_min,
            "policyDigest": self.policy_digest,
            "logVerifierKey": self.log_verifier_key,
            "formerLogKeys": self.former_log_keys,
            "agencies": agencies,
            "principals": [principal for _, principal in sorted(self.principals.items())],
            "keys": keys,
        }
