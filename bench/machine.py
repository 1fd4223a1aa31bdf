"""Prints the state of the machine that a ratio to a thread-hopping variant depends on."""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path
from time import perf_counter

from bench.measure import percentile, row


def print_machine(folder: Path) -> None:
    """Print what moves the ratio to one transaction a request: how long a hop and a sync take.

    Twelve hops make one such transaction. On idle cores a hop waits for one to wake up, on busy
    ones it does not, so the same code gives several times as many transactions there.
    """
    there: queue.SimpleQueue[bool] = queue.SimpleQueue()
    back: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def echo() -> None:
        while there.get():
            back.put(True)

    thread = threading.Thread(target=echo)
    thread.start()
    hops, syncs = [], []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(500):
            begun = perf_counter()
            there.put(True)
            back.get()
            hops.append(perf_counter() - begun)
            file.write(bytes(4096))
            begun = perf_counter()
            os.fdatasync(file.fileno())
            syncs.append(perf_counter() - begun)
    there.put(False)
    thread.join()
    row("Machine now", "hop µs", "fsync µs", "load")
    row("  median", percentile(hops, 50) * 1e6, percentile(syncs, 50) * 1e6, os.getloadavg()[0])
