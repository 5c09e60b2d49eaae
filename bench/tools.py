"""The clients: each turns a transfer into the command that does it, with its stock settings."""

import base64
import os
import re
import secrets
import shutil
import string
import subprocess
from dataclasses import dataclass
from pathlib import Path

from files import file_name
from s3 import BUCKET
from servers import first_line
from workloads import LIST, OF_MANY, REKEY, Load

ROOT = Path(__file__).resolve().parent.parent
SSEC = str(ROOT / "bin" / "ssec.js")


@dataclass(frozen=True)
class Transfer:
    """
    One file or folder at PATH, to or from the object NAME, or the prefix NAME/ where there are many. KEY_FILES: the old
    and the new key, where objects get another.
    """

    verb: str
    load: Load
    path: Path
    name: str
    key_files: tuple = ()

    @property
    def address(self):
        return f"s3://{BUCKET}/{self.name}" + ("/" if self.load.is_tree else "")

    @property
    def names(self):
        if not self.load.is_tree:
            return [self.name]
        return [f"{self.name}/{file_name(number)}" for number in range(self.load.count)]


class Session:
    """What the tools share: a server's settings and one customer key, as all of them take it."""

    def __init__(self, server, bucket, scratch, key):
        self.server = server
        self.bucket = bucket
        self.scratch = scratch
        self.endpoint = server.env["AWS_ENDPOINT_URL"]
        self.ca = server.env["AWS_CA_BUNDLE"]
        self.key = key
        self.key_file = scratch / "key"
        self.key_file.write_bytes(key)
        self.other_key_file = scratch / "other-key"
        self.other_key_file.write_bytes(make_key())
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        # what a tool keeps for itself goes when the run is over
        own = {f"XDG_{name}_HOME": str(scratch / name.lower()) for name in ("CACHE", "STATE")}
        self.env = inherited | server.env | own


