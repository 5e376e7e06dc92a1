"""A second implementation, from docs/protocol.md and docs/processor-protocol.md alone, with Python's standard library: recomputes their vectors."""
import hashlib
import hmac
import json
import struct
import sys

MASK = 0xFFFFFFFF
P = 2**255 - 19


def vectors(page):
    with open(page, encoding="utf-8") as file:
        return json.loads(file.read().split("## Vectors")[1].split("```json")[1].split("```")[0])


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def tohex(data):
    return "0x" + data.hex()


def u32(number):
    return struct.pack("<I", number)


def blake(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(json.dumps(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


# ChaCha20


def rotate(value, by):
    return ((value << by) | (value >> (32 - by))) & MASK


def rounds(state):
    x = list(state)
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for p, q, r, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[p] = (x[p] + x[q]) & MASK
                x[r] = rotate(x[r] ^ x[p], by)
    return x


def start(key, rest):
    return list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key)) + list(struct.unpack("<4I", rest))


def chacha_block(key, rest):
    state = start(key, rest)
    return struct.pack("<16I", *((a + b) & MASK for a, b in zip(rounds(state), state)))


def draw(block_hash, n, t, stream):
    party, counter, words = [], 0, []
    while len(party) < t:
        if not words:
            words = list(struct.unpack("<8Q", chacha_block(block_hash, struct.pack("<QQ", counter, stream))))
            counter += 1
        share = words.pop(0) % n + 1
        if share not in party:
            party.append(share)
    return party


NETWORK = {"Bitcoin": 1, "Ethereum": 2, "Monero": 3}
KIND = {"plan": 0, "batch": 1, "slash-report": 2}


def of_set(of):
    return u32(of["session"]) + bytes([NETWORK[of["network"]]])


def of_sign_id(of):
    what = unhex(of["id"]) if of["kind"] == "plan" else u32(int(of["id"]))
    return of_set(of["set"]) + bytes([KIND[of["kind"]]]) + what + u32(of["attempt"])


def stream_of(label, data):
    return str(int.from_bytes(blake(b"serai-coordinator/v1/draw/" + label + data)[:8], "little"))


def same(ours, theirs, what):
    if ours != theirs:
        sys.exit(f"{what}: {ours} is not {theirs}")


def party_bytes(one):
    digest = blake(canonical(one["party"]).encode())
    return b"serai-coordinator/v1/certificate.keygen" + unhex(one["genesis"]) + digest


def tally(members, t, points):
    weight = {member["validator"]: len(member["participants"]) for member in members}
    median = {}
    for of in weight:
        given = sorted(
            value
            for by in points
            for value in [0 if by == of else points[by].get(of, 0)] * weight[by]
        )
        median[of] = given[(len(given) - 1) // 2]
    worst = sorted(value for of in weight for value in [median[of]] * weight[of])[t - 1]
    left = {of: value if value == 4294967295 else max(0, value - worst) for of, value in median.items()}
    return [{"validator": of, "points": left[of]} for of in weight if left[of] > 0]


def compact(number):
    if number < 64:
        return bytes([number << 2])
    return struct.pack("<H", number << 2 | 1)


def protocol(page):
    all_of = vectors(page)
    for one in all_of["draws"]:
        same(draw(unhex(one["blockHash"]), one["n"], one["t"], int(one["stream"])), one["party"], "draw")
    for one in all_of["signIds"]:
        same(tohex(of_sign_id(one["id"])), one["bytes"], "SignId")
        same(stream_of(b"sign", of_sign_id(one["id"])), one["stream"], "stream of an attempt")
    for one in all_of["keyGenStreams"]:
        same(stream_of(b"keygen", of_set(one["id"]["set"]) + u32(one["id"]["attempt"])), one["stream"], "stream of a key generation")
    for one in all_of["slashReportStreams"]:
        same(stream_of(b"slash-report", of_set(one["set"]) + u32(one["number"])), one["stream"], "stream of a slash report")
    for one in all_of["keyGenAttempts"]:
        blocks = sum(50 * min(attempt // 3 + 1, 3) for attempt in range(one["attempt"]))
        same(one["anchor"] + blocks, one["opens"], "opening of an attempt")
    for one in all_of["windows"]:
        window = (one["height"] - one["anchor"]) // 10
        seed = one["anchor"] + 10 * window
        rule = "convened" if window % 2 else "pure"
        same([window, seed, one["height"] - seed < 5, rule], [one[name] for name in ("index", "seedHeight", "joinable", "rule")], "window")
    for one in all_of["attempts"]:
        same(one["anchor"] + one["attempt"] // 64 * 10, one["seedHeight"], "seed of an attempt")
    for one in all_of["digests"]:
        same(canonical(one["value"]), one["canonical"], "canonical JSON")
        same(tohex(blake(one["canonical"].encode())), one["digest"], "digest of a map")
    for one in all_of["parties"]:
        same(tohex(blake(canonical(one["party"]).encode())), one["digest"], "digest of a party")
        same(tohex(party_bytes(one)), one["signed"], "what a certificate signs")
    for one in all_of["messages"]:
        parts = [unhex(one["from"]), unhex(one["to"]), one["id"].encode(), canonical(one["body"]).encode()]
        rest = b"".join(u32(len(part)) + part for part in parts)
        same(tohex(b"serai-coordinator/v1/" + one["kind"].encode() + unhex(one["genesis"]) + rest), one["signed"], "what a message signs")
    for one in all_of["slashReports"]:
        report = tally(one["members"], one["t"], one["points"])
        same(report, one["report"], "slash report")
        text = canonical({"number": one["number"], "report": report, "set": one["set"]}).encode()
        same(tohex(b"serai-coordinator/v1/certificate.slash-report" + unhex(one["genesis"]) + text), one["signed"], "what a vote signs")
        slashes = b"".join(unhex(slash["validator"]) + u32(slash["points"]) for slash in report)
        message = b"ValidatorSets-report_slashes" + of_set(one["set"]) + compact(len(report)) + slashes
        same(tohex(message), one["message"], "what the set's key signs")


# X25519 and Ed25519


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little")
    k = (k & ~7 & ((1 << 255) - 1)) | (1 << 254)
    u = int.from_bytes(point, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3, swapped = 1, 0, u, 1, 0
    for bit in reversed(range(255)):
        now = k >> bit & 1
        if swapped ^ now:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = now
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        aa, bb = a * a % P, b * b % P
        x2, z2 = aa * bb % P, (aa - bb) * (aa + 121665 * (aa - bb)) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


D = -121665 * pow(121666, P - 2, P) % P
L = 2**252 + 27742317777372353535851937790883648493


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 != sign else x), y


def add(one, other):
    (x1, y1), (x2, y2) = one, other
    m = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + m, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - m, P - 2, P) % P


def times(scalar, point):
    total = (0, 1)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def verifies(public, message, signature):
    base = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    s = int.from_bytes(signature[32:], "little")
    return s < L and times(s, base) == add(decompress(signature[:32]), times(challenge, decompress(public)))


# XChaCha20-Poly1305


def poly1305(key, message):
    r, s = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, int.from_bytes(key[16:], "little")
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + s) % 2**128).to_bytes(16, "little")


def padded(data):
    return data + bytes(-len(data) % 16)


def xchacha_open(key, nonce, sealed, associated):
    mixed = rounds(start(key, nonce[:16]))
    inner = struct.pack("<8I", *(mixed[:4] + mixed[12:]))

    def keystream(counter):
        return chacha_block(inner, u32(counter) + bytes(4) + nonce[16:])

    text, tag = sealed[:-16], sealed[-16:]
    lengths = struct.pack("<QQ", len(associated), len(text))
    same(poly1305(keystream(0)[:32], padded(associated) + padded(text) + lengths).hex(), tag.hex(), "tag of a sealed record")
    return b"".join(
        bytes(a ^ b for a, b in zip(text[at : at + 64], keystream(1 + at // 64))) for at in range(0, len(text), 64)
    )


def hkdf(secret, salt, info):
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\1", "sha256")


def processor(page):
    all_of = vectors(page)
    for one in all_of["records"]:
        attributes = one["attributes"]
        texts = [one["topic"]] + [text for name in sorted(attributes) for text in (name, str(attributes[name]))]
        encoded = b"".join(u32(len(text.encode())) + text.encode() for text in texts)
        same(tohex(encoded), one["canonical"], "canonical attributes")
        data = unhex(one["data"])
        digest = hashlib.sha256(encoded + data).digest()
        same(tohex(digest), one["digest"], "digest of a record")
        signed = b"serai-coordinator/v1/record" + digest
        same(verifies(unhex(one["signerPublic"]), signed, unhex(one["signature"])), True, "signature of a record")
        same(verifies(unhex(one["signerPublic"]), signed + b"x", unhex(one["signature"])), False, "signature of another record")
        sender, receiver = unhex(one["senderPublic"]), unhex(one["receiverPublic"])
        same(tohex(x25519(unhex(one["senderSecret"]), bytes([9]) + bytes(31))), one["senderPublic"], "sender's public key")
        info = one["topic"].encode() + b"\0" + attributes["keyid"].encode() + b"\0" + sender + receiver
        key = hkdf(x25519(unhex(one["receiverSecret"]), sender), b"serai-coordinator/v1/seal", info)
        same(xchacha_open(key, data[:24], data[24:], encoded).decode(), one["plaintext"], "plaintext of a record")
    for one in all_of["maps"]:
        same(tohex(blake(canonical(one["preprocesses"]).encode())), one["map"], "digest of a map")
    for one in all_of["certificates"]:
        same(tohex(party_bytes(one)), one["signed"], "what a certificate signs")
    for one in all_of["batches"]:
        message = b"InInstructions-batch" + unhex(one["batch"])
        same(tohex(message), one["message"], "message of a batch")
        same(tohex(blake(message)), one["digest"], "digest of a batch")


protocol(sys.argv[1])
processor(sys.argv[2])
print("all vectors hold")
