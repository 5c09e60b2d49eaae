#!/usr/bin/env python3
"""Measure ssec beside aws CLI, boto3 and curl: same server, same customer key, one run.

    bench/run.py [--rounds N] [--sizes 1KiB,1GiB] [--server-env FILE] [--scratch DIR]

See bench/README.md for what is measured and how to read it.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "bench"
TOOLS = ("ssec --help", "node -e 0", "ssec", "aws", "boto3", "curl")  # in the tables' order
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


# ---- the server ---------------------------------------------------------------------------------


def read_exports(text):
    """Read `export NAME=value` lines as the shell would."""
    words = (shlex.split(line) for line in text.splitlines() if line.startswith("export "))
    return dict(word.split("=", 1) for _, word in words)


class Server:
    """A fresh Ceph RGW of test/rgw, or one that the caller has started."""

    script = ROOT / "test" / "rgw" / "rgw.sh"

    def __init__(self, env_file):
        self.env_file = env_file
        self.dir = None

    def __enter__(self):
        if self.env_file:
            return read_exports(Path(self.env_file).read_text(encoding="utf-8"))
        self.dir = tempfile.mkdtemp(prefix="ssec-bench-rgw.")
        try:
            subprocess.run([self.script, "start", self.dir], check=True)
            answer = subprocess.run([self.script, "env", self.dir], check=True, capture_output=True, text=True)
        except BaseException:
            self.__exit__()
            raise
        return read_exports(answer.stdout)

    def __exit__(self, *_):
        if self.dir:
            subprocess.run([self.script, "wipe", self.dir], check=False)


# ---- requests signed beforehand, for curl -------------------------------------------------------


def signed_headers(method, url, headers, env):
    """Signature V4 over every header given, the body unsigned (it travels by TLS)."""
    address = urllib.parse.urlsplit(url)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {name.lower(): value for name, value in headers.items()}
    headers |= {"host": address.netloc, "x-amz-date": now, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    names = sorted(headers)
    lines = [method, address.path, address.query]
    lines += [f"{name}:{headers[name]}" for name in names]
    lines += ["", ";".join(names), "UNSIGNED-PAYLOAD"]
    scope = f"{now[:8]}/{env['AWS_REGION']}/s3/aws4_request"
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    secret = f"AWS4{env['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    signature = hmac.new(secret, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}".encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={env['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return headers


# ---- the tools ----------------------------------------------------------------------------------

BOTO3_SCRIPT = """
import base64, os, sys
import boto3
verb, path, name = sys.argv[1:]
client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64decode(os.environ["SSE_CUSTOMER_KEY_BASE64"])}
if verb == "put":
    client.upload_file(path, os.environ["BUCKET_NAME"], name, ExtraArgs=key)
else:
    client.download_file(os.environ["BUCKET_NAME"], name, path, ExtraArgs=key)
"""


def version_of(*command):
    """The first line that a version command prints, or None where the tool is missing."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (answer.stdout or answer.stderr).strip().splitlines()[0]


