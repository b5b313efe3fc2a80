"""Certificates as a test needs them, made by the openssl command."""

import subprocess
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    certificate: Path
    key: Path


class Authority:
    """Signs certificates; all files are in `directory`."""

    def __init__(self, directory: Path, name: str = "authority"):
        self.directory = directory
        self._name = name
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate = directory / f"{name}.pem"
        self._key = directory / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", f"/CN={name}", "-keyout", str(self._key), "-out", str(self.certificate))

    def sign(self, name: str, hosts: str = "DNS:localhost,IP:127.0.0.1", days: int = 2) -> Certificate:
        """With a negative number of days it has expired."""
        made = Certificate(self.directory / f"{name}.pem", self.directory / f"{name}.key")
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={hosts}\n")
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                 f"/CN={name}", "-keyout", str(made.key), "-out", str(request))
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key),
                 "-CAcreateserial", *_make_period(days), "-extfile", str(extensions), "-out", str(made.certificate))
        return made

    def make_folder(self) -> Path:
        """The authority's certificate in a folder of its own, under the name by which OpenSSL looks for it."""
        folder = self.directory / f"{self._name}-folder"
        folder.mkdir()
        hashed = _openssl("x509", "-in", str(self.certificate), "-noout", "-hash").strip()
        (folder / f"{hashed}.0").write_bytes(self.certificate.read_bytes())
        return folder


def encrypt_key(key: Path, password: str) -> Path:
    encrypted = key.with_suffix(".encrypted")
    _openssl("pkcs8", "-topk8", "-in", str(key), "-passout", f"pass:{password}", "-out", str(encrypted))
    return encrypted


def _make_period(days: int) -> list[str]:
    """OpenSSL 3.0 knows no other way to a certificate that has expired than one that ends before it begins, which 3.4 refuses."""
    if days >= 0 or "-not_after" not in subprocess.run(["openssl", "x509", "-help"], capture_output=True, text=True,
                                                       check=False).stderr:
        return ["-days", str(days)]
    return ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]


def _openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
