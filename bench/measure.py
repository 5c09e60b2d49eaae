"""Runs the tools in interleaved rounds and keeps what each run took."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tools import Session, Transfer
from workloads import LIST, REKEY

LAUNCHER = Path(__file__).resolve().parent / "launch.py"


class RunFailed(Exception):
    """A tool did not do what it was asked; the text is one line."""


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class Measurement:
    """All runs of one server."""

    def __init__(self, session: Session, pattern, timeout):
        self.session = session
        self.pattern = pattern
        self.timeout = timeout
        self.runs = []
        self.left_out = []  # (workload, tool, why)

    def run(self, tool, transfer):
        """One run; returns its figures."""
        log = self.session.scratch / "log"
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(self.timeout), str(log)]
        command = launcher + tool.command(transfer, self.session)
        process = subprocess.Popen(
            command,
            env=tool.env(self.session),
            cwd=self.session.scratch,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            figures = json.loads(process.communicate()[0])
        except BaseException:
            # an interrupted bench leaves no client behind
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if figures.pop("exit") != 0:
            text = log.read_text(errors="replace").replace(f"{self.session.scratch}/", "")
            lines = [line for line in text.splitlines() if line.strip() and not line.startswith("hint:")]
            raise RunFailed(lines[-1][:200] if lines else f"no word (killed after {self.timeout} s?)")
        return figures

    def measure(self, load, tools, rounds):
        source = self.session.scratch / "source"
        target = self.session.scratch / "target"
        try:
            self.pattern.write_load(load, source)
            if "upload" in load.verbs:
                those = self._able(tools, Transfer("upload", load, source, ""))
                self._rounds("upload", load, those, rounds, lambda tool: self._upload(tool, load, source))
            acts = {"download": self._download, LIST: self._list}
            verbs = [verb for verb in acts if verb in load.verbs]
            kept = self._put_original(load, tools, source, f"original-{load.name}") if verbs else None
            remove(source)  # a large file and its copy would not fit into memory
            if kept:
                for verb in verbs:
                    those = self._able(tools, Transfer(verb, load, target, ""))
                    self._rounds(verb, load, those, rounds, lambda tool, act=acts[verb]: act(tool, load, target))
                self._delete(kept)
            if REKEY in load.verbs:
                self._measure_rekey(load, tools, rounds)
        finally:
            remove(source)
            remove(target)

    def _measure_rekey(self, load, tools, rounds):
        """Each tool has objects of its own, which go from one key to the other and back with each round."""
        source = self.session.scratch / "source"
        able = self._able(tools, Transfer(REKEY, load, source, ""))
        keys = {}
        trees = []
        for tool in able:
            self.pattern.write_load(load, source)
            tree = self._put_original(load, tools, source, f"rekeyed-{tool.name}-{load.name}")
            remove(source)
            if tree is None:
                return
            trees.append(tree)
            keys[tool.name] = (self.session.key_file, self.session.other_key_file)

        def act(tool):
            figures = self._rekey(tool, load, keys[tool.name])
            keys[tool.name] = keys[tool.name][::-1]
            return figures

        self._rounds(REKEY, load, able, rounds, act)
        for tree in trees:
            self._delete(tree)

    def _rekey(self, tool, load, key_files):
        transfer = Transfer(REKEY, load, self.session.scratch, f"rekeyed-{tool.name}-{load.name}", key_files)
        figures = self.run(tool, transfer)
        new = key_files[1].read_bytes()
        for name in (*transfer.names[:: max(1, load.count // 20)], transfer.names[-1]):
            if self.session.bucket.size_of(name, new) != load.size:
                raise RunFailed(f"{name} is not of the size that was put")
        return figures

    def warm(self, tools, load):
        """ssec writes its code cache on the second run, uploads and downloads each."""
        source, target = self.session.scratch / "source", self.session.scratch / "target"
        self.pattern.write_load(load, source)
        for _ in range(3):
            for tool in tools:
                for verb, path in (("upload", source), ("download", target)):
                    transfer = Transfer(verb, load, path, "warm")
                    if tool.applies(transfer):
                        self.run(tool, transfer)
        remove(source)
        remove(target)

    def _rounds(self, verb, load, tools, rounds, act):
        """Interleaved, and each round begins with another tool: noise falls on all alike. Round 0 does not count."""
        for number in range(0 if load.warms_up else 1, rounds + 1):
            turn = number % max(len(tools), 1)
            for tool in tools[turn:] + tools[:turn]:
                try:
                    figures = act(tool)
                except RunFailed as failure:
                    self._leave_out(tool, f"{verb}-{load.name}", str(failure))
                    tools.remove(tool)
                    continue
                if number > 0:
                    run = {"server": self.session.server.name, "workload": f"{verb}-{load.name}", "tool": tool.name}
                    self.runs.append(run | {"round": number} | figures)
            print(f"{self.session.server.name}, {load.name}: round {number} of {rounds}", file=sys.stderr)

    def _leave_out(self, tool, name, why):
        self.left_out.append({"workload": name, "tool": tool.name, "why": why})
        print(f"{self.session.server.name}, {name}: {tool.name} left out: {why}", file=sys.stderr)

    def _able(self, tools, transfer):
        """The tools that can do a transfer, as a new list."""
        able = []
        for tool in tools:
            if tool.applies(transfer):
                why = tool.why_not(transfer, self.session.server)
                if why:
                    self._leave_out(tool, f"{transfer.verb}-{transfer.load.name}", why)
                else:
                    able.append(tool)
        return able

    def _upload(self, tool, load, source):
        transfer = Transfer("upload", load, source, f"{tool.name}-{load.name}")
        figures = self.run(tool, transfer)
        if not tool.moves_nothing:
            for name in (transfer.names[0], transfer.names[-1]):
                if self.session.bucket.size_of(name) != load.size:
                    raise RunFailed(f"{name} is not of the size that was put")
            self._delete(transfer)
        return figures

    def _download(self, tool, load, target):
        transfer = Transfer("download", load, target, f"original-{load.name}")
        try:
            figures = self.run(tool, transfer)
            if not tool.moves_nothing and not self.pattern.matches_load(load, target):
                raise RunFailed("brought back other bytes")
        finally:
            remove(target)
        return figures

    def _list(self, tool, load, target):
        figures = self.run(tool, Transfer(LIST, load, target, f"original-{load.name}"))
        lines = (self.session.scratch / "log").read_bytes().count(b"\n")
        if not tool.moves_nothing and lines != load.count:
            raise RunFailed(f"listed {lines} objects")
        return figures

    def _put_original(self, load, tools, source, name):
        """What all download, or list, is one and the same: ssec's upload, or where it cannot another's."""
        transfer = Transfer("upload", load, source, name)
        for tool in tools:
            if tool.moves_nothing or tool.why_not(transfer, self.session.server):
                continue
            try:
                self.run(tool, transfer)
            except RunFailed as failure:
                self._leave_out(tool, f"original of {load.name}", str(failure))
                continue
            return transfer
        return None

    def _delete(self, transfer):
        self.session.bucket.delete(transfer.names)
        if transfer.load.size >= 64 << 20:
            self.session.server.collect_garbage()
