"""Holds every vector of schemas/vectors/ against this program, which shares no code with the hub.

Prints a line for each file and one for all; exits with 1 when anything disagrees. With --self-test
it damages the vectors, row by row, and exits with 1 unless it disagrees with each.
"""

import argparse
import io
import json
import pathlib
import sys
import uuid

import fastavro

import decisions
import directory
import frames
import meaning
import self_test
import signing
from strict_avro import Disagreement, Malformed, Refused, Schema, UnknownSchema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas"


def need(is_so, what):
    if not is_so:
        raise Disagreement(what)


def load_schemas():
    schemas = {}
    for path in sorted(SCHEMAS.glob("*.avsc")):
        schema = Schema(path)
        schema.fast = fastavro.parse_schema(schema.json)
        # A second canonical form and fingerprint, by the library.
        canonical = fastavro.schema.to_parsing_canonical_form(schema.json)
        need(canonical == schema.canonical, f"{path.name}: the canonical form")
        fast = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
        need(
            bytes.fromhex(fast) == schema.fingerprint.to_bytes(8, "little"),
            f"{path.name}: the fingerprint",
        )
        schemas[path.name.split(".")[-2]] = schema
    return schemas


def read_twice(schema, message):
    """The value as this program and as fastavro read it; and fastavro writes the same bytes."""
    value = schema.read(message)
    body = io.BytesIO(message[10:])
    fast = fastavro.schemaless_reader(
        body, schema.fast, return_record_name=True, return_record_name_override=True
    )
    need(body.read() == b"", "fastavro leaves bytes")
    need(fast == value, "fastavro reads another value")
    written = io.BytesIO()
    fastavro.schemaless_writer(written, schema.fast, fast)
    need(written.getvalue() == message[10:], "fastavro writes other bytes")
    return value


def as_json(value):
    """Ids as UUIDs, other bytes in hexadecimal."""
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value)) if len(value) == 16 else value.hex()
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items()}
    return [as_json(part) for part in value] if isinstance(value, list) else value


def same(actual, expected, what):
    need(actual == expected, f"{what}: {str(actual)[:200]}, expected {str(expected)[:200]}")


def fingerprint_of(schemas, name, expected):
    same(f"{schemas[name].fingerprint:016x}", expected, "fingerprint")


# ---- One check for each list of each file: (vectors, row, schemas), raises Disagreement.


def valid_alert(file, row, schemas):
    fingerprint_of(schemas, "Alert", file["fingerprint"])
    payload = bytes.fromhex(row["payload"])
    value = read_twice(schemas["Alert"], payload)
    same(as_json(value), row["alert"], "alert")
    same(as_json(meaning.alert_from(value)), row.get("means", row["alert"]), "means")
    text = signing.pre_authentication_encoding(file["payloadType"], payload)
    same(signing.sha256(text).hex(), row["digest"], "digest")


def invalid_alert(_, row, schemas):
    try:
        meaning.alert_from(schemas["Alert"].read(bytes.fromhex(row["payload"])))
    except UnknownSchema:
        same("schema-unknown", row["code"], "code")
    except Malformed:
        same("alert-malformed", row["code"], "code")
    except Refused as refused:
        same((refused.code, refused.detail), (row["code"], row["detail"]), "refusal")
    else:
        raise Disagreement("accepted")


def key(_, row, __):
    public = bytes.fromhex(row["publicKey"])
    same(signing.key_id(row["algorithm"], public), row["keyId"], "keyId")
    private = bytes.fromhex(row["privateKey"])
    same(signing.public_key_of(row["algorithm"], private), public, "publicKey")
    parts = [public[at : at + 32] for at in range(0, len(public), 32)]
    members = dict(zip(("x", "y"), map(signing.base64url, parts)))
    kind = {"kty": "OKP", "crv": "Ed25519"} if len(parts) == 1 else {"kty": "EC", "crv": "P-256"}
    same(row["jwk"], {**kind, **members}, "jwk")


def keys_of(file):
    return {
        one["keyId"]: (one["algorithm"], bytes.fromhex(one["publicKey"])) for one in file["keys"]
    }


