"""Frames as topics hold them (schemas/README.md, section 4)."""

import re
from datetime import datetime, timezone

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from meaning import CLASSIFICATIONS, alert_from, is_agency, is_time
from signing import ALERT, digest_of, envelope_from, pre_authentication_encoding, verifies
from strict_avro import Malformed, Refused, UnknownSchema

SEAL_KEY_ID = re.compile(
    r"(live|exercise)\.(%s)\.([0-9]{4}-(?:0[1-9]|1[0-2]))\.[1-9][0-9]{0,3}"
    % "|".join(CLASSIFICATIONS)
)


class Unreadable(Exception):
    """What a service does about an entry, and why."""

    def __init__(self, state, reason):
        super().__init__(state, reason)
        self.state = state
        self.reason = reason


def ignored(reason):
    return Unreadable("ignored", reason)


def outside(schemas, message):
    """The frame's own parts: the frame, its stamp, and realm and classification of its seal key."""
    try:
        frame = schemas["Frame"].read(message)
        stamp = schemas["Stamp"].read(frame["stamp"])
    except Malformed as error:
        raise ignored("frame-malformed") from error
    named = SEAL_KEY_ID.fullmatch(frame["sealKeyId"])
    is_stamp = (
        is_agency(stamp["origin"])
        and stamp["publishRecord"]["index"] >= 0
        and stamp["directorySequence"] >= 0
        and is_time(stamp["acceptedAtMs"])
    )
    if named is None or not is_stamp:
        raise ignored("frame-malformed")
    realm, classification, month = named.groups()
    if (realm, month) != (stamp["realm"], _month(stamp["acceptedAtMs"])):
        raise ignored("frame-malformed")
    return frame, stamp, classification


def _month(time_ms):
    return datetime.fromtimestamp(time_ms // 1000, timezone.utc).strftime("%Y-%m")


def additional_data(frame):
    """As Avro writes both: the length as a zigzag varint, then the bytes."""
    parts = (frame["stamp"], frame["sealKeyId"].encode("utf-8"))
    return b"".join(_varint(2 * len(part)) + part for part in parts)


def _varint(value):
    septets = []
    while value >= 0x80:
        septets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*septets, value])


def opened(frame, seal_keys, destroyed):
    """The signed alert's bytes."""
    key = seal_keys.get(frame["sealKeyId"])
    if frame["sealKeyId"] in destroyed:
        raise Unreadable("erased", "erased")
    if key is None:
        raise Unreadable("blocked", "unknown-seal-key")
    try:
        return AESGCM(key).decrypt(frame["nonce"], frame["ciphertext"], additional_data(frame))
    except (InvalidTag, ValueError) as error:
        raise ignored("seal-forged") from error


def check(schemas, message, seal_keys, destroyed, directory):
    """The frame, its stamp and what is inside; raises Unreadable."""
    frame, stamp, classification = outside(schemas, message)
    signed_alert = opened(frame, seal_keys, destroyed)
    try:
        envelope = envelope_from(schemas["SignedAlert"], signed_alert, ALERT)
        if digest_of(envelope) != stamp["digest"]:
            raise ignored("stamp-contradicts")
        _check_signatures(directory, envelope, stamp)
        alert = _alert(schemas["Alert"], envelope["payload"])
    except Refused as error:
        raise ignored(error.code) from error
    named = [alert[name] for name in ("origin", "id", "realm")]
    is_stamped = named == [stamp[name] for name in ("origin", "id", "realm")]
    if not is_stamped or alert["label"]["classification"] != classification:
        raise ignored("stamp-contradicts")
    return frame, stamp, signed_alert


def _check_signatures(directory, envelope, stamp):
    if stamp["directorySequence"] > directory.sequence:
        raise ignored("stamp-ahead-of-directory")
    moment = [stamp[name] for name in ("origin", "realm", "directorySequence", "acceptedAtMs")]
    for one in envelope["signatures"]:
        fault = directory.key_fault(one["keyId"], *moment)
        if fault is not None:
            raise ignored(fault)
    text = pre_authentication_encoding(envelope["payloadType"], envelope["payload"])
    for one in envelope["signatures"]:
        key = directory.keys[one["keyId"]]
        if not verifies(key["algorithm"], key["key"], text, one["signature"]):
            raise ignored("signature-invalid")


def _alert(schema, payload):
    try:
        return alert_from(schema.read(payload))
    except UnknownSchema as error:
        raise Unreadable("blocked", "schema-unknown") from error
    except Malformed as error:
        raise ignored("alert-malformed") from error
