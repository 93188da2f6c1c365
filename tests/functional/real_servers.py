"""Real servers, each started for one test on loopback, in the test's folder, and ended by its pid.

    certs = certificates.make(shop.folder / "tls")
    postfix = shop.add(Postfix(shop.folder, certs))                 # STARTTLS and a login asked for
    shop.config["gateways"] = {"relay": postfix.gateway(shop, user="nudged", password="s3cret")}
    …
    [mail] = postfix.box("ok1")                                     # bytes of what lies in ok1@mail.example

Postfix, Exim and Submission (Dovecot's) know the user nudged, password s3cret; `tls` is starttls, smtps
or never. Postfix and Exim deliver mail for ok@ and ok0 to ok999@mail.example and refuse other recipients with their own
words; `answers` adds some: {"^reject": "554 5.7.1 not you"}. Submission passes on to the SMTP server at
`relay`. Nginx takes what stands in its server block: Nginx(folder, "location / { return 202; }"), with
`certs` over TLS and HTTP/2. Where a program is not there, or needs root, the test is skipped."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

from conftest import PATIENCE, SOURCE, wait_until

USER, PASSWORD = "nudged", "s3cret"
UNPACKED = SOURCE / "build-servers"  # by `./dev deps test`: what cannot be installed beside Postfix
PLACES = os.environ["PATH"] + ":/usr/sbin:/sbin"
NOBODY = 65534
BOXES = ["ok", *(f"ok{number}" for number in range(1000))]


def find(name):
    """The program's path; the test is skipped where it is not there."""
    unpacked = UNPACKED / "usr/sbin" / name
    path = shutil.which(name, path=PLACES) or (str(unpacked) if unpacked.exists() else None)
    if not path:
        pytest.skip(f"{name} is not there: ./dev deps test")
    return path


def need_root(name):
    if os.geteuid() != 0:
        pytest.skip(f"{name} changes its user, and that needs root")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    return False


