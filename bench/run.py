#!/usr/bin/env python3
"""Measure ssec beside aws CLI, boto3 and rclone, and beside what cannot be undercut: curl, and Node.js's own start.

One run, the same server, the same customer key. See bench/README.md for what is measured and how to read it.
"""

import argparse
import dataclasses
import datetime
import json
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path

from demands import judge
from figures import Figures
from files import Pattern
from measure import Measurement, RunFailed
from plot import svg
from report import markdown
from s3 import Bucket
from servers import HERE, Rgw, Sandbox, Unavailable, Wire, first_line
from tools import (
    Aws,
    Boto3,
    Curl,
    NodeStart,
    Rclone,
    Session,
    Ssec,
    Transfer,
    aws_programs,
    fetch_node24,
    make_key,
    pythons_with_boto3,
)
from workloads import FULL, LIST, QUICK, REKEY, VERBS, Load, parse_loads

TOOLS = ("ssec", "aws", "boto3", "rclone", "curl", "node")
SERVERS = ("rgw", "wire", "sandbox")


def words(allowed):
    def parse(given):
        chosen = given.split(",")
        for word in chosen:
            if word not in allowed:
                raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(allowed)}")
        return chosen

    return parse


def workloads(given):
    try:
        return parse_loads(given)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse_arguments():
    options = argparse.ArgumentParser(description="Measure ssec beside its peers.")
    add = options.add_argument
    add("--workloads", type=workloads, metavar="W,...", help=f"upload-1GiB-1x, or both ways 1GiB (default {FULL})")
    add("--servers", type=words(SERVERS), default=list(SERVERS), metavar="S,...", help="default rgw,wire,sandbox")
    add("--tools", type=words(TOOLS), default=list(TOOLS), metavar="T,...", help=f"default {','.join(TOOLS)}")
    add("--rounds", type=int, metavar="N", help="counted rounds of each workload (default 3 to 15 by size)")
    add("--quick", action="store_true", help=f"whether it works: {QUICK}, 2 rounds")
    add("--aws", metavar="PROGRAM", help="default: of those found the one that takes less CPU")
    add("--python", metavar="PROGRAM", help="with boto3; default: of those found the one that takes less CPU")
    add("--node24", metavar="PROGRAM", help="for ssec besides, on the wire; none; default: fetched by npm")
    add("--server-env", metavar="FILE", help="exports of a server that runs already, instead of an own RGW")
    add("--scratch", metavar="DIR", help="where the files lie (default: in memory if they fit)")
    add("--results", metavar="DIR", default=str(HERE / "results"), help="default bench/results")
    add("--timeout", type=int, default=900, metavar="S", help="the most that one run may take (default 900)")
    chosen = options.parse_args()
    chosen.workloads = chosen.workloads or parse_loads(QUICK if chosen.quick else FULL)
    if chosen.quick and chosen.rounds is None:
        chosen.rounds = 2
    return chosen


# ---- the machine --------------------------------------------------------------------------------------


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    try:
        release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(encoding="utf-8"), re.M))
        system = f"{release['ID'].capitalize()} {release['VERSION_ID']}"
    except (OSError, KeyError):
        system = os.uname().sysname
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {system}"


def available_memory():
    found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="utf-8"), re.M)
    return int(found[1]) << 10


def scratch_parent(size):
    """In memory, if the largest file and all the processes fit."""
    shm = Path("/dev/shm")
    fits = shm.is_dir() and min(shutil.disk_usage(shm).free, available_memory()) > size + (4 << 30)
    return str(shm) if fits else None


# ---- the tools ----------------------------------------------------------------------------------------


def cheapest(candidates, make, measurement, source):
    """Of several versions of a client the one whose upload of 1 KiB takes the least CPU; None where none works."""
    medians = {}
    for candidate in candidates:
        tool = make(candidate)
        transfer = Transfer("upload", Load(1 << 10, 1), source, f"choice-{len(medians)}")
        try:
            runs = [measurement.run(tool, transfer)["cpu_s"] for _ in range(3)]
        except RunFailed as failure:
            print(f"{tool.name} {tool.version()}: {failure}", file=sys.stderr)
            continue
        medians[candidate] = statistics.median(runs)
    return make(min(medians, key=medians.get)) if medians else None


def make_tools(wanted, chosen, measurement, pattern):
    """The tools of this machine, and why the others are missing."""
    source = measurement.session.scratch / "choice"
    pattern.write(source, 1 << 10)
    made, missing = [], {}
    for name in wanted:
        if name == "ssec":
            made += [Ssec(), Ssec(checksum="crc32")]
        elif name == "aws":
            tool = cheapest([chosen.aws] if chosen.aws else aws_programs(), Aws, measurement, source)
            made += [tool] if tool else []
            missing |= {} if tool else {name: "not on this machine, or does not work"}
        elif name == "boto3":
            tool = cheapest([chosen.python] if chosen.python else pythons_with_boto3(), Boto3, measurement, source)
            made += [tool] if tool else []
            missing |= {} if tool else {name: "not on this machine, or does not work"}
        else:
            tool = {"rclone": Rclone, "curl": Curl, "node": NodeStart}[name]()
            made += [tool] if tool.version() else []
            missing |= {} if tool.version() else {name: "not on this machine"}
    return made, missing