def make_key():
    """32 bytes as any others, but printable: rclone 1.60 takes no others."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32)).encode()


class Tool:
    """
    NAME is how --tools and the results call it. PEER: a client that people use, measured against. LIMIT: shows what
    cannot be undercut.
    """

    peer = False
    limit = False
    moves_nothing = False

    def applies(self, transfer):
        """Whether a run of it would say anything."""
        return True

    def why_not(self, transfer, server):
        """Why it cannot do a transfer; None where it can."""
        return None

    def env(self, session):
        return session.env


class Ssec(Tool):
    def __init__(self, node="node", *, checksum=None, label=""):
        self.node = node
        self.major = int((first_line(node, "--version") or "v0").lstrip("v").split(".")[0])
        self.checksum = checksum
        self.name = "ssec" + (f"-{checksum}" if checksum else "") + label
        # what a build of the moment can do
        self.has_ls = "--recursive" in self._help("ls")
        self.has_rekey = "--recursive" in self._help("rekey")
        self.has_trees = all(
            re.search(r"^\s+-r\b", self._help(verb), re.MULTILINE) is not None for verb in ("put", "get")
        )

    def _help(self, verb):
        answer = subprocess.run([self.node, SSEC, verb, "--help"], capture_output=True, text=True, check=False)
        return answer.stdout

    def version(self):
        version = first_line(self.node, SSEC, "--version")
        return version and f"{version} on Node.js {first_line(self.node, '--version').lstrip('v')}"

    def applies(self, transfer):
        return transfer.verb == "upload" or not self.checksum

    def why_not(self, transfer, server):
        if transfer.load.is_tree and not self.has_trees:
            return "this build of ssec has no -r"
        if transfer.verb == LIST and not self.has_ls:
            return "this build of ssec has no ls"
        if transfer.verb == REKEY and not self.has_rekey:
            return "this build of ssec has no rekey -r"
        return None

    def env(self, session):
        key = base64.b64encode(session.key).decode()
        return session.env | {"BUCKET_NAME": BUCKET, "SSE_CUSTOMER_KEY_BASE64": key}

    def command(self, transfer, session):
        tree = transfer.load.is_tree
        name = transfer.name + ("/" if tree else "")
        recursive = ["-r"] if tree else []
        if transfer.verb == LIST:
            return [self.node, SSEC, "ls", *recursive, name]
        if transfer.verb == REKEY:
            old, new = map(str, transfer.key_files)
            keys = ["--key-file", old, "--to-key-file", new, "--key-format", "text", "--allow-weak-key"]
            return [self.node, SSEC, "rekey", *recursive, name, *keys, "--quiet"]
        if transfer.verb == "download":
            # relative: some builds take no folder below /dev, and /dev/shm is one
            output = f"{transfer.path.relative_to(session.scratch)}/" if tree else str(transfer.path)
            return [self.node, SSEC, "get", *recursive, name, "-o", output, "--quiet"]
        checksum = ["--checksum", self.checksum] if self.checksum else []
        return [self.node, SSEC, "put", *recursive, str(transfer.path), name, "--quiet", "--allow-weak-key", *checksum]


class Aws(Tool):
    name = "aws"
    peer = True

    def __init__(self, program):
        self.program = program

    def version(self):
        found = first_line(self.program, "--version")
        wanted = ("aws-cli/", "Python/", "botocore/")
        return found and " ".join(word for word in found.split() if word.startswith(wanted))

    def command(self, transfer, session):
        if transfer.verb == LIST:
            return [self.program, "--endpoint-url", session.endpoint, "s3", "ls", "--recursive", transfer.address]
        if transfer.verb == REKEY:
            return self._rekey(transfer, session)
        ends = [str(transfer.path), transfer.address]
        if transfer.verb == "download":
            ends.reverse()
        options = ["--recursive"] if transfer.load.is_tree else []
        options += ["--only-show-errors", "--sse-c", "AES256", "--sse-c-key", f"fileb://{session.key_file}"]
        return [self.program, "--endpoint-url", session.endpoint, "s3", "cp", *options, *ends]

    def _rekey(self, transfer, session):
        old, new = (f"fileb://{path}" for path in transfer.key_files)
        options = ["--recursive", "--only-show-errors", "--sse-c", "AES256", "--sse-c-key", new]
        options += ["--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", old]
        ends = [transfer.address, transfer.address]
        return [self.program, "--endpoint-url", session.endpoint, "s3", "cp", *options, *ends]


BOTO3_SCRIPT = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
import boto3
verb, path, bucket, name, key_file = sys.argv[1:6]

def under(key_file, prefix=""):
    with open(key_file, "rb") as file:
        return {prefix + "SSECustomerAlgorithm": "AES256", prefix + "SSECustomerKey": file.read()}

key = under(key_file)
client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

def put(path, name):
    client.upload_file(path, bucket, name, ExtraArgs=key)

def get(path, name):
    client.download_file(bucket, name, path, ExtraArgs=key)

def put_all(run):
    for entry in os.scandir(path):
        yield run(put, entry.path, name + entry.name)

def found():
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=name):
        yield from page["Contents"]

def get_all(run):
    os.makedirs(path, exist_ok=True)
    for one in found():
        yield run(get, os.path.join(path, os.path.basename(one["Key"])), one["Key"])

def rekey(name, keys):
    client.copy_object(Bucket=bucket, Key=name, CopySource={"Bucket": bucket, "Key": name}, **keys)

def rekey_all(run):
    keys = under(sys.argv[6]) | under(key_file, "CopySource")
    for one in found():
        yield run(rekey, one["Key"], keys)

if verb == "list":
    for one in found():
        print(one["LastModified"].isoformat(), one["Size"], one["Key"])
elif name.endswith("/"):
    with ThreadPoolExecutor(8) as pool:
        for task in list({"upload": put_all, "download": get_all, "rekey": rekey_all}[verb](pool.submit)):
            task.result()
else:
    (put if verb == "upload" else get)(path, name)
"""


class Boto3(Tool):
    name = "boto3"
    peer = True

    def __init__(self, python):
        self.python = python

    def version(self):
        return first_line(
            self.python, "-c", "import boto3, sys; print(boto3.__version__, 'Python/' + sys.version.split()[0])"
        )

    def command(self, transfer, session):
        name = transfer.name + ("/" if transfer.load.is_tree else "")
        script = [self.python, "-c", BOTO3_SCRIPT]
        keys = transfer.key_files or [session.key_file]
        return [*script, transfer.verb, str(transfer.path), BUCKET, name, *map(str, keys)]


