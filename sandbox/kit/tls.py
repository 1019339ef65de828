"""A local certificate authority, so that simulators speak HTTPS as vendors' clients insist."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.kit.secret_files import write_private

_CA_FILE, _CA_KEY = "ca.pem", "ca.key"
_LIFE = timedelta(days=825)  # the longest that clients of vendors accept
_RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(hours=1)


def ensure_authority(directory: Path) -> Path:
    """The authority's certificate file; made at the first call, and anew when it is about to end."""
    ca_file = directory / _CA_FILE
    if _still_good(ca_file) and (directory / _CA_KEY).exists():
        return ca_file
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("q2c sandbox authority")
    builder = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
    )
    write_private(directory / _CA_KEY, _pem(key))
    write_private(ca_file, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    for stale in directory.glob("server-*"):
        stale.unlink()
    return ca_file


def issue(directory: Path, *hosts: str) -> tuple[Path, Path]:
    """Certificate and key files of a server of these host names and IP addresses; reused while good."""
    ca_file = ensure_authority(directory)
    stem = "server-" + "-".join(hosts).replace(":", "_").replace("*", "_")
    cert_file, key_file = directory / f"{stem}.pem", directory / f"{stem}.key"
    if _still_good(cert_file) and key_file.exists():
        return cert_file, key_file
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    ca_key = serialization.load_pem_private_key((directory / _CA_KEY).read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{directory / _CA_KEY} is not a key of this authority")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(hosts[0]), ca.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    write_private(key_file, _pem(key))
    write_private(cert_file, builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return cert_file, key_file


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _still_good(cert_file: Path) -> bool:
    if not cert_file.exists():
        return False
    certificate = x509.load_pem_x509_certificate(cert_file.read_bytes())
    return certificate.not_valid_after_utc - _RENEW_BEFORE > datetime.now(UTC)