class Bench:
    def __init__(self, env, scratch):
        self.env = env
        self.scratch = scratch
        self.key = os.urandom(32)
        self.key_base64 = base64.b64encode(self.key).decode()
        self.key_file = scratch / "key"
        self.key_file.write_bytes(self.key)
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.client_env = inherited | env | {"BUCKET_NAME": BUCKET, "SSE_CUSTOMER_KEY_BASE64": self.key_base64}
        self.endpoint = env["AWS_ENDPOINT_URL"]
        self.runs = []

    # Each returns the command that moves FILE to or from the object NAME.

    def ssec(self, verb, file, name):
        ssec = ["node", str(ROOT / "bin" / "ssec.js")]
        if verb == "put":
            return [*ssec, "put", str(file), name, "--quiet"]
        return [*ssec, "get", name, "-o", str(file), "--quiet"]

    def aws(self, verb, file, name):
        ends = [str(file), f"s3://{BUCKET}/{name}"]
        if verb == "get":
            ends.reverse()
        key = ["--sse-c", "AES256", "--sse-c-key", f"fileb://{self.key_file}"]
        return ["/usr/bin/aws", "--endpoint-url", self.endpoint, "s3", "cp", "--only-show-errors", *key, *ends]

    def boto3(self, verb, file, name):
        return ["/usr/bin/python3", "-c", BOTO3_SCRIPT, verb, str(file), name]

    def curl(self, verb, file, name):
        url = f"{self.endpoint}/{BUCKET}/{urllib.parse.quote(name)}"
        digest = base64.b64encode(hashlib.md5(self.key).digest()).decode()
        prefix = "x-amz-server-side-encryption-customer-"
        headers = {f"{prefix}algorithm": "AES256", f"{prefix}key": self.key_base64, f"{prefix}key-md5": digest}
        headers = signed_headers("PUT" if verb == "put" else "GET", url, headers, self.env)
        config = self.scratch / "curl.conf"
        lines = [f'header = "{key}: {value}"' for key, value in headers.items()]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        end = ["--upload-file", str(file), "--header", "Expect:"] if verb == "put" else ["--output", str(file)]
        return ["curl", "-q", "-sS", "--fail", "--cacert", self.env["AWS_CA_BUNDLE"], "-K", str(config), *end, url]

    def measure(self, case, tool, command):
        """Run COMMAND once and keep its wall time, its CPU time and its peak memory."""
        log = self.scratch / "log"
        with open(log, "wb") as output:
            start = time.perf_counter()
            child = subprocess.Popen(
                command, env=self.client_env, cwd=self.scratch, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise RuntimeError(f"{tool}, {case}: exit {child.returncode}\n{log.read_text(errors='replace')}")
        self.runs.append(
            {
                "case": case,
                "tool": tool,
                "wall_s": round(wall, 4),
                "cpu_s": round(usage.ru_utime + usage.ru_stime, 4),
                "rss_mib": round(usage.ru_maxrss / 1024, 1),
            }
        )

    def make_bucket(self):
        url = f"{self.endpoint}/{BUCKET}"
        headers = signed_headers("PUT", url, {}, self.env)
        lines = "\n".join(f'header = "{name}: {value}"' for name, value in headers.items())
        ca = ["--cacert", self.env["AWS_CA_BUNDLE"]]
        command = ["curl", "-q", "-sS", "--fail", *ca, "-X", "PUT", "-K", "-", "-o", os.devnull, url]
        subprocess.run(command, input=lines, text=True, check=True)

    def start_up(self, rounds):
        commands = {
            "ssec --help": ["node", str(ROOT / "bin" / "ssec.js"), "--help"],
            "node -e 0": ["node", "-e", "0"],
        }
        for _ in range(rounds + 1):  # the first warms the caches and does not count
            for tool, command in commands.items():
                self.measure("start", tool, command)
        del self.runs[: len(commands)]

    def transfers(self, label, size, rounds, tools):
        source = self.scratch / "source"
        target = self.scratch / "target"
        with open(source, "wb") as file:
            for offset in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - offset)))
        wanted = digest_of(source)
        counted = len(self.runs)
        for number in range(rounds + 1):  # likewise
            for verb in ("put", "get"):
                # Interleaved, and each round begins with another tool: noise falls on all alike.
                for tool in tools[number % len(tools) :] + tools[: number % len(tools)]:
                    # curl's signature lives 15 minutes: each command is made right before its run.
                    name = f"{tool}-{label}"
                    file = source if verb == "put" else target
                    self.measure(f"{verb} {label}", tool, getattr(self, tool)(verb, file, name))
                    if verb == "get":
                        if digest_of(target) != wanted:
                            raise RuntimeError(f"{tool} brought back other bytes")
                        target.unlink()
            if number == 0:
                del self.runs[counted:]
            print(f"{label}: round {number} of {rounds}", file=sys.stderr)
        source.unlink()


def digest_of(path):
    total = hashlib.blake2b()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.digest()


# ---- the report ---------------------------------------------------------------------------------


def machine():
    model = ""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
        model = found[1] if found else ""
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    name = " ".join((platform.system(), platform.machine(), model)).strip()
    return f"{name}, {os.cpu_count()} CPUs, {memory:.0f} GiB"


