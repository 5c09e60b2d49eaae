"""The bytes that are moved: byte N is byte N modulo its length of one random pattern.

So a file of any size is made fast, is checked without a second copy of it, and can be told by `wire.c`, which
keeps none. The length is a prime: no two parts of an object are alike.
"""

import os

PATTERN_BYTES = (1 << 24) - 3


class Pattern:
    def __init__(self, path):
        self.path = path
        self.bytes = os.urandom(PATTERN_BYTES)
        path.write_bytes(self.bytes)

    def pieces(self, offset, size):
        while size > 0:
            start = offset % PATTERN_BYTES
            piece = memoryview(self.bytes)[start : start + min(size, PATTERN_BYTES)]
            yield piece
            offset += len(piece)
            size -= len(piece)

    def write(self, path, size, offset=0):
        with open(path, "wb") as file:
            for piece in self.pieces(offset, size):
                file.write(piece)

    def matches(self, path, size, offset=0):
        if os.path.getsize(path) != size:
            return False
        with open(path, "rb", buffering=0) as file:
            return all(file.read(len(piece)) == piece for piece in self.pieces(offset, size))

    def write_load(self, load, path):
        """One file, or a folder of files which all differ."""
        if not load.is_tree:
            self.write(path, load.size)
            return
        path.mkdir()
        for number in range(load.count):
            self.write(path / file_name(number), load.size, number * load.size)

    def matches_load(self, load, path):
        if not load.is_tree:
            return self.matches(path, load.size)
        if sorted(os.listdir(path)) != [file_name(number) for number in range(load.count)]:
            return False
        return all(
            self.matches(path / file_name(number), load.size, number * load.size) for number in range(load.count)
        )


def file_name(number):
    return f"{number:06}.bin"
