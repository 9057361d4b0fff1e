"""Avro in the one form that the hub takes (schemas/README.md, section 1), by the .avsc files.

Values: a record is a dict, an enum its symbol, bytes and fixed are bytes, a union of null and one
other is None or the other's value, any other union is (name of the branch, value).
"""

import json
import struct

BODY_BYTES_MAX = 1_048_576
ITEMS_MAX = 10_000
PRIMITIVES = ("null", "boolean", "int", "long", "double", "bytes", "string")


class Refused(Exception):
    """Not what it should be. `code` is a code of the hub; `detail` the part, where there is one."""

    def __init__(self, code, detail=None):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Disagreement(Exception):
    """This program comes to something else than the vectors say."""


class Malformed(Exception):
    """Bytes that are not the one encoding of any value of the schema."""


class UnknownSchema(Malformed):
    """A single-object encoding of a schema that is not known here."""


class Schema:
    """A schema with its names resolved: canonical form, fingerprint, reader."""

    def __init__(self, path):
        self.json = json.loads(path.read_text(encoding="utf-8"))
        self.root = _resolve(self.json, "", {})
        self.canonical = _canonical(self.root, set())
        self.fingerprint = crc_64_avro(self.canonical.encode("utf-8"))

    def read(self, message):
        """The value of a whole single-object encoding."""
        if len(message) < 10 or message[:2] != b"\xc3\x01":
            raise Malformed("not a single object")
        if int.from_bytes(message[2:10], "little") != self.fingerprint:
            raise UnknownSchema("the fingerprint is of another schema")
        body = message[10:]
        if len(body) > BODY_BYTES_MAX:
            raise Malformed("too long")
        reader = _Reader(body)
        value = reader.read(self.root)
        if reader.at != len(body):
            raise Malformed("bytes behind the value")
        return value


def crc_64_avro(data):
    """Avro specification, «Schema Fingerprints», bit by bit."""
    empty = 0xC15D213AA4D7A795
    value = empty
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (empty if value & 1 else 0)
    return value


def _resolve(node, namespace, names):
    """The schema as nested dicts in which every name is full and every reference is followed."""
    if isinstance(node, str):
        return {"type": node} if node in PRIMITIVES else names[_full(node, namespace)]
    if isinstance(node, list):
        return {"type": "union", "branches": [_resolve(one, namespace, names) for one in node]}
    kind = node["type"]
    if kind in PRIMITIVES:
        return {"type": kind}
    if kind == "array":
        return {"type": "array", "items": _resolve(node["items"], namespace, names)}
    name = _full(node["name"], node.get("namespace", namespace))
    named = {"type": kind, "name": name}
    names[name] = named
    if kind == "enum":
        named["symbols"] = node["symbols"]
    elif kind == "fixed":
        named["size"] = node["size"]
    elif kind == "record":
        inner = name.rpartition(".")[0]
        named["fields"] = [
            (field["name"], _resolve(field["type"], inner, names)) for field in node["fields"]
        ]
    else:
        raise ValueError(f"a schema of type {kind}")
    return named


def _full(name, namespace):
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _canonical(node, defined):
    """The Parsing Canonical Form."""
    kind = node["type"]
    if kind == "union":
        return "[" + ",".join(_canonical(one, defined) for one in node["branches"]) + "]"
    if kind == "array":
        return '{"type":"array","items":' + _canonical(node["items"], defined) + "}"
    if kind in PRIMITIVES:
        return f'"{kind}"'
    name = node["name"]
    if name in defined:
        return f'"{name}"'
    defined.add(name)
    head = f'{{"name":"{name}","type":"{kind}",'
    if kind == "enum":
        symbols = ",".join(f'"{symbol}"' for symbol in node["symbols"])
        return f'{head}"symbols":[{symbols}]}}'
    if kind == "fixed":
        return f'{head}"size":{node["size"]}}}'
    fields = ",".join(
        f'{{"name":"{field}","type":{_canonical(part, defined)}}}' for field, part in node["fields"]
    )
    return f'{head}"fields":[{fields}]}}'


class _Reader:
    def __init__(self, body):
        self.body = body
        self.at = 0
        self.items_left = ITEMS_MAX

    def take(self, length):
        if length > len(self.body) - self.at:
            raise Malformed("cut short")
        taken = self.body[self.at : self.at + length]
        self.at += length
        return taken

    def long(self):
        value = 0
        for place in range(10):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if byte == 0 and place > 0:
                    raise Malformed("a number in more bytes than it needs")
                number = (value >> 1) ^ -(value & 1)
                if abs(number) > 2**53 - 1:
                    raise Malformed("a number beyond 2^53 - 1")
                return number
        raise Malformed("a number of more than ten bytes")

    def length(self):
        length = self.long()
        if length < 0:
            raise Malformed("a negative length")
        return length

    def read(self, node):
        return getattr(self, "_" + node["type"])(node)

    def _null(self, _):
        return None

    def _boolean(self, _):
        byte = self.take(1)[0]
        if byte > 1:
            raise Malformed("a boolean that is neither")
        return byte == 1

    def _int(self, _):
        number = self.long()
        if not -(2**31) <= number < 2**31:
            raise Malformed("an int beyond 32 bits")
        return number

    def _long(self, _):
        return self.long()

    def _double(self, _):
        (number,) = struct.unpack("<d", self.take(8))
        if number != number or number in (float("inf"), float("-inf")):
            raise Malformed("a double that is not finite")
        return number

    def _bytes(self, _):
        return self.take(self.length())

    def _string(self, _):
        try:
            return self.take(self.length()).decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            raise Malformed("a string that is no UTF-8") from error

    def _fixed(self, node):
        return self.take(node["size"])

    def _enum(self, node):
        index = self.long()
        if not 0 <= index < len(node["symbols"]):
            raise Malformed("an unknown symbol")
        return node["symbols"][index]

    def _array(self, node):
        count = self.length()
        if count > self.items_left:
            raise Malformed("too many items")
        self.items_left -= count
        items = [self.read(node["items"]) for _ in range(count)]
        if count > 0 and self.long() != 0:
            raise Malformed("a list in more than one block")
        return items

    def _union(self, node):
        branches = node["branches"]
        index = self.long()
        if not 0 <= index < len(branches):
            raise Malformed("an unknown branch")
        branch = branches[index]
        value = self.read(branch)
        nullable = len(branches) == 2 and any(one["type"] == "null" for one in branches)
        return value if nullable or branch["type"] == "null" else (branch["name"], value)

    def _record(self, node):
        return {name: self.read(part) for name, part in node["fields"]}
