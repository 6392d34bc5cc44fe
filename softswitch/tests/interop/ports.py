"""Ports for what a test starts, so that no two of them meet: not in one run, and not in runs side by side.

The range below the ephemeral ports is cut into cells of 100. A cell is taken by holding its first TCP port, which
nothing else uses; the kernel lets it go when its holder ends, however it ends.
"""

import socket

CELL = 100
FIRST, LAST = 10_000, 32_600  # Linux hands out ephemeral ports from 32,768.
ADDRESS = "127.0.0.1"


class Ports:
    """Ports `base + 1` to `base + count - 1`, until they are released."""

    def __init__(self, count: int = CELL):
        cells = -(-count // CELL)
        for base in range(FIRST, LAST - cells * CELL, CELL):
            self.guards = guard(base, cells)
            if self.guards:
                if all(is_free(port) for port in range(base + 1, base + count)):
                    self.base = base
                    return
                self.release()
        raise RuntimeError("no free ports")

    def __getitem__(self, offset: int) -> int:
        return self.base + offset

    def release(self):
        for held in self.guards:
            held.close()


def guard(base: int, cells: int) -> list[socket.socket]:
    """Takes cells in a row: all, or none."""
    held = []
    for cell in range(cells):
        probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.append(probe)
        try:
            probe.bind((ADDRESS, base + cell * CELL))
        except OSError:
            for taken in held:
                taken.close()
            return []
    return held


def is_free(port: int) -> bool:
    """Whether nobody uses the port, over TCP or UDP. A cell's first port is ours: only UDP counts there."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        if kind == socket.SOCK_STREAM and port % CELL == 0:
            continue
        with socket.socket(socket.AF_INET, kind) as probe:
            # What a server of an ended test left in TIME_WAIT hinders nobody.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                return False
    return True
