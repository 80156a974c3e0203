"""nats-server, Postgres and one Sealstream that speak nothing but TLS with certificates on both sides, for tests.

Everything is below one temporary folder and on free ports of 127.0.0.1, and is killed with the object. Certificates are
made by openssl; `issue_all` makes all of them anew.
"""

import http.client
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

LONGEST = 60  # seconds, of any wait


def nats_binary():
    built = pathlib.Path(os.environ.get("SEALSTREAM_SOURCE_DIR", ".")) / ".build/deps/root/usr/sbin/nats-server"
    return os.environ.get("SEALSTREAM_NATS_SERVER") or (str(built) if built.exists() else shutil.which("nats-server"))


def postgres_folder():
    given = os.environ.get("SEALSTREAM_POSTGRES_BIN")
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return pathlib.Path(given) if given else (found[-1].parent if found else None)


def missing():
    """What there is not to test with; empty when there is all."""
    return [name for name, found in [("SEALSTREAM_BINARY", os.environ.get("SEALSTREAM_BINARY")),
                                     ("nats-server", nats_binary()), ("Postgres", postgres_folder()),
                                     ("openssl", shutil.which("openssl"))] if not found]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(holds, what):
    deadline = time.monotonic() + LONGEST
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain: " + (what() if callable(what) else what))
        time.sleep(0.05)
    return found


def openssl(*arguments, stdin=None):
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments}: {done.stderr.decode()}")
    return done.stdout


class Authority:
    """Signs certificates into a folder: NAME.pem and NAME.key, each put in place in one step."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key, self.certificate = folder / f"{name}-ca.key", folder / f"{name}-ca.pem"
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", 2, "-out", self.certificate,
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, file, common_name, names, seconds=None):
        key, request, made = (self.folder / f"{file}.{end}.new" for end in ("key", "csr", "pem"))
        extensions = self.folder / f"{file}.ext"
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={common_name}", "-out", request)
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\n"
                              "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", 1,
                "-set_serial", "0x" + os.urandom(8).hex(), "-extfile", extensions, "-out", made)
        os.chmod(key, 0o600)
        key.rename(self.folder / f"{file}.key")
        made.rename(self.folder / f"{file}.pem")


class SecureServers:
    SERVER_NAMES = "DNS:localhost,IP:127.0.0.1"

    def __init__(self, clients, settings="", nats_settings="", nats_access=""):
        """`clients`: names of services that get certificates. `settings`: more YAML of Sealstream, `nats_settings` of its
        key nats; `nats_access`: more settings of nats-server. FOLDER in them is ours."""
        self.clients = clients
        self.more_settings, self.nats_settings, self.nats_access = settings, nats_settings, nats_access
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="secure-"))
        os.chmod(self.folder, 0o755)
        self.processes, self.logs = {}, {}
        self.ports = {name: free_port() for name in ("http", "admin", "nats", "monitor", "postgres")}
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.authority = Authority(self.folder, "first")
        self.trust(self.authority)
        self.issue_all(self.authority)
        try:
            self.start_nats()
            self.start_postgres()
            self.make_ledger_keys()
            self.write_settings()
            self.start_node()
        except BaseException:
            self.close()
            raise

    # Certificates.

    def trust(self, *authorities):
        fresh = self.folder / "ca.pem.new"
        fresh.write_bytes(b"".join(each.certificate.read_bytes() for each in authorities))
        fresh.rename(self.folder / "ca.pem")

    def issue_all(self, authority):
        self.authority = authority
        for server in ("http", "nats-server", "postgres-server"):
            self.authority.issue(server, "localhost", self.SERVER_NAMES)
        self.authority.issue("node", "sealstream", "URI:spiffe://example.org/node")
        for client in self.clients:
            self.authority.issue(client, client, f"URI:spiffe://example.org/service/{client}")
        if self.user:
            shutil.chown(self.folder / "postgres-server.key", self.user.pw_uid, self.user.pw_gid)

    def serial(self, file):
        return openssl("x509", "-in", self.folder / file, "-noout", "-serial").decode().strip().split("=")[1]

    # Servers.

    def start(self, name, command, user=None):
        self.logs[name] = self.folder / f"{name}.log"
        with open(self.logs[name], "ab") as log:
            self.processes[name] = subprocess.Popen(
                list(map(str, command)), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/",
                user=user.pw_uid if user else None, group=user.pw_gid if user else None,
                extra_groups=[] if user else None)

    def last_words(self, name):
        return f"{name}: " + self.logs[name].read_bytes()[-3000:].decode(errors="replace")

    def stop(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(number)
            try:
                return process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()
        return None

    def close(self):
        for name, number in (("node", signal.SIGTERM), ("nats", signal.SIGKILL), ("postgres", signal.SIGQUIT)):
            self.stop(name, number)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_listening(self, port):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.ports[port])) == 0

    def start_nats(self):
        at = self.folder
        (at / "nats.conf").write_text(f"""
