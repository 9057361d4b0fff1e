"""The test of the test: what is damaged must disagree."""

import copy

from strict_avro import Disagreement, Malformed, Refused

# What each list claims. Of a row that is refused, that is the code: other bytes may be refused too.
CLAIMS = {
    "alerts.json": {"valid": ("alert", "means", "payload", "digest"), "invalid": ("code",)},
    "decisions.json": {"rows": ("expected",)},
    "directory.json": {
        "topic": ("fault", "sequence", "digest", "enteredAtMs", "change"),
        "keyStandings": ("fault", "compromised"),
    },
    "envelopes.json": {
        "keys": ("keyId", "publicKey", "jwk", "privateKey"),
        "valid": ("payload", "signatures", "preAuthenticationEncoding", "digest", "envelope"),
        "invalid": ("code",),
    },
    "frames.json": {
        "authentic": (
            "frame",
            "stamp",
            "stampBytes",
            "sealKeyId",
            "nonce",
            "additionalData",
            "ciphertext",
            "signedAlert",
        ),
        "others": ("state", "reason"),
    },
    "labels.json": {"accepted": ("written", "means"), "refused": ("part",)},
    "records.json": {"valid": ("record", "bytes", "leafHash"), "invalid": ("bytes", "leafHash")},
}


def damaged(value):
    """Another value of the same kind: a bit turned over, one more, one less."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return _damaged_text(value)
    if isinstance(value, list):
        return [*value[:-1], damaged(value[-1])] if value else ["x"]
    if isinstance(value, dict):
        *_, last = value
        return {**value, last: damaged(value[last])}
    return "x"


def _damaged_text(text):
    middle = len(text) // 2
    if len(text) >= 32 and set(text) <= set("0123456789abcdef"):
        digit = f"{int(text[middle], 16) ^ 1:x}"
        return text[:middle] + digit + text[middle + 1 :]
    return text + "x"


def run(files, schemas, checks):
    """How many damages were seen and rows left in peace, and which were not."""
    seen, unseen = 0, []
    for name, parts in CLAIMS.items():
        file = dict(files[name])
        for part, claims in parts.items():
            tried = _tried(checks[name][part], file, part, claims, schemas)
            for row, claim, is_seen in tried:
                if is_seen:
                    seen += 1
                else:
                    unseen.append(f"{name} {part}: {row['why']}: {claim}")
    return seen, unseen


def _tried(check, file, part, claims, schemas):
    for row in file[part]:
        # An entry is applied once: damages of a topic are tried on copies, before the entry itself.
        for claim in claims:
            if claim in row:
                other = {**row, claim: damaged(row[claim])}
                yield row, claim, _disagrees(check, _copied(file, part), other, schemas)
        # Without this, a check that always disagrees would pass for one that sees all damages.
        yield row, "undamaged", not _disagrees(check, file, row, schemas)


def _copied(file, part):
    return copy.deepcopy(file) if part == "topic" else file


def _disagrees(check, file, row, schemas):
    try:
        check(file, row, schemas)
    except (Disagreement, Refused, Malformed, ValueError):
        return True
    return False