def aligned(table):
    """The lines of a Markdown table; figures to the right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    right = [1 <= column <= 3 for column in range(len(widths))]
    rule = ["-" * (width - 1) + (":" if to_right else "-") for width, to_right in zip(widths, right)]
    for row in (table[0], rule, *table[1:]):
        cells = (cell.rjust(w) if to_right else cell.ljust(w) for cell, w, to_right in zip(row, widths, right))
        yield f"| {' | '.join(cells)} |"


def report(runs, versions, missing, when):
    lines = [f"# {when:%Y-%m-%d %H:%M} UTC", "", f"{machine()}. Medians of interleaved rounds.", ""]
    lines += [f"- {name}: {version}" for name, version in versions.items()]
    lines += [f"- {name}: not on this machine, left out" for name in missing]
    figures = ("wall_s", "cpu_s", "rss_mib")
    cases = list(dict.fromkeys(run["case"] for run in runs))
    for case in cases:
        rows = {}
        for tool in TOOLS:
            own = [run for run in runs if run["case"] == case and run["tool"] == tool]
            if own:
                rows[tool] = [statistics.median(run[figure] for run in own) for figure in figures]
                rounds = len(own)
        base, base_row = next(iter(rows.items()))
        table = [["", "wall s", "client CPU s", "peak RSS MiB", f"wall, CPU, RSS against {base}"]]
        for tool, row in rows.items():
            against = ", ".join(f"{value / first:.2f}" for value, first in zip(row, base_row))
            table.append([tool, f"{row[0]:.3f}", f"{row[1]:.3f}", f"{row[2]:.0f}", against])
        lines += ["", f"## {case} (rounds: {rounds})", "", *aligned(table)]
    return "\n".join(lines) + "\n"


def parse_size(text):
    found = re.fullmatch(r"(\d+)(B|KiB|MiB|GiB)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"a size looks like 1KiB or 1GiB, not {text}")
    return text, int(found[1]) * UNITS[found[2]]


def main():
    options = argparse.ArgumentParser(description="Measure ssec beside aws CLI, boto3 and curl.")
    options.add_argument("--rounds", type=int, default=5, help="counted rounds (default 5)")
    options.add_argument(
        "--sizes",
        type=lambda text: [parse_size(size) for size in text.split(",")],
        default="1KiB,1GiB",
        help="comma-separated (default 1KiB,1GiB)",
    )
    options.add_argument("--server-env", metavar="FILE", help="exports of a server that runs already (rgw.sh env)")
    options.add_argument("--scratch", metavar="DIR", default="/dev/shm", help="where the files lie (default /dev/shm)")
    chosen = options.parse_args()

    peers = {
        "ssec": version_of("node", str(ROOT / "bin" / "ssec.js"), "--version"),
        "aws": version_of("/usr/bin/aws", "--version"),
        "boto3": version_of("/usr/bin/python3", "-c", "import boto3; print(boto3.__version__)"),
        "curl": version_of("curl", "--version"),
    }
    if not peers["curl"]:
        sys.exit("curl is needed, to make the bucket")
    tools = [name for name, version in peers.items() if version]
    versions = {name: peers[name] for name in tools}
    versions["node"] = version_of("node", "--version")
    versions["server"] = "as given by --server-env" if chosen.server_env else version_of("radosgw", "--version")

    when = datetime.datetime.now(datetime.timezone.utc)
    scratch = Path(tempfile.mkdtemp(prefix="ssec-bench.", dir=chosen.scratch))
    try:
        with Server(chosen.server_env) as env:
            bench = Bench(env, scratch)
            bench.make_bucket()
            if peers["ssec"]:
                bench.start_up(max(chosen.rounds, 10))
            for label, size in chosen.sizes:
                # Start-up is all there is to a small transfer, and needs more rounds to be told from noise.
                bench.transfers(label, size, chosen.rounds if size > 1 << 20 else max(chosen.rounds, 10), tools)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

    missing = [name for name in peers if name not in tools]
    text = report(bench.runs, versions, missing, when)
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    stem = f"{when:%Y-%m-%dT%H%M}"
    (results / f"{stem}.md").write_text(text, encoding="utf-8")
    versions |= dict.fromkeys(missing)
    raw = {"when": when.isoformat(), "machine": machine(), "versions": versions, "runs": bench.runs}
    (results / f"{stem}.json").write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
