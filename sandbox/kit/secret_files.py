"""A platform's secrets: made at the first start, kept in files of mode 0600, reused afterwards."""

import os
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; it is never there in part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


class SecretFiles:
    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def text(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of this name; `make` gives it at the first call."""
        path = self.directory / name
        if not path.exists():
            write_private(path, make().encode())
        return path.read_text()

    def private_key_file(self, name: str, *, bits: int = 2048) -> Path:
        """A PEM file with an RSA private key."""
        path = self.directory / name
        if not path.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
            write_private(
                path,
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            )
        return path

    def public_key(self, name: str) -> str:
        """The public half (PEM) of the private key of this name."""
        return _public_half(self.private_key_file(name).read_bytes())


@cache
def _public_half(private_pem: bytes) -> str:
    """Reading a private key checks it, which takes far longer than anything else that a simulator does."""
    key = serialization.load_pem_private_key(private_pem, password=None)
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()
