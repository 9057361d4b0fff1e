"""Publishes one alert at a hub and reads it back, with nothing of the hub's own code.

    python publish.py --hub http://127.0.0.1:8700 --audience https://hub.example/v1/token \\
        --as ctd-kp/duty-officer --login login.pem --alerts alerts.pem

Needs Python 3.9 and the packages fastavro and cryptography. Two keys (PKCS #8, PEM): the login key of the
one who calls (P-256) and the agency's key for alerts (Ed25519). Prints what was published as JSON.
"""

import argparse
import base64
import hashlib
import io
import json
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import fastavro
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

ALERT = "application/vnd.rabta.alert+avro"
SIGNED_ALERT = "application/vnd.rabta.signed-alert+avro"
ATTEMPTS = 5


class Refused(Exception):
    """The hub said no: a problem document (RFC 9457) with a `code` that is for ever."""


def main():
    options = arguments()
    hub = Hub(options.hub)
    login, alerts = private_key(options.login), private_key(options.alerts)
    hub.log_in(options.principal, login, options.audience, options.realm)

    # Where the feed is now: what is published from here on comes behind this cursor.
    cursor = hub.get_json("/v1/feed?from=now&limit=1")["next"]

    alert = alert_of(options.principal.split("/")[0], options.realm)
    payload = hub.schema("Alert").encode(alert)
    signed = signed_alert(hub.schema("SignedAlert"), payload, alerts)
    answer = hub.post("/v1/alerts", SIGNED_ALERT, signed)
    check_publication(hub, alert, payload, answer)

    item = wait_for(hub, cursor, alert)
    if base64.b64decode(item["signedAlert"]) != signed:
        raise SystemExit("the feed gives other bytes than were signed")
    print(json.dumps({"origin": answer["origin"], "id": answer["id"], "digest": answer["digest"]}))


def arguments():
    parser = argparse.ArgumentParser(description="Publish one invented alert and read it back.")
    parser.add_argument("--hub", required=True, help="the hub's address")
    parser.add_argument("--audience", required=True, help="the issuer's /v1/token, as configured")
    parser.add_argument("--as", required=True, dest="principal", help="AGENCY/NAME")
    parser.add_argument("--login", required=True, help="the P-256 key of AGENCY/NAME")
    parser.add_argument("--alerts", required=True, help="the Ed25519 key of the agency")
    parser.add_argument("--realm", default="live", choices=["live", "exercise"])
    return parser.parse_args()


def alert_of(agency, realm):
    """What is meant. Every field is there; lists that are sets are sorted by their bytes."""
    return {
        "realm": realm,
        "id": uuid.uuid4().bytes,
        "origin": agency,
        "kind": "INFORMATION_REPORT",
        "precedence": "PRIORITY",
        "label": {
            "classification": "RESTRICTED",
            "jurisdictions": ["PK", "PK-KP"],
            "releasableTo": None,
            "caveats": [],
        },
        "evaluation": {"reliability": "B", "credibility": 2},
        "sentAtMs": time.time_ns() // 1_000_000,
        "occurred": None,
        "expiresAtMs": None,
        "texts": [
            {
                "language": "en",
                "headline": "Invented: an alert sent by a program in Python",
                "narrative": "This alert is an example. Nothing in it happened.",
            }
        ],
        "areas": [
            {"jurisdiction": "PK-KP", "district": "Nowshera", "point": None, "radiusMetres": None}
        ],
        "indicators": [{"type": "VEHICLE", "value": "LEA-0000"}],
        "references": [],
        "caseReferences": [{"scheme": "FIR", "value": "0/2026"}],
        "legalBasis": None,
    }


class Schema:
    """Avro's single-object encoding: C3 01, the fingerprint, the body."""

    def __init__(self, schema, fingerprint):
        canonical = fastavro.schema.to_parsing_canonical_form(schema)
        own = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
        # The hub names a schema as a number is written; a message has its bytes the other way round.
        if own != bytes.fromhex(fingerprint)[::-1]:
            raise SystemExit("the hub gives another schema than the one it names")
        self.head = b"\xc3\x01" + own
        self.parsed = fastavro.parse_schema(schema)

    def encode(self, value):
        body = io.BytesIO()
        fastavro.schemaless_writer(body, self.parsed, value)
        return self.head + body.getvalue()

    def decode(self, message):
        if message[:10] != self.head:
            raise SystemExit("bytes of another schema")
        return fastavro.schemaless_reader(io.BytesIO(message[10:]), self.parsed)