def valid_envelope(file, row, schemas):
    fingerprint_of(schemas, "SignedAlert", file["fingerprint"])
    message = bytes.fromhex(row["envelope"])
    value = read_twice(schemas["SignedAlert"], message)
    parts = {name: row[name] for name in ("payloadType", "payload", "signatures")}
    same(as_json(value), parts, "envelope")
    envelope = signing.envelope_from(schemas["SignedAlert"], message, row["payloadType"])
    signing.check_signatures(envelope, keys_of(file))
    payload = envelope["payload"]
    text = signing.pre_authentication_encoding(row["payloadType"], payload)
    same(text.hex(), row["preAuthenticationEncoding"], "encoding")
    same(signing.digest_of(envelope).hex(), row["digest"], "digest")
    private = {one["keyId"]: one for one in file["keys"] if one["algorithm"] == "Ed25519"}
    for one in row["signatures"]:
        if one["keyId"] in private:
            secret = bytes.fromhex(private[one["keyId"]]["privateKey"])
            again = signing.signed_again(secret, row["payloadType"], payload)
            same(again.hex(), one["signature"], "signature")


def invalid_envelope(file, row, schemas):
    message = bytes.fromhex(row["envelope"])
    try:
        envelope = signing.envelope_from(schemas["SignedAlert"], message, file["payloadType"])
        signing.check_signatures(envelope, keys_of(file))
    except Refused as refused:
        same(refused.code, row["code"], "code")
    else:
        raise Disagreement("accepted")


def accepted_label(_, row, __):
    same(meaning.label_from(row["written"]), row["means"], "means")
    same(meaning.label_from(row["means"]), row["means"], "means itself")


def refused_label(_, row, __):
    try:
        meaning.label_from(row["written"])
    except Refused as refused:
        same(refused.detail, row["part"], "part")
    else:
        raise Disagreement("accepted")


def leaf_hash(row):
    same(signing.sha256(b"\0" + bytes.fromhex(row["bytes"])).hex(), row["leafHash"], "leafHash")


def valid_record(file, row, schemas):
    fingerprint_of(schemas, "AccessRecord", file["fingerprint"])
    leaf_hash(row)
    value = read_twice(schemas["AccessRecord"], bytes.fromhex(row["bytes"]))
    # The salt has as many bytes as an id.
    record = {**as_json(value), "salt": value["salt"].hex()}
    same(record, row["record"], "record")
    need(meaning.is_record(value), "refused")


def invalid_record(_, row, schemas):
    leaf_hash(row)
    try:
        value = schemas["AccessRecord"].read(bytes.fromhex(row["bytes"]))
    except Malformed:
        return
    need(not meaning.is_record(value), "accepted")


def directory_entry(file, row, schemas):
    """The directory goes from row to row: it is kept with the file."""
    fingerprint_of(schemas, "DirectoryEntry", file["fingerprint"])
    try:
        entry, kind, change = directory_of(file, schemas).enter(bytes.fromhex(row["entry"]))
    except directory.Ignored as fault:
        same(str(fault), row["fault"], "fault")
        return
    same(None, row["fault"], "fault")
    envelope = read_twice(schemas["SignedAlert"], bytes.fromhex(row["entry"]))
    read_twice(schemas["DirectoryEntry"], envelope["payload"])
    same(signing.digest_of(envelope).hex(), row["digest"], "digest")
    same(entry["sequence"], row["sequence"], "sequence")
    same(entry["enteredAtMs"], row["enteredAtMs"], "enteredAtMs")
    same({"type": kind, **as_json(change)}, row["change"], "change")


def directory_of(file, schemas):
    if "directory" not in file:
        genesis = bytes.fromhex(file["genesisDigest"])
        file["directory"] = directory.Directory(
            schemas["SignedAlert"], schemas["DirectoryEntry"], genesis
        )
    return file["directory"]


def directory_state(file, row, schemas):
    same(as_json(directory_of(file, schemas).summary()), row, "state")


def key_standing(file, row, schemas):
    known = directory_of(file, schemas)
    moment = [row[name] for name in ("origin", "realm", "directorySequence", "acceptedAtMs")]
    same(known.key_fault(row["keyId"], *moment), row["fault"], "fault")
    is_compromised = known.is_compromised(row["keyId"], row["acceptedAtMs"])
    same(is_compromised, row["compromised"], "compromised")


def checked_frame(file, row, schemas):
    seal_keys = {one["id"]: bytes.fromhex(one["key"]) for one in file["sealKeys"]}
    known = whole_directory(file, schemas)
    message = bytes.fromhex(row["frame"])
    return frames.check(schemas, message, seal_keys, file["destroyed"], known)


