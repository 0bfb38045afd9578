"""A stand-in for `ssh-keygen -Y`, for machines without OpenSSH: ed25519 keys, OpenSSH's signature format.

It shares no code with what it stands in for or tests; the tests marked `full` run against OpenSSH itself.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

BEGIN, END = "-----BEGIN SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n"


def install(folder: Path) -> Path:
    """Make a folder with an executable `ssh-keygen` for PATH."""
    folder.mkdir()
    program = folder / "ssh-keygen"
    program.write_text(f"#!{sys.executable}\n{Path(__file__).read_text()}\nmain(sys.argv[1:])\n")
    program.chmod(0o755)
    return folder


def new_key(path: Path) -> str:
    """Write a private key, and the public one to PATH.pub. Gives the latter as an allowed signers file has it."""
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    Path(f"{path}.pub").write_text(public + "\n")
    return public


def main(arguments: list[str]) -> None:
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    action = {"sign": sign, "find-principals": find_principals, "verify": verify}[given["-Y"]]
    sys.exit(action(given))


def sign(given: dict[str, str]) -> int:
    key = load_ssh_private_key(Path(given["-f"]).read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    public = text(b"ssh-ed25519") + text(raw)
    made = key.sign(signed(given["-n"].encode(), sys.stdin.buffer.read()))
    blob = b"SSHSIG" + struct.pack(">I", 1) + text(public) + text(given["-n"].encode()) + text(b"") + text(b"sha512")
    blob += text(text(b"ssh-ed25519") + text(made))
    encoded = base64.b64encode(blob).decode()
    lines = "".join(f"{encoded[start : start + 70]}\n" for start in range(0, len(encoded), 70))
    sys.stdout.write(BEGIN + lines + END)
    return 0


def find_principals(given: dict[str, str]) -> int:
    public = base64.b64encode(parts(given["-s"])[0]).decode()
    names = [line.split()[0] for line in Path(given["-f"]).read_text().splitlines() if public in line.split()]
    print("\n".join(names) or "No principal matched.", file=sys.stdout if names else sys.stderr)
    return 0 if names else 255


def verify(given: dict[str, str]) -> int:
    public, namespace, made = parts(given["-s"])
    _, raw = strings(public)
    _, signature = strings(made)
    try:
        if namespace != given["-n"].encode():
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed(namespace, sys.stdin.buffer.read()))
    except InvalidSignature:
        print("Could not verify signature.", file=sys.stderr)
        return 255
    return find_principals(given)


def parts(signature: str) -> tuple[bytes, bytes, bytes]:
    """The public key, the namespace and the signature proper."""
    armoured = Path(signature).read_text()
    if not armoured.startswith(BEGIN):
        sys.exit("Couldn't parse signature: missing header")
    blob = base64.b64decode(armoured.removeprefix(BEGIN).removesuffix(END))
    public, namespace, _, _, made = strings(blob.removeprefix(b"SSHSIG")[4:])
    return public, namespace, made


def signed(namespace: bytes, message: bytes) -> bytes:
    hashed = hashlib.sha512(message).digest()
    return b"SSHSIG" + text(namespace) + text(b"") + text(b"sha512") + text(hashed)


def text(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def strings(blob: bytes) -> list[bytes]:
    found = []
    while blob:
        (length,) = struct.unpack_from(">I", blob)
        found.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return found
