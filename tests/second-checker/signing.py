"""Envelopes, keys and signatures (schemas/README.md, section 3)."""

import base64
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from strict_avro import Malformed, Refused

ALERT = "application/vnd.rabta.alert+avro"
DIRECTORY_ENTRY = "application/vnd.rabta.directory-entry+avro"
KEY_BYTES = {"Ed25519": 32, "ES256": 64}
KEY_ID = re.compile("[A-Za-z0-9_-]{43}")
FIELD = 2**255 - 19
EDWARDS_D = -121665 * pow(121666, -1, FIELD) % FIELD
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def sha256(data):
    return hashlib.sha256(data).digest()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def pre_authentication_encoding(payload_type, payload):
    kind = payload_type.encode("utf-8")
    head = b"DSSEv1 %d %s %d " % (len(kind), kind, len(payload))
    return head + payload


def digest_of(envelope):
    return sha256(pre_authentication_encoding(envelope["payloadType"], envelope["payload"]))


def key_id(algorithm, key):
    """RFC 7638: the required members in lexicographic order, no white space, SHA-256."""
    if algorithm == "Ed25519":
        jwk = '{"crv":"Ed25519","kty":"OKP","x":"%s"}' % base64url(key)
    else:
        x, y = base64url(key[:32]), base64url(key[32:])
        jwk = '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (x, y)
    return base64url(sha256(jwk.encode("ascii")))


def envelope_from(schema, message, payload_type):
    try:
        envelope = schema.read(message)
    except Malformed as error:
        raise Refused("envelope-malformed") from error
    if envelope["payloadType"] != payload_type:
        raise Refused("payload-type-unknown")
    signatures = envelope["signatures"]
    ids = [one["keyId"] for one in signatures]
    is_list = (
        1 <= len(signatures) <= 4
        and all(KEY_ID.fullmatch(one) for one in ids)
        and all(len(one["signature"]) == 64 for one in signatures)
        and all(a < b for a, b in zip(ids, ids[1:]))
    )
    if not is_list:
        raise Refused("signatures-malformed")
    return envelope


def has_small_order(key):
    """Whether eight times the point is the neutral one, by RFC 8032 §5.1.4; no list is needed."""
    y = (int.from_bytes(key, "little") & ((1 << 255) - 1)) % FIELD
    xx = (y * y - 1) * pow(EDWARDS_D * y * y + 1, FIELD - 2, FIELD) % FIELD
    # Doubling by squares alone: y(2P) = (y² + x²) / (2 − (y² − x²)), and x² follows from y.
    for _ in range(3):
        y = (y * y + xx) * pow(2 - (y * y - xx), FIELD - 2, FIELD) % FIELD
        xx = (y * y - 1) * pow(EDWARDS_D * y * y + 1, FIELD - 2, FIELD) % FIELD
    return y == 1


def verifies(algorithm, key, message, signature):
    try:
        if algorithm == "Ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        else:
            _verify_es256(key, message, signature)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_es256(key, message, signature):
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    if s > P256_ORDER // 2:
        raise InvalidSignature
    curve = ec.SECP256R1()
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + key)
    public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))


def check_signatures(envelope, keys):
    """`keys` gives (algorithm, key) by key id."""
    message = pre_authentication_encoding(envelope["payloadType"], envelope["payload"])
    signatures = envelope["signatures"]
    if any(one["keyId"] not in keys for one in signatures):
        raise Refused("key-unknown")
    if not all(verifies(*keys[one["keyId"]], message, one["signature"]) for one in signatures):
        raise Refused("signature-invalid")


def signed_again(private_key, payload_type, payload):
    """An Ed25519 signature is the same each time."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(private_key)
    return key.sign(pre_authentication_encoding(payload_type, payload))


def public_key_of(algorithm, private_key):
    """The raw public half of a raw private key."""
    if algorithm == "Ed25519":
        key = ed25519.Ed25519PrivateKey.from_private_bytes(private_key)
        return key.public_key().public_bytes_raw()
    key = ec.derive_private_key(int.from_bytes(private_key, "big"), ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
