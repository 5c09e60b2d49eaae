"""The servers: a Ceph RGW, which is real and slow; `wire`, which costs nothing and shows the client alone; the sandbox."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Unavailable(Exception):
    """This machine cannot run the server; the text says why."""


def first_line(*command):
    """The first line that a version command prints, or None where the program is missing."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (answer.stdout or answer.stderr).strip().splitlines()[0]


def read_exports(text):
    """Read `export NAME=value` lines as the shell would."""
    words = (shlex.split(line) for line in text.splitlines() if line.startswith("export "))
    return dict(word.split("=", 1) for _, word in words)


class Rgw:
    """A fresh Ceph RGW of test/rgw, its data on a disk; or a server that the caller has started."""

    name = "rgw"
    title = "Ceph RGW"
    max_put = 5 << 30  # of one request
    script = HERE.parent / "test" / "rgw" / "rgw.sh"

    def __init__(self, env_file):
        self.env_file = env_file
        self.dir = None

    def __enter__(self):
        if self.env_file:
            self.version = "as given by --server-env"
            self.env = read_exports(Path(self.env_file).read_text(encoding="utf-8"))
            return self
        version = first_line("radosgw", "--version")
        if not version:
            raise Unavailable("not on this machine: test/rgw/rgw.sh install")
        self.version = " ".join(version.split()[:3])
        self.dir = tempfile.mkdtemp(prefix="ssec-bench-rgw.")
        try:
            subprocess.run([self.script, "start", self.dir], check=True)
            answer = subprocess.run([self.script, "env", self.dir], check=True, capture_output=True, text=True)
        except BaseException:
            self.__exit__()
            raise
        self.env = read_exports(answer.stdout)
        return self

    def __exit__(self, *_):
        if self.dir:
            subprocess.run([self.script, "wipe", self.dir], check=False)

    def check_room(self, size):
        """What is there twice at times, and some: one object being put, one to be got."""
        if self.dir and shutil.disk_usage(self.dir).free < 2.2 * size + (1 << 30):
            return "not enough room on the disk"
        return None

    def collect_garbage(self):
        """Take what was deleted off the disk now, and not while something is measured."""
        if self.dir:
            command = ["radosgw-admin", "-c", f"{self.dir}/ceph.conf", "gc", "process", "--include-all"]
            subprocess.run(command, check=True, capture_output=True)


class Sandbox:
    """The sandbox of this repository, its data where the files are: a server that copies between keys."""

    name = "sandbox"
    title = "ssec-sandbox"
    max_put = 5 << 30
    script = HERE.parent / "sandbox" / "bin" / "ssec-sandbox.js"

    def __init__(self, scratch):
        self.dir = scratch / "sandbox"
        self.process = None

    def __enter__(self):
        version = first_line("node", self.script, "--version")
        if not version:
            raise Unavailable("the sandbox is not built: npm run build -w sandbox")
        self.version = f"ssec-sandbox {version} on Node.js {first_line('node', '--version').lstrip('v')}"
        command = ["node", self.script, "--dir", self.dir, "--quiet"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            lines = []
            # the last of its lines; then it runs on
            while not (lines and lines[-1].startswith("export PROFILE=")):
                line = self.process.stdout.readline()
                if not line:
                    raise Unavailable("the sandbox ended at once")
                lines.append(line)
        except BaseException:
            self.__exit__()
            raise
        found = read_exports("".join(lines))
        own = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        self.env = {name: value for name, value in found.items() if name != "BUCKET_NAME"} | own
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()

    def check_room(self, _):
        return None

    def collect_garbage(self):
        pass


class Wire:
    """wire.c, built when it is wanted."""

    name = "wire"
    title = "sink and source"
    max_put = 1 << 62

    def __init__(self, scratch, pattern):
        self.dir = scratch / "wire"
        self.pattern = pattern
        self.process = None

    def __enter__(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler or not shutil.which("openssl"):
            raise Unavailable("needs a C compiler, OpenSSL's headers (libssl-dev) and openssl")
        self.dir.mkdir()
        program = self.dir / "wire"
        libraries = ["-lssl", "-lcrypto", "-lpthread"]
        built = subprocess.run(
            [compiler, "-O2", "-o", program, HERE / "wire.c", *libraries], capture_output=True, text=True, check=False
        )
        if built.returncode != 0:
            raise Unavailable(f"wire.c was not built (is libssl-dev there?): {built.stderr.strip().splitlines()[0]}")
        certificate, key = self._make_certificate()
        command = [program, certificate, key, self.pattern.path]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            port = int(self.process.stdout.readline())
        except BaseException:
            self.__exit__()
            raise
        self.version = f"bench/wire.c, {' '.join(first_line('openssl', 'version').split()[:2])}"
        self.env = {
            "AWS_ACCESS_KEY_ID": "SSECBENCHACCESSKEY00",
            "AWS_SECRET_ACCESS_KEY": "ssecBenchSecretKey/000000000000000000001",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
            "AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{port}",
            "AWS_CA_BUNDLE": str(certificate),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()

    def _make_certificate(self):
        certificate, key = self.dir / "server.pem", self.dir / "server.key"
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command = ["openssl", "req", "-x509", *curve, "-days", "30", *names, "-config", os.devnull]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key

    def check_room(self, _):
        return None

    def collect_garbage(self):
        pass
