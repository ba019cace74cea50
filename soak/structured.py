"""Files that are whole, but say what nobody expects: in a value, in a lab, in the list of an archive."""

import copy
import hashlib
import io
import json
import re
import struct
import zipfile
from random import Random
from typing import Any

#: Values as JSON writes them: numbers that Python cannot hold or write, texts and lists of the wrong kind.
VALUES = (
    "1e999", "-1e999", "NaN", "Infinity", "9" * 999, "-" + "9" * 999, "1e308", "1e-400", "-0", "-1", "0",
    "1.5", "9007199254740993", "9223372036854775808", "true", "null", '""', '"x"', '"1e999"', "[]", "{}",
    "[[]]", "[1e999]", '{"a": {}}', "[1, 2, 3]", '["a", "b"]', "[[[[[[[[1]]]]]]]]", r'"\ud800"', r'"\u0000"',
    f'"{"x" * 5000}"', '{"step": 1e999}', '"9999-99-99 99:99"',
)  # fmt: skip

#: The same as TOML writes them.
ENTRIES = (
    f"0x{'f' * 3600}", f"0b{'1' * 20_000}", f"0o{'7' * 6000}", "9" * 4000, "9" * 900, "1e999", "inf", "nan",
    "-1", "1.5", "true", "1979-05-27T07:32:00Z", '""', '"x"', f'"{"y" * 3000}"', r'"\u0000"', "[" * 5000,
    '"roll number"', "[]", "{}", "['a']", "[1, 2, 3, 4]", "[[[[1]]]]",
)  # fmt: skip

#: Ways of packing, and of saying that one is: stored, deflated, and what zipfile knows besides or not at all.
_METHODS = (0, 1, 8, 9, 12, 14, 93, 95, 98, 99)
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
#: Where fields stand in an entry of the list of an archive, and before its content.
_FIELDS = {
    "flags": (8, 6),
    "method": (10, 8),
    "packed": (20, 18),
    "size": (24, 22),
    "name": (28, 26),
    "extra": (30, 28),
}
_SIZES = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF)
_MARK = re.compile(r'"@@(.*?)@@"')


def mutated_values(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return JSON with one or two entries of another kind, or without them."""
    values: Any = json.loads(content)
    path = ""
    for _ in range(chance.choice((1, 1, 1, 2))):
        path = _mutate(values, chance)
    text = _MARK.sub(lambda found: json.loads(f'"{found[1]}"'), json.dumps(values))
    return text.encode("utf-8", "surrogatepass"), f"entry {path}"


def _mutate(values: Any, chance: Random) -> str:
    place, path = values, ""
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return path
        key = chance.choice(keys)
        path += f"/{key}"
        if isinstance(place[key], dict | list) and place[key] and chance.random() < 0.8:
            place = place[key]
        elif chance.random() < 0.1 and isinstance(place, dict):
            del place[key]
            return f"{path} taken out"
        else:
            place[key] = f"@@{chance.choice(VALUES)}@@"
            return path


def mutated_model(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return a `.safetensors` file with an entry of its head, or of its description, of another kind."""
    end = 8 + int.from_bytes(content[:8], "little")
    head = json.loads(content[8:end])
    texts = head.get("__metadata__", {})
    if "cnnviz" in texts and chance.random() < 0.7:
        described, name = mutated_values(texts["cnnviz"].encode(), chance)
        changed = copy.deepcopy(head)
        changed["__metadata__"]["cnnviz"] = described.decode("utf-8", "replace")
        text = json.dumps(changed).encode()
    else:
        text, name = mutated_values(content[8:end], chance)
    return struct.pack("<Q", len(text)) + text + content[end:], name


def mutated_lab(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return a lab file with one or two entries of another kind."""
    lines = content.decode().split("\n")
    entries = [number for number, line in enumerate(lines) if re.match(r"[\w.]+ = .*[^\\\[{]$", line)]
    names: list[str] = []
    for _ in range(chance.choice((1, 1, 2))):
        number, value = chance.choice(entries), chance.choice(ENTRIES)
        name = lines[number].partition(" = ")[0]
        inside = re.subn(
            r"= [^,={}]+(?=[,}])",
            f"= {value} ".replace("\\", r"\\"),
            lines[number].partition(" ")[2],
            count=1,
        )
        lines[number] = f"{name} {inside[0]}" if inside[1] and chance.random() < 0.5 else f"{name} = {value}"
        names.append(f"line {number + 1}")
    return "\n".join(lines).encode(), "+".join(names)


def mutated_zip(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return an archive whose list lies about one member, or of which one is packed in another way."""
    if chance.random() < 0.4:
        return _packed_otherwise(content, chance), "packed in another way"
    changed = bytearray(content)
    entries = _places(content, _CENTRAL)
    number = chance.randrange(len(entries))
    field = chance.choice(sorted(_FIELDS))
    form = "<I" if field in ("packed", "size") else "<H"
    value = chance.choice(
        _SIZES if form == "<I" else _METHODS if field == "method" else (1, 8, 0x20, 0x2000, 0xFFFF)
    )
    starts = [(entries[number], 0)]
    if chance.random() < 0.5:
        starts.append((struct.unpack_from("<I", content, entries[number] + 42)[0], 1))
    for start, kind in starts:
        struct.pack_into(form, changed, start + _FIELDS[field][kind], value)
    return bytes(changed), f"{field} {value} of member {number}"


def _packed_otherwise(content: bytes, chance: Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(
                name, old.read(name), chance.choice((zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED))
            )
    spoilt = bytearray(packed.getvalue())
    if chance.random() < 0.5:
        spoilt[chance.randrange(30, len(spoilt) // 2)] ^= 0xFF
    return bytes(spoilt)


def _places(content: bytes, sign: bytes) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(sign), content)]


def _halved(content: bytes, _chance: Random) -> tuple[bytes, str]:
    return content[: len(content) // 2], "cut"


def mutated_document(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return a document of which one member is mutated, mostly with its checksum, or the archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    victim = chance.choice(["archive", "document.json", *sorted(members)])
    if victim == "archive":
        return mutated_zip(content, chance)
    change = {
        ".json": mutated_values,
        ".safetensors": mutated_model,
        ".toml": mutated_lab,
        ".npz": mutated_zip,
    }
    mutate = change.get("." + victim.rpartition(".")[2], _halved)
    members[victim], name = mutate(members[victim], chance)
    if victim != "document.json" and chance.random() < 0.8:
        described = json.loads(members["document.json"])
        digest = hashlib.sha256(members[victim]).hexdigest()
        described["parts"][victim] = {"size": len(members[victim]), "sha256": digest}
        members["document.json"] = json.dumps(described).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, inside in members.items():
            archive.writestr(each, inside)
    return packed.getvalue(), f"{victim}, {name}"
