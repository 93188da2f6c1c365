"""Certificates for tests, by openssl: an authority, and what it signed."""

import pathlib
import subprocess

CONFIGURATION = """
[ca]
default_ca = one
[one]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
unique_subject = no
copy_extensions = copy
[names]
commonName = supplied
"""
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1"
FOREVER = "20460101000000Z"
SIGNED = [("good", LOCAL, "20200101000000Z", FOREVER),
          ("other", "subjectAltName=DNS:mail.other.example", "20200101000000Z", FOREVER),
          ("expired", LOCAL, "20200101000000Z", "20210101000000Z")]


def make(folder):
    """FOLDER/ca.pem; and of each of good, other (of another name), expired and selfsigned NAME.pem with
    NAME.key. The folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    (folder / "ca.cnf").write_text(CONFIGURATION)
    (folder / "index").touch()
    (folder / "serial").write_text("1000\n")
    openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "3650",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, names, begin, end in SIGNED:
        openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", names)
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr",
                "-out", f"{name}.pem", "-startdate", begin, "-enddate", end, "-notext")
    openssl("req", "-x509", *KEY, "-keyout", "selfsigned.key", "-out", "selfsigned.pem", "-subj", "/CN=localhost",
            "-addext", LOCAL, "-days", "3650")
    for path in folder.glob("*.key"):
        path.chmod(0o644)  # servers read them as users of their own
    return folder