host: 127.0.0.1
port: {self.ports["nats"]}
http: "127.0.0.1:{self.ports["monitor"]}"
jetstream {{ store_dir: "{at}/nats" }}
tls {{ cert_file: "{at}/nats-server.pem"
      key_file: "{at}/nats-server.key"
      ca_file: "{at}/ca.pem"
      verify: true
      timeout: 5 }}
{self.nats_access}
""")
        self.start("nats", [nats_binary(), "-c", at / "nats.conf"])
        wait_for(lambda: self.is_listening("nats"), lambda: self.last_words("nats"))

    def psql(self, statement):
        done = subprocess.run([str(postgres_folder() / "psql"), "-X", "-A", "-t", "-h", str(self.folder / "socket"),
                               "-p", str(self.ports["postgres"]), "-U", "owner", "-d", "postgres", "-c", statement],
                              capture_output=True)
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def start_postgres(self):
        at, bin_folder = self.folder, postgres_folder()
        data, sockets = at / "postgres", at / "socket"
        if not data.exists():
            for folder in (data, sockets):
                folder.mkdir()
                if self.user:
                    shutil.chown(folder, self.user.pw_uid, self.user.pw_gid)
            self.start("initdb", [bin_folder / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8",
                                  "--locale=C", "-N"], self.user)
            if self.processes.pop("initdb").wait(LONGEST) != 0:
                raise AssertionError(self.last_words("initdb"))
            (data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 cert\n")
        self.start("postgres", [bin_folder / "postgres", "-D", data, "-k", sockets, "-h", "127.0.0.1", "-p",
                                self.ports["postgres"], "-c", "fsync=off", "-c", "ssl=on",
                                "-c", f"ssl_cert_file={at}/postgres-server.pem",
                                "-c", f"ssl_key_file={at}/postgres-server.key", "-c", f"ssl_ca_file={at}/ca.pem"],
                   self.user)
        wait_for(lambda: self.psql("SELECT 1") == "1", lambda: self.last_words("postgres"))
        if self.psql("SELECT 1 FROM pg_roles WHERE rolname = 'sealstream'") != "1":
            self.psql("CREATE ROLE sealstream LOGIN SUPERUSER")
            self.psql("CREATE DATABASE sealstream OWNER sealstream")

    # Sealstream.

    def run(self, *command):
        return subprocess.run([os.environ["SEALSTREAM_BINARY"], *map(str, command)], capture_output=True, timeout=120)

    def make_ledger_keys(self):
        self.verifier_keys = {}
        for ledger in ("main", "ops"):
            made = self.run("keys", "generate", "--origin", f"test.example/{ledger}", "--out",
                            self.folder / f"{ledger}.key")
            self.verifier_keys[ledger] = made.stdout.decode().split("\n")[0]

    def write_settings(self):
        at = self.folder
        tls = (f"{{certificate_file: {at}/http.pem, key_file: {at}/http.key, client_ca_file: {at}/ca.pem, "
               "client_certificates: required}")
        (at / "sealstream.yaml").write_text(f"""
roles: [node, projector, auditor]
nats:
  url: tls://localhost:{self.ports["nats"]}
  tls_ca_file: {at}/ca.pem
  tls_certificate_file: {at}/node.pem
  tls_key_file: {at}/node.key
{self.nats_settings.replace("FOLDER", str(at))}
postgres:
  host: localhost
  port: {self.ports["postgres"]}
  sslmode: verify-full
  tls_ca_file: {at}/ca.pem
  tls_certificate_file: {at}/node.pem
  tls_key_file: {at}/node.key
http:
  listen: 127.0.0.1:{self.ports["http"]}
  admin_listen: 127.0.0.1:{self.ports["admin"]}
  tls: {tls}
  admin_tls: {tls}
auditor: {{key_file: {at}/main.key, checkpoint_ms: 100}}
{self.more_settings.replace("FOLDER", str(at))}
""")

    def start_node(self):
        self.start("node", [os.environ["SEALSTREAM_BINARY"], "serve", "--config", self.folder / "sealstream.yaml"])
        wait_for(lambda: self.get(self.clients[0], "/readyz", port="admin")[0] == 200,
                 lambda: self.last_words("node"))

    def context(self, client):
        """As the service `client`; None: without a certificate."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if client:
            wait_for(lambda: self.shows(context, client), f"the key of {client}")
        return context

    def shows(self, context, client):
        try:
            context.load_cert_chain(str(self.folder / f"{client}.pem"), str(self.folder / f"{client}.key"))
            return True
        except ssl.SSLError:  # one of the two files is already new
            return False

    def connect(self, client, port="http"):
        return http.client.HTTPSConnection("localhost", self.ports[port], timeout=30, context=self.context(client))

    def ask(self, client, method, target, body=None, headers=None, port="http"):
        connection = self.connect(client, port)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            kind = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, target, data, {**kind, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError as failed:
            return 0, str(failed)
        finally:
            connection.close()

    def get(self, client, target, headers=None, port="http"):
        return self.ask(client, "GET", target, None, headers, port)

    def error_lines(self):
        lines = self.logs["node"].read_text().splitlines()
        return [line for line in lines if '"level":"error"' in line or "Sanitizer" in line]