def end_with_us():
    """In a child: it ends when the test does, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Program:
    """One process in the foreground, at a port of its own. A kind has `command()`, which writes the
    configuration for `self.port` and says how it is started."""

    environment = {}

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        for path in (self.folder, *self.folder.parents):  # others than root work inside
            if path == pathlib.Path("/tmp") or path == path.parent:
                break
            path.chmod(path.stat().st_mode | 0o011)
        self.folder.chmod(0o755)
        self.process = None
        for _ in range(5):  # another may have taken the port meanwhile
            self.port = free_port()
            if self.start():
                return
        pytest.fail(f"{name} does not start:\n{self.log()}")

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder,
                start_new_session=True, preexec_fn=end_with_us, env={**os.environ, **self.environment})
        wait_until(lambda: self.process.poll() is not None or listens(self.port), "a server to listen")
        return self.process.poll() is None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self):
        """Everything it wrote into files named so."""
        found = [path for path in sorted(self.folder.rglob("*log")) if path.is_file()]
        return "".join(path.read_text(errors="replace") for path in (*found, self.folder / "output"))

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path


class SmtpProgram(Program):
    """One that speaks SMTP. `tls`: starttls, smtps or never; `certificate`: which of `certs`."""

    def __init__(self, folder, name, certs=None, tls="starttls", certificate="good"):
        self.certs, self.tls = certs, tls if certs else "never"
        self.certificate = certificate
        super().__init__(folder, name)

    def gateway(self, shop, password=None, **keys):
        """The mapping of a gateway to this server; `password` is put into a file."""
        more = {}
        if self.certs:
            more["ca_file"] = str(self.certs / "ca.pem")
        if password is not None:
            path = shop.folder / f"password-{self.port}"
            path.touch(0o600)
            path.write_text(password + "\n")
            more["password_file"] = str(path)
        return {"kind": "smtp", "host": "localhost", "port": self.port, "tls": self.tls, **more, **keys}

    def pair(self):
        return f"{self.certs}/{self.certificate}.pem", f"{self.certs}/{self.certificate}.key"


# ---- nginx ----


class Nginx(Program):
    """`requests()`: a mapping for each request that nginx answered: key, status, length, protocol, connection."""

    FIELDS = {"key": "$http_idempotency_key", "status": "$status", "length": "$request_length",
              "protocol": "$server_protocol", "connection": "$connection"}

    def __init__(self, folder, block, certs=None, http="", name="nginx"):
        self.block, self.certs, self.http, self.program = block, certs, http, find("nginx")
        super().__init__(folder, name)

    def command(self):
        here, listen = self.folder, f"listen 127.0.0.1:{self.port} backlog=1024"
        if self.certs:
            listen += (f" ssl http2; ssl_certificate {self.certs}/good.pem; "
                       f"ssl_certificate_key {self.certs}/good.key")
        form = " ".join(self.FIELDS.values())
        places = "".join(f"{kind}_temp_path {here}/{kind};\n" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        path = self.write("nginx.conf",
                          f"""{user}daemon off; pid {here}/pid; error_log {here}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
{places} log_format one '{form}'; access_log {here}/access.txt one; {self.http}
server {{ {listen}; {self.block} }}
}}
""")
        return [self.program, "-p", here, "-e", here / "error.log", "-c", path]

    def gateway(self, path="/send", **keys):
        if self.certs:
            keys.setdefault("ca_file", str(self.certs / "ca.pem"))
        return {"kind": "http", "url": f"http{'s' if self.certs else ''}://localhost:{self.port}{path}", **keys}

    def requests(self):
        path = self.folder / "access.txt"
        written = path.read_text() if path.exists() else ""
        lines = written[:written.rfind("\n") + 1].splitlines()  # the last may be half there
        found = [dict(zip(self.FIELDS, line.split())) for line in lines]
        return [one for one in found if one["key"] != "-"]


# ---- Dovecot ----


class Dovecot(Program):
    """What 2.3 (Debian 12) and 2.4 (Debian 13) say in two languages. Alone it is the server of logins
    for Postfix and Exim, at `socket`; it listens for submission where there is a `relay`."""

    def __init__(self, folder, certs=None, tls="never", relay=None, name="dovecot", certificate="good"):
        need_root("Dovecot")
        self.program = find("dovecot")
        self.certs, self.tls, self.relay, self.certificate = certs, tls, relay, certificate
        self.socket = pathlib.Path(folder) / name / "login"
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        self.version = tuple(int(number) for number in said.split()[0].split(".")[:2])
        super().__init__(folder, name)

    def start(self):
        if self.relay:
            return super().start()
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=end_with_us)
        wait_until(lambda: self.process.poll() is not None or self.socket.exists(), "Dovecot's socket")
        return self.process.poll() is None

    def command(self):
        (self.folder / "mail").mkdir(exist_ok=True)
        words = self.words_2_3() if self.version < (2, 4) else self.words_2_4()
        return [self.program, "-F", "-c", self.write("dovecot.conf", words)]

    def shared(self):
        listener = f"""service auth {{
  unix_listener {self.socket} {{
    mode = 0666
  }}
}}
"""
        port = {"smtps": "submissions"}.get(self.tls, "submission")
        other = {"submission": "submissions", "submissions": "submission"}[port]
        submission = f"""protocols = submission
submission_relay_host = 127.0.0.1
submission_relay_port = {self.relay}
submission_relay_ssl = no
hostname = submission.example
service submission-login {{
  inet_listener {port} {{
    port = {self.port}
    ssl = {"yes" if self.tls == "smtps" else "no"}
  }}
  inet_listener {other} {{
    port = 0
  }}
}}
"""
        return f"""base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/dovecot.log
listen = 127.0.0.1
auth_mechanisms = plain login
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{listener}""" + (submission if self.relay else "")

    def words_2_3(self):
        certificate, key = f"{self.certs}/{self.certificate}.pem", f"{self.certs}/{self.certificate}.key"
        ssl = f"ssl = required\nssl_cert = <{certificate}\nssl_key = <{key}\n" if self.certs else "ssl = no\n"
        protocols = "" if self.relay else "protocols = none\n"
        return f"""{self.shared()}{protocols}{ssl}