class Rclone(Tool):
    name = "rclone"
    peer = True

    def applies(self, transfer):
        return transfer.verb != REKEY  # a remote has one key, and nothing is copied onto itself

    def version(self):
        return first_line("rclone", "version")

    def env(self, session):
        # AWS_CA_BUNDLE kills rclone 1.60
        kept = {name: value for name, value in session.env.items() if not name.startswith("AWS_")}
        remote = {
            "TYPE": "s3",
            "PROVIDER": "Ceph",
            "ENDPOINT": session.endpoint,
            "REGION": session.env["AWS_REGION"],
            "ACCESS_KEY_ID": session.env["AWS_ACCESS_KEY_ID"],
            "SECRET_ACCESS_KEY": session.env["AWS_SECRET_ACCESS_KEY"],
            "SSE_CUSTOMER_ALGORITHM": "AES256",
            "SSE_CUSTOMER_KEY": session.key.decode(),
        }
        return kept | {f"RCLONE_CONFIG_BENCH_{name}": value for name, value in remote.items()}

    def command(self, transfer, session):
        there = f"bench:{BUCKET}/{transfer.name}"
        none = str(session.scratch / "no-rclone.conf")
        options = ["--quiet", "--config", none, "--ca-cert", session.ca]
        if transfer.verb == LIST:
            return ["rclone", "lsf", *options, "--recursive", "--files-only", "--format", "tsp", there]
        ends = [str(transfer.path), there]
        if transfer.verb == "download":
            ends.reverse()
        verb = "copy" if transfer.load.is_tree else "copyto"
        return ["rclone", verb, *options, *ends]


class Curl(Tool):
    """One stream, or 16 requests at a time; signed beforehand, and nothing is checked."""

    name = "curl"
    limit = True

    def applies(self, transfer):
        return transfer.verb not in OF_MANY

    def version(self):
        found = first_line("curl", "--version")
        return found and " ".join(word for word in found.split()[1:] if word[0].isdigit() or word.startswith("OpenSSL"))

    def why_not(self, transfer, server):
        if transfer.verb == "upload" and transfer.load.size > server.max_put:
            return "more than one PUT takes"
        return None

    def command(self, transfer, session):
        config = session.scratch / "curl.conf"
        method = "PUT" if transfer.verb == "upload" else "GET"
        requests = []
        for name in transfer.names:
            path = transfer.path / Path(name).name if transfer.load.is_tree else transfer.path
            url, headers = session.bucket.signed(method, name)
            lines = [f'url = "{url}"', f'cacert = "{session.ca}"', "fail", "silent", "show-error"]
            lines += [f'header = "{header}: {value}"' for header, value in headers.items()]
            lines += [f'upload-file = "{path}"', 'header = "Expect:"'] if method == "PUT" else [f'output = "{path}"']
            requests.append("\n".join(lines) + "\n")
        config.write_text("next\n".join(requests), encoding="utf-8")
        parallel = ["-Z", "--parallel-max", "16"] if transfer.load.is_tree else []
        if transfer.load.is_tree:
            transfer.path.mkdir(exist_ok=True)
        return ["curl", "-q", *parallel, "-K", str(config)]


class NodeStart(Tool):
    """What a Node.js program takes that does nothing."""

    name = "node -e 0"
    limit = True
    moves_nothing = True

    def version(self):
        return first_line("node", "--version")

    def applies(self, transfer):
        return transfer.load.total <= 1 << 10 and transfer.verb not in OF_MANY

    def command(self, transfer, session):
        return ["node", "-e", "0"]


# ---- which of several is taken ------------------------------------------------------------------------


def path_python():
    """The interpreter behind `python3` on PATH, which may be a version manager's script."""
    return first_line("python3", "-c", "import sys; print(sys.executable)")


def pythons_with_boto3():
    found = dict.fromkeys(python for python in (path_python(), "/usr/bin/python3") if python)
    return [python for python in found if first_line(python, "-c", "import boto3; print(1)")]


def aws_programs():
    """The distribution's, the one beside PATH's Python, and PATH's, unless that is a version manager's script."""
    python = path_python()
    found = ["/usr/bin/aws", python and str(Path(python).parent / "aws"), shutil.which("aws")]
    found = dict.fromkeys(program for program in found if program and "/shims/" not in program)
    return [program for program in found if os.access(program, os.X_OK)]


def fetch_node24(scratch):
    """Node.js 24 as npm has it; None where that fails."""
    folder = scratch / "node24"
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--no-save", "--prefer-offline"]
    architecture = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, "none")
    folder.mkdir()
    try:
        subprocess.run(
            [*command, f"n24@npm:node-linux-{architecture}@24"],
            check=True,
            capture_output=True,
            timeout=300,
            cwd=folder,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    node = folder / "node_modules" / "n24" / "bin" / "node"
    return str(node) if node.exists() else None