def pre_authentication_encoding(payload):
    """What is signed, and what the digest is of (DSSE)."""
    return b"DSSEv1 %d %s %d %s" % (len(ALERT), ALERT.encode(), len(payload), payload)


def signed_alert(schema, payload, key):
    signature = key.sign(pre_authentication_encoding(payload))
    signatures = [{"keyId": key_id(key), "signature": signature}]
    return schema.encode({"payloadType": ALERT, "payload": payload, "signatures": signatures})


def check_publication(hub, alert, payload, answer):
    """The hub answers for these very bytes, and its record of them says what happened."""
    digest = hashlib.sha256(pre_authentication_encoding(payload)).digest()
    record = hub.schema("AccessRecord").decode(base64.b64decode(answer["record"]["bytes"]))
    about = {"origin": alert["origin"], "id": alert["id"], "digest": digest}
    if answer["digest"] != digest.hex() or record["alert"] != about:
        raise SystemExit("the hub answers for another alert")
    if (record["action"], record["outcome"]) != ("PUBLISH", "ALLOWED"):
        raise SystemExit("the record is not that of a publication")


def wait_for(hub, cursor, alert, patience_s=30):
    """The alert's item in the feed. Keep `next` only once its items are safe with you."""
    wanted = str(uuid.UUID(bytes=alert["id"]))
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        page = hub.get_json("/v1/feed?limit=100&from=" + urllib.parse.quote(cursor, safe=""))
        for item in page["items"]:
            if (item["origin"], item["id"]) == (alert["origin"], wanted):
                return item
        cursor = page["next"]
        if page["isEnd"]:
            time.sleep(0.2)
    raise SystemExit("the alert did not come into the feed")


class Hub:
    """A hub over HTTP. What it puts off, it is asked again, with the very same bytes."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.token = None
        self.schemas = {}

    def log_in(self, principal, key, audience, realm):
        """RFC 7523: an assertion that is used once, for a token of five minutes."""
        now = int(time.time())
        claims = {
            "iss": principal,
            "sub": principal,
            "aud": audience,
            "iat": now,
            "exp": now + 45,
            "jti": secrets.token_urlsafe(16),
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": json_web_token(claims, key),
            "scope": realm,
        }
        body = urllib.parse.urlencode(form).encode("ascii")
        answer = self.post("/v1/token", "application/x-www-form-urlencoded", body)
        self.token = answer["access_token"]

    def schema(self, name):
        if name not in self.schemas:
            listed = self.get_json("/v1/schemas")["schemas"]
            fingerprint = next(one["fingerprint"] for one in listed if one["name"] == name)
            schema = self.get_json("/v1/schemas/" + fingerprint)
            self.schemas[name] = Schema(schema, fingerprint)
        return self.schemas[name]

    def get_json(self, path):
        return self.ask(urllib.request.Request(self.url + path))

    def post(self, path, media_type, body):
        headers = {"Content-Type": media_type}
        return self.ask(urllib.request.Request(self.url + path, body, headers))

    def ask(self, request):
        request.add_header("Accept", "application/json")
        if self.token is not None:
            request.add_header("Authorization", "Bearer " + self.token)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with urllib.request.urlopen(request, timeout=35) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                problem = json.load(error)
                if error.code not in (429, 503) or attempt == ATTEMPTS:
                    raise Refused(f"{problem['code']}: {problem['title']}") from None
                time.sleep(float(error.headers.get("Retry-After", "1")))
            except urllib.error.URLError:
                # The answer was lost. The same bytes again are safe: an alert is (origin, id).
                if attempt == ATTEMPTS:
                    raise
                time.sleep(1)


def json_web_token(claims, key):
    header = {"alg": "ES256", "kid": key_id(key), "typ": "JWT"}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    if s > P256_ORDER // 2:
        s = P256_ORDER - s
    return signed + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def key_id(key):
    """The thumbprint of the public half (RFC 7638)."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers = public.public_numbers()
        x, y = (base64url(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
        jwk = '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (x, y)
    else:
        jwk = '{"crv":"Ed25519","kty":"OKP","x":"%s"}' % base64url(public.public_bytes_raw())
    return base64url(hashlib.sha256(jwk.encode("ascii")).digest())


def private_key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), password=None)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


if __name__ == "__main__":
    try:
        main()
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")