disable_plaintext_auth = no
mail_location = maildir:{self.folder}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = user={USER} password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={NOBODY} gid={NOBODY} home={self.folder}/mail
}}
"""

    def words_2_4(self):
        certificate, key = f"{self.certs}/{self.certificate}.pem", f"{self.certs}/{self.certificate}.key"
        ssl = (f"ssl = required\nssl_server_cert_file = {certificate}\nssl_server_key_file = {key}\n"
               if self.certs else "ssl = no\nauth_allow_cleartext = yes\n")
        protocols = "" if self.relay else "protocols =\n"
        return f"""dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
{self.shared()}{protocols}{ssl}
mail_driver = maildir
mail_path = {self.folder}/mail
first_valid_uid = 1
passdb static {{
  fields {{
    user = {USER}
  }}
  password = {PASSWORD}
}}
userdb static {{
  fields {{
    uid = {NOBODY}
    gid = {NOBODY}
    home = {self.folder}/mail
  }}
}}
"""


class Submission(Dovecot):
    """Dovecot's submission server before the SMTP server at port `relay`."""

    def __init__(self, folder, certs, relay, tls="starttls", certificate="good"):
        if not pathlib.Path("/usr/lib/dovecot/submission").exists():
            pytest.skip("dovecot-submissiond is not there: ./dev deps test")
        super().__init__(folder, certs, tls, relay, "submission", certificate)

    gateway, pair = SmtpProgram.gateway, SmtpProgram.pair


# ---- Postfix ----


MASTER = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid",
          "private", "public", "saved", "trace"]


class Postfix(SmtpProgram):
    """`login=False`: everybody on loopback may send. `main`: further lines of main.cf."""

    def __init__(self, folder, certs=None, tls="starttls", login=True, answers=None, main="", certificate="good"):
        need_root("Postfix")
        find("postfix")
        self.dovecot = Dovecot(folder, name="postfix-login") if login else None
        self.answers, self.main = answers or {}, main
        try:
            super().__init__(folder, "postfix", certs, tls, certificate)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        super().stop()
        if self.dovecot:
            self.dovecot.stop()

    def command(self):
        here = self.folder
        for name in ("etc", "queue", "data", "mail"):
            (here / name).mkdir(exist_ok=True)
        shutil.chown(here / "data", "postfix")
        (here / "mail").chmod(0o777)
        self.write("etc/boxes", "".join(f"{name}@mail.example {name}/\n" for name in BOXES))
        self.write("etc/answers", "".join(f"/{address}/ {text}\n" for address, text in self.answers.items()))
        self.write("etc/main.cf", self.main_cf())
        wrapper = " -o smtpd_tls_wrappermode=yes" if self.tls == "smtps" else ""
        self.write("etc/master.cf", f"127.0.0.1:{self.port} inet n - n - 100 smtpd{wrapper}{MASTER}")
        for name in QUEUES:  # what `postfix check` makes, which takes seconds
            (here / "queue" / name).mkdir(exist_ok=True)
            shutil.chown(here / "queue" / name, "root" if name == "pid" else "postfix",
                         "postdrop" if name in ("maildrop", "public") else None)
        return ["/usr/lib/postfix/sbin/master", "-c", here / "etc", "-s"]

    def main_cf(self):
        here = self.folder
        certificate, key = self.pair()
        tls = (f"smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {certificate}\n"
               f"smtpd_tls_key_file = {key}\n" if self.certs else "")
        login = (f"smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {self.dovecot.socket}\n"
                 if self.dovecot else "")
        allowed = "permit_sasl_authenticated, reject" if self.dovecot else "permit"
        return f"""compatibility_level = 3.6
config_directory = {here}/etc
queue_directory = {here}/queue
data_directory = {here}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
virtual_mailbox_domains = mail.example
virtual_mailbox_base = {here}/mail
virtual_mailbox_maps = texthash:{here}/etc/boxes
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
virtual_minimum_uid = 100
virtual_mailbox_limit = 0
message_size_limit = 2000000
maillog_file = {here}/postfix.log
maillog_file_prefixes = {here}
smtpd_recipient_restrictions = check_recipient_access regexp:{here}/etc/answers, reject_unlisted_recipient, {allowed}
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtputf8_enable = yes
default_transport = error:nothing goes outside
{tls}{login}{self.main}
"""

    def box(self, name):
        """What lies in the Maildir of NAME@mail.example, as bytes."""
        folder = self.folder / "mail" / name / "new"
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.exists() else []

    def boxes(self):
        return [path.read_bytes() for path in sorted((self.folder / "mail").glob("*/new/*"))]


