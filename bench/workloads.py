"""What is moved: one object of a size, or many; or many that are listed, or get another key. Named as awslabs/aws-crt-s3-benchmarks names its workloads."""

import re
from dataclasses import dataclass

UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
VERBS = ("upload", "download")
# only where they are asked for
LIST = "list"
REKEY = "rekey"
OF_MANY = (LIST, REKEY)
FULL = "1KiB-1x,64MiB-1x,1GiB-1x,10GiB-1x,4KiB-2_000x,list-1B-100_000x,rekey-64KiB-2_000x"
QUICK = "1KiB-1x,64MiB-1x,4KiB-200x,list-1B-200x,rekey-64KiB-200x"


@dataclass(frozen=True)
class Load:
    """COUNT objects of SIZE bytes, whichever way they go."""

    size: int
    count: int
    verbs: tuple = VERBS

    @property
    def size_name(self):
        unit = next(unit for unit in reversed(UNITS) if self.size % UNITS[unit] == 0)
        return f"{self.size // UNITS[unit]}{unit}"

    @property
    def name(self):
        return f"{self.size_name}-{self.count:_}x"

    @property
    def is_tree(self):
        return self.count > 1

    @property
    def total(self):
        return self.size * self.count

    @property
    def rounds(self):
        """Start-up is all there is to a small transfer, and needs more rounds to be told from noise."""
        if self.is_tree:
            return 5
        return 15 if self.size <= 1 << 20 else 7 if self.size <= 256 << 20 else 5 if self.size <= 2 << 30 else 3

    @property
    def warms_up(self):
        return self.total <= 4 << 30


def parse_loads(text):
    """`upload-1GiB-1x`, or for both ways `1GiB-1x` or `1GiB`, `list-1B-200x` or `rekey-1B-200x`; comma-separated."""
    chosen = {}
    for word in text.split(","):
        found = re.fullmatch(r"(?:(upload|download|list|rekey)-)?(\d+)(B|KiB|MiB|GiB)(?:-([\d_]+)x)?", word.strip())
        if not found:
            raise ValueError(f"a workload looks like upload-1GiB-1x, 1GiB or 4KiB-2_000x, not {word}")
        verb, number, unit, count = found.groups()
        if verb in OF_MANY and int(count or 1) == 1:
            raise ValueError(f"many objects are listed or rekeyed, or none: {verb}-1B-200x, not {word}")
        size = int(number) * UNITS[unit]
        verbs = chosen.setdefault((size, int(count or 1)), set())
        verbs.update([verb] if verb else VERBS)
    return [Load(*key, tuple(verb for verb in (*VERBS, *OF_MANY) if verb in verbs)) for key, verbs in chosen.items()]
