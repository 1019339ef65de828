"""Encryption of what Temporal stores: AES-256-GCM, each payload with the id of its key.

Keys rotate by adding one and naming it active; old payloads are read by the key that they name. A payload
that is not encrypted is taken as it is, so that a person can signal a workflow with plain JSON in need.
"""

import base64
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/q2c-aes256-gcm"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class KeyUnknown(ValueError):
    """A payload names a key that this process does not have."""


class AesGcmCodec(PayloadCodec):
    """`keys` by id, 32 bytes each; `active` is the id of the one that encrypts."""

    def __init__(self, keys: Mapping[str, bytes], active: str) -> None:
        if active not in keys:
            raise KeyUnknown(f"there is no key {active!r} to encrypt with")
        for name, key in keys.items():
            if len(key) != _KEY_BYTES:
                raise ValueError(f"key {name!r} must have {_KEY_BYTES} bytes")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._active = active

    @classmethod
    def from_base64(cls, keys: Mapping[str, str], active: str) -> "AesGcmCodec":
        return cls({name: base64.b64decode(key, validate=True) for name, key in keys.items()}, active)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises KeyUnknown, or ValueError for a payload that was changed."""
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce, key_id = os.urandom(_NONCE_BYTES), self._active.encode()
        sealed = self._ciphers[self._active].encrypt(nonce, payload.SerializeToString(), key_id)
        return Payload(metadata={"encoding": ENCODING, "key-id": key_id}, data=nonce + sealed)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get("key-id", b"")
        cipher = self._ciphers.get(key_id.decode(errors="replace"))
        if cipher is None:
            raise KeyUnknown(f"a payload is encrypted with key {key_id!r}, which is not configured")
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, key_id))
        except InvalidTag as error:
            raise ValueError("an encrypted payload was changed, or its key is another") from error