# ---- Exim ----


class Exim(SmtpProgram):
    """Its replies are bare 550s, without an enhanced code. All mail goes into one Maildir. Unpacked and not
    installed, it finds its user through nss_wrapper."""

    def __init__(self, folder, certs=None, tls="starttls", login=True, answers=None, certificate="good"):
        need_root("Exim")
        self.program, self.login, self.answers = find("exim4"), login, answers or {}
        if self.program.startswith(str(UNPACKED)):
            self.wrap(pathlib.Path(folder))
        super().__init__(folder, "exim", certs, tls, certificate)

    def wrap(self, folder):
        found = sorted(UNPACKED.glob("usr/lib/*/libnss_wrapper.so")) or sorted(
            pathlib.Path("/usr/lib").glob("*/libnss_wrapper.so"))
        if not found:
            pytest.skip("libnss-wrapper is not there: ./dev deps test")
        for name, line in (("passwd", f"Debian-exim:x:{NOBODY - 1}:{NOBODY - 1}::/:/bin/false\n"),
                           ("group", f"Debian-exim:x:{NOBODY - 1}:\n")):
            (folder / name).write_text(pathlib.Path("/etc", name).read_text() + line)
        self.environment = {"LD_PRELOAD": str(found[0]), "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
                            "NSS_WRAPPER_GROUP": str(folder / "group")}

    def command(self):
        for name in ("spool", "mail", "log"):
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name).chmod(0o777)
        path = self.write("exim.conf", self.main() + self.acl() + self.delivery() + self.logins())
        return [self.program, "-C", path, "-bdf"]

    def main(self):
        here = self.folder
        certificate, key = self.pair()
        tls = (f"tls_advertise_hosts = *\ntls_certificate = {certificate}\ntls_privatekey = {key}\n" if self.certs
               else "tls_advertise_hosts =\n")
        if self.tls == "smtps":
            tls += f"tls_on_connect_ports = {self.port}\n"
        return f"""primary_hostname = mx.example
exim_path = {self.program}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
spool_directory = {here}/spool
log_file_path = {here}/log/%slog
pid_file_path = {here}/pid
deliver_drop_privilege = true
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
smtputf8_advertise_hosts = *
acl_smtp_rcpt = recipient
acl_smtp_auth = accept
{tls}
"""

    def acl(self):
        answers = "".join(f"  deny local_parts = {address}\n       message = {text}\n"
                          for address, text in self.answers.items())
        allowed = "accept authenticated = *\n  deny message = log in first" if self.login else "accept"
        return f"""begin acl
recipient:
{answers}  require verify = recipient
  {allowed}
"""

    def delivery(self):
        return f"""begin routers
boxes:
  driver = accept
  domains = mail.example
  local_parts = ^ok
  transport = maildir
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {self.folder}/mail
  envelope_to_add
"""

    def logins(self):
        if not self.login:
            return ""
        right = f"${{if and {{{{eq{{$auth1}}{{{USER}}}}}{{eq{{$auth2}}{{{PASSWORD}}}}}}}}}"
        plain = right.replace("$auth2", "$auth3").replace("$auth1", "$auth2")
        return f"""begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = {plain}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = {right}
  server_set_id = $auth1
"""

    def boxes(self):
        folder = self.folder / "mail" / "new"
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.exists() else []

    def box(self, name):
        """Of NAME@mail.example."""
        mark = f"\nEnvelope-to: {name}@mail.example\n".encode()
        return [mail for mail in self.boxes() if mark in b"\n" + mail.replace(b"\r\n", b"\n")]