def whole_directory(file, schemas):
    """As directory.json leaves it."""
    if "directory" not in file:
        vectors = json.loads((SCHEMAS / "vectors" / "directory.json").read_text("utf-8"))
        file["directory"] = directory_of(vectors, schemas)
        for row in vectors["topic"]:
            try:
                file["directory"].enter(bytes.fromhex(row["entry"]))
            except directory.Ignored:
                pass
    return file["directory"]


def authentic_frame(file, row, schemas):
    fingerprint_of(schemas, "Frame", file["frameFingerprint"])
    fingerprint_of(schemas, "Stamp", file["stampFingerprint"])
    try:
        frame, stamp, signed_alert = checked_frame(file, row, schemas)
    except frames.Unreadable as unreadable:
        raise Disagreement(f"{unreadable.state}: {unreadable.reason}") from unreadable
    same(read_twice(schemas["Frame"], bytes.fromhex(row["frame"])), frame, "frame")
    same(read_twice(schemas["Stamp"], frame["stamp"]), stamp, "stamp")
    same(as_json(stamp), row["stamp"], "stamp")
    same(frame["stamp"].hex(), row["stampBytes"], "stampBytes")
    same(frame["sealKeyId"], row["sealKeyId"], "sealKeyId")
    same(frame["nonce"].hex(), row["nonce"], "nonce")
    same(frame["ciphertext"].hex(), row["ciphertext"], "ciphertext")
    same(frames.additional_data(frame).hex(), row["additionalData"], "additionalData")
    same(signed_alert.hex(), row["signedAlert"], "signedAlert")


def other_frame(file, row, schemas):
    try:
        checked_frame(file, row, schemas)
    except frames.Unreadable as unreadable:
        actual = (unreadable.state, unreadable.reason)
        same(actual, (row["state"], row["reason"]), "state")
    else:
        raise Disagreement("authentic")


def decision(_, row, __):
    decided = decisions.decide(row["action"], row["realm"], row["principal"], row["alert"])
    same(decided, row["expected"], "decision")


CHECKS = {
    "alerts.json": {"valid": valid_alert, "invalid": invalid_alert},
    "decisions.json": {"rows": decision},
    "directory.json": {
        "topic": directory_entry,
        "state": directory_state,
        "keyStandings": key_standing,
    },
    "envelopes.json": {"keys": key, "valid": valid_envelope, "invalid": invalid_envelope},
    "frames.json": {"authentic": authentic_frame, "others": other_frame},
    "labels.json": {"accepted": accepted_label, "refused": refused_label},
    "records.json": {"valid": valid_record, "invalid": invalid_record},
}


def check_file(name, file, schemas):
    """How many rows agree, and what disagrees."""
    agreed, disagreements = 0, []
    for part, check in CHECKS[name].items():
        rows = file[part] if isinstance(file[part], list) else [file[part]]
        if not rows:
            disagreements.append(f"{name} {part}: no rows")
        for row in rows:
            try:
                check(file, row, schemas)
                agreed += 1
            except (Disagreement, Refused, Malformed) as error:
                disagreements.append(f"{name} {part}: {row.get('why')}: {error}")
    return agreed, disagreements


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--self-test", action="store_true")
    arguments.add_argument("--vectors", type=pathlib.Path, default=SCHEMAS / "vectors")
    options = arguments.parse_args()
    schemas = load_schemas()
    texts = {name: (options.vectors / name).read_text("utf-8") for name in CHECKS}
    unknown = {path.name for path in options.vectors.glob("*.json")} - set(CHECKS)
    files = {name: json.loads(text) for name, text in texts.items()}
    if options.self_test:
        seen, unseen = self_test.run(files, schemas, CHECKS)
        for line in unseen:
            print(line)
        print(f"self-test: {seen} as expected, {len(unseen)} not")
        return 1 if unseen else 0
    agreed, disagreements = 0, [f"{name}: nobody checks it" for name in sorted(unknown)]
    for name, file in files.items():
        agrees, others = check_file(name, file, schemas)
        print(f"{name}: {agrees} agree" + (f", {len(others)} disagree" if others else ""))
        agreed, disagreements = agreed + agrees, disagreements + others
    for line in disagreements:
        print(line)
    print(f"second checker: {agreed} vectors agree, {len(disagreements)} disagree")
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
