import ssl
from pathlib import Path

from cryptography import x509

from sandbox.kit.tls import ensure_authority, issue


def test_server_certificate_is_of_the_authority_and_names_its_hosts(tmp_path: Path) -> None:
    ca_file = ensure_authority(tmp_path)
    cert_file, key_file = issue(tmp_path, "127.0.0.1", "localhost")
    ssl.create_default_context(cafile=ca_file)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert_file, key_file)
    certificate = x509.load_pem_x509_certificate(cert_file.read_bytes())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_file.read_bytes()))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_files_are_private_and_reused(tmp_path: Path) -> None:
    issue(tmp_path, "127.0.0.1")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    issue(tmp_path, "127.0.0.1")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_lost_authority_takes_its_certificates_along(tmp_path: Path) -> None:
    cert_file, _ = issue(tmp_path, "127.0.0.1")
    first = cert_file.read_bytes()
    (tmp_path / "ca.key").unlink()
    issue(tmp_path, "127.0.0.1")
    assert cert_file.read_bytes() != first
