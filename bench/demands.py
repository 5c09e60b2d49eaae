"""What ssec is to reach, and whether it did."""

from dataclasses import dataclass

PEERS = ("aws", "boto3", "rclone")
SLOW_PEERS = ("aws", "boto3")
MIB_LIMIT = 150
NAMES = {"wall_s": "wall", "cpu_s": "CPU", "rss_mib": "peak RSS"}


@dataclass(frozen=True)
class Demand:
    server: str
    what: str
    limit: str
    value: str
    met: str  # yes, no, or why it cannot be said

    def row(self):
        return [self.server, self.what, self.limit, self.value, self.met]


def against(figures, server, workload, tool, figure, peers, limit):
    """TOOL's median at most LIMIT times that of the best of PEERS."""
    own = figures.median(server, workload, tool, figure)
    peer, theirs = figures.best(server, workload, peers, figure)
    of = "the best peer" if peers == PEERS else " and ".join(peers)
    return ratio(server, f"{workload}, {tool}: {NAMES[figure]} against {of}", limit, own, theirs, peer)


def ratio(server, what, limit, own, theirs, peer=None):
    if own is None or theirs is None:
        return Demand(server, what, f"at most {limit:.2f}", "", "not measured")
    value = own / theirs
    shown = f"{value:.3f}" + (f" ({peer})" if peer else "")
    return Demand(server, what, f"at most {limit:.2f}", shown, "yes" if value <= limit else "no")


def level(figures, server, workload, peer):
    """Level within the spread of the rounds: the median no higher than the other's slowest round."""
    own = figures.median(server, workload, "ssec", "wall_s")
    theirs = figures.values(server, workload, peer, "wall_s")
    what = f"{workload}, ssec: wall against {peer}, which verifies nothing"
    if own is None or not theirs:
        return Demand(server, what, "its slowest round", "", "not measured")
    middle = figures.median(server, workload, peer, "wall_s")
    slowest = max(theirs) / middle
    met = "yes" if own <= max(theirs) else "no"
    return Demand(server, what, f"its slowest round ({slowest:.3f})", f"{own / middle:.3f}", met)


def below(figures, server, workload, tool, limit):
    own = figures.median(server, workload, tool, "rss_mib")
    what = f"{workload}, {tool}: peak RSS"
    if own is None:
        return Demand(server, what, f"below {limit} MiB", "", "not measured")
    return Demand(server, what, f"below {limit} MiB", f"{own:.0f} MiB", "yes" if own < limit else "no")


def on_rgw(figures, major):
    server = "rgw"
    both = ("ssec", "ssec-crc32")
    up, down = "upload-{}", "download-{}"

    def check(workload, tool, figure, peers, limit):
        return against(figures, server, workload, tool, figure, peers, limit)

    for tool in both:
        yield check(up.format("64MiB-1x"), tool, "wall_s", PEERS, 1.0)
    yield check(down.format("64MiB-1x"), "ssec", "wall_s", PEERS, 1.0)
    for size in ("1GiB-1x", "10GiB-1x"):
        yield check(up.format(size), "ssec-crc32", "wall_s", PEERS, 0.8)
        yield check(up.format(size), "ssec", "wall_s", PEERS, 1.0)
        yield check(down.format(size), "ssec", "wall_s", SLOW_PEERS, 0.85)
        yield level(figures, server, down.format(size), "rclone")
    yield check(up.format("1GiB-1x"), "ssec-crc32", "cpu_s", PEERS, 0.45)
    yield check(up.format("1GiB-1x"), "ssec", "cpu_s", PEERS, 0.8)
    yield check(down.format("1GiB-1x"), "ssec", "cpu_s", SLOW_PEERS, 0.75)
    for verb in (up, down):
        for peer, limit in (("aws", 0.25), ("boto3", 0.4), ("rclone", 2.0)):
            demand = check(verb.format("1KiB-1x"), "ssec", "wall_s", (peer,), limit)
            yield demand if major == 20 else Demand(*demand.row()[:4], f"asked of Node.js 20, not {major}")
    for verb in (up, down):
        for figure in ("wall_s", "cpu_s"):
            yield check(verb.format("4KiB-2_000x"), "ssec", figure, SLOW_PEERS, 1.0)
    for verb in (up, down):
        for figure in ("wall_s", "cpu_s"):
            aim = check(verb.format("4KiB-2_000x"), "ssec", figure, ("rclone",), 1.0)
            yield Demand(aim.server, f"{aim.what} (an aim)", *aim.row()[2:])
    for figure in ("wall_s", "cpu_s"):
        yield check("list-1B-100_000x", "ssec", figure, SLOW_PEERS, 1.0)
    yield below(figures, server, "list-1B-100_000x", "ssec", MIB_LIMIT)
    for verb, tools in ((up, both), (down, ("ssec",))):
        for tool in tools:
            yield below(figures, server, verb.format("1GiB-1x"), tool, MIB_LIMIT)
            small = figures.median(server, verb.format("1GiB-1x"), tool, "rss_mib")
            large = figures.median(server, verb.format("10GiB-1x"), tool, "rss_mib")
            yield ratio(server, f"{verb.format('10GiB-1x')}, {tool}: peak RSS against 1 GiB", 1.1, large, small)


def on_wire(figures, majors):
    """MAJORS: for each ending of ssec's names the version of Node.js behind it."""
    limits = {20: (2.0, 1.6), 24: (1.6, 1.35)}
    server = "wire"
    for ending, major in majors.items():
        if major not in limits:
            continue
        for verb, tool, limit in zip(("upload", "download"), (f"ssec-crc32{ending}", f"ssec{ending}"), limits[major]):
            workload = f"{verb}-1GiB-1x"
            own = figures.median(server, workload, tool, "cpu_s")
            theirs = figures.median(server, workload, "curl", "cpu_s")
            yield ratio(server, f"{workload}, {tool} on Node.js {major}: CPU against curl", limit, own, theirs)


def judge(figures, majors, asked):
    """All demands on the workloads that were ASKED for."""
    servers = figures.servers()
    demands = []
    if "rgw" in servers and "" in majors:
        demands += on_rgw(figures, majors[""])
    if "wire" in servers:
        demands += on_wire(figures, majors)
    return [demand for demand in demands if demand.what.split(",")[0] in asked]