def on_node24(chosen, scratch):
    """ssec on Node.js 24 besides, where PATH's is another and one is to be had."""
    if "ssec" not in chosen.tools or "wire" not in chosen.servers or chosen.node24 == "none" or Ssec().major == 24:
        return [], {}
    node = chosen.node24 or fetch_node24(scratch)
    if not node:
        return [], {"ssec on Node.js 24": "not to be had from npm"}
    return [Ssec(node, label="-node24"), Ssec(node, checksum="crc32", label="-node24")], {}


# ---- one run ------------------------------------------------------------------------------------------


def measure_server(server, chosen, scratch, pattern, extra):
    """All workloads on one server: the runs, what was left out, and the tools."""
    key = make_key()
    bucket = Bucket(server.env, key)
    bucket.make()
    session = Session(server, bucket, scratch, key)
    measurement = Measurement(session, pattern, chosen.timeout)
    tools, missing = make_tools(chosen.tools, chosen, measurement, pattern)
    if server.name == "wire":
        tools += extra
    measurement.warm([tool for tool in tools if isinstance(tool, Ssec)], Load(1 << 10, 1))
    for load in chosen.workloads:
        # wire keeps nothing that could be listed, RGW 16 does not copy between keys, and the sandbox shows nothing else
        can = {"wire": VERBS, "rgw": (*VERBS, LIST), "sandbox": (REKEY,)}[server.name]
        load = dataclasses.replace(load, verbs=tuple(verb for verb in load.verbs if verb in can))
        if not load.verbs:
            continue
        why = server.check_room(load.total)
        if why:
            measurement.left_out.append({"workload": load.name, "tool": "all", "why": why})
            continue
        measurement.measure(load, tools, chosen.rounds or load.rounds)
    left_out = [{"server": server.name} | left for left in measurement.left_out]
    return measurement.runs, left_out, tools, missing


def main():
    chosen = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are ended then, too
    if not first_line("node", "--version"):
        sys.exit("node is not on PATH")
    when = datetime.datetime.now(datetime.timezone.utc)
    result = {"when": when.isoformat(), "machine": machine(), "load": os.getloadavg()[0]}
    result |= {"versions": {}, "missing": {}, "servers": {}, "left_out": []}
    runs, names, majors, limits = [], [], {}, set()
    largest = max(load.total for load in chosen.workloads)
    parent = chosen.scratch or scratch_parent(largest)
    result["files"] = "in memory" if str(parent).startswith("/dev/shm") else "on disk"
    scratch = Path(tempfile.mkdtemp(prefix="ssec-bench.", dir=parent))
    try:
        pattern = Pattern(scratch / "pattern")
        extra, result["missing"] = on_node24(chosen, scratch)
        for name in chosen.servers:
            if name == "sandbox" and not any(REKEY in load.verbs for load in chosen.workloads):
                continue
            make = {"rgw": lambda: Rgw(chosen.server_env), "wire": lambda: Wire(scratch, pattern)}
            server = make.get(name, lambda: Sandbox(scratch))()
            try:
                with server:
                    result["servers"][name] = {"title": server.title, "version": server.version}
                    own, left_out, tools, missing = measure_server(server, chosen, scratch, pattern, extra)
            except Unavailable as reason:
                result["missing"][server.title] = str(reason)
                continue
            runs += own
            result["left_out"] += left_out
            result["missing"] |= missing
            result["versions"] |= {tool.name: tool.version() for tool in tools} | {server.title: server.version}
            names += [tool.name for tool in tools if tool.name not in names]
            majors |= {tool.name.removeprefix("ssec"): tool.major for tool in tools if isinstance(tool, Ssec)}
            limits |= {tool.name for tool in tools if tool.limit}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

    figures = Figures(runs, sorted(names, key=lambda name: (not name.startswith("ssec"), name in limits)))
    majors = {ending: major for ending, major in majors.items() if "crc32" not in ending}
    asked = {f"{verb}-{load.name}" for load in chosen.workloads for verb in load.verbs}
    demands = judge(figures, majors, asked)
    result["demands"] = [dataclasses.asdict(demand) for demand in demands]
    write(result, figures, limits, f"{when:%Y-%m-%dT%H%M}", Path(chosen.results))


def write(result, figures, limits, stem, folder):
    folder.mkdir(parents=True, exist_ok=True)
    plots = {}
    for server in figures.servers():
        plots[server] = f"{stem}-{server}.svg"
        about = result["servers"][server]
        note = f"{result['when'][:10]}; {result['machine']}; {about['version']}; TLS 1.3 on loopback; medians"
        heading = "SSE-C, the client alone (sink and source)" if server == "wire" else f"SSE-C on {about['title']}"
        (folder / plots[server]).write_text(svg(figures, server, heading, note, limits), encoding="utf-8")
    report = markdown(result, figures, plots)
    (folder / f"{stem}.md").write_text(report, encoding="utf-8")
    raw = json.dumps(result | {"runs": figures.runs}, indent=1)
    # a run on one line
    raw = re.sub(r"\{\n\s+(\"server\": [^{}]*?)\n\s+\}", lambda found: "{" + re.sub(r"\n\s+", " ", found[1]) + "}", raw)
    (folder / f"{stem}.json").write_text(raw + "\n", encoding="utf-8")
    print(report, end="")


if __name__ == "__main__":
    main()
