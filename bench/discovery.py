#!/usr/bin/env python3
"""How long `ssec get` takes where the default opens an object, and where the last key of a ring does.

    python3 bench/discovery.py [--keys 1,10,100] [--rounds 7]

Against the sandbox on this machine: what it shows is the number of requests, not the way to a real server.
"""

import argparse
import base64
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SSEC = ["node", os.path.join(HERE, "..", "bin", "ssec.js")]


def make_ring(folder, count):
    os.mkdir(folder, 0o700)
    for number in range(count):
        path = os.path.join(folder, f"key-{number:03}.key")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        # the last one is the oldest, which is tried last
        os.utime(path, (time.time() - number,) * 2)
    with open(os.path.join(folder, "default"), "w", encoding="ascii") as file:
        file.write("key-000\n")


def get_times(environment, name, rounds):
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        subprocess.run([*SSEC, "get", name, "-o", os.devnull], env=environment, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    # the first one warms up
    return times[1:]


def measure(counts, rounds):
    print("| keys | default opens it (ms) | the last key does (ms) |")
    print("|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        with open(data, "wb") as file:
            file.write(b"x" * 1024)
        for count in counts:
            ring = os.path.join(folder, f"ring-{count}")
            make_ring(ring, count)
            environment = {**os.environ, "SSEC_KEYRING": ring}
            cells = []
            for key in ("key-000", f"key-{count - 1:03}"):
                name = f"{count}/{key}"
                subprocess.run([*SSEC, "put", data, name, "--key-name", key, "-q"], env=environment, check=True, stdout=subprocess.DEVNULL)
                cells.append(round(1000 * statistics.median(get_times(environment, name, rounds))))
            print(f"| {count} | {cells[0]} | {cells[1]} |", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keys", default="1,10,100", help="sizes of rings")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if not chosen.inside:
        command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--inside"]
        without_key = {name: value for name, value in os.environ.items() if not name.startswith(("SSE_", "SSEC_"))}
        sys.exit(subprocess.run([*SSEC, "sandbox", "--", *command], env=without_key, check=False).returncode)
    # what the sandbox would have scripts use
    for name in ("SSE_CUSTOMER_KEY_BASE64", "SSE_CUSTOMER_KEY_MD5"):
        os.environ.pop(name, None)
    measure([int(count) for count in chosen.keys.split(",")], chosen.rounds)


main()
