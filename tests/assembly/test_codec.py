"""What Temporal stores is encrypted: unreadable without the key, unchangeable, and keys can rotate."""

import pytest
from temporalio.api.common.v1 import Payload

from assembly.codec import ENCODING, AesGcmCodec, KeyUnknown

_OLD, _NEW = bytes(range(32)), bytes(range(32, 64))
_CARD = b'{"card": "4111111111111111", "email": "someone@example.com"}'


def _payload() -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=_CARD)


async def test_a_payload_comes_back_as_it_was_and_shows_nothing_meanwhile() -> None:
    codec = AesGcmCodec({"2026": _OLD}, "2026")
    (sealed,) = await codec.encode([_payload()])
    assert b"4111" not in sealed.SerializeToString()
    assert b"someone" not in sealed.SerializeToString()
    assert await codec.decode([sealed]) == [_payload()]


async def test_the_same_payload_never_looks_the_same_twice() -> None:
    codec = AesGcmCodec({"2026": _OLD}, "2026")
    first, second = await codec.encode([_payload(), _payload()])
    assert first.data != second.data


async def test_what_an_old_key_sealed_is_read_after_the_rotation() -> None:
    (sealed,) = await AesGcmCodec({"2026": _OLD}, "2026").encode([_payload()])
    rotated = AesGcmCodec({"2026": _OLD, "2027": _NEW}, "2027")
    assert await rotated.decode([sealed]) == [_payload()]
    (anew,) = await rotated.encode([_payload()])
    assert anew.metadata["key-id"] == b"2027"


async def test_a_key_that_is_not_configured_is_named() -> None:
    (sealed,) = await AesGcmCodec({"2026": _OLD}, "2026").encode([_payload()])
    with pytest.raises(KeyUnknown, match="2026"):
        await AesGcmCodec({"2027": _NEW}, "2027").decode([sealed])


@pytest.mark.parametrize("place", [0, 11, 12, 40, -1])
async def test_a_changed_payload_is_refused(place: int) -> None:
    codec = AesGcmCodec({"2026": _OLD}, "2026")
    (sealed,) = await codec.encode([_payload()])
    data = bytearray(sealed.data)
    data[place] ^= 1
    changed = Payload(metadata=dict(sealed.metadata), data=bytes(data))
    with pytest.raises(ValueError, match="changed"):
        await codec.decode([changed])


async def test_a_payload_moved_under_another_keys_name_is_refused() -> None:
    codec = AesGcmCodec({"2026": _OLD, "2027": _OLD}, "2026")
    (sealed,) = await codec.encode([_payload()])
    moved = Payload(metadata={"encoding": ENCODING, "key-id": b"2027"}, data=sealed.data)
    with pytest.raises(ValueError, match="changed"):
        await codec.decode([moved])


async def test_plain_json_from_a_person_is_taken_as_it_is() -> None:
    codec = AesGcmCodec({"2026": _OLD}, "2026")
    assert await codec.decode([_payload()]) == [_payload()]


def test_a_key_of_the_wrong_length_and_an_unknown_active_key_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AesGcmCodec({"2026": b"short"}, "2026")
    with pytest.raises(KeyUnknown):
        AesGcmCodec({"2026": _OLD}, "2027")
