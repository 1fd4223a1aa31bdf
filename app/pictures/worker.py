"""The process that decodes: it forks for every picture, so that none meets what another left."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable

from PIL import Image

from app.pictures.decoding import codes_in, icon_of, photo_of
from app.pictures.frames import CODES, DONE, FAILED, HEAD, ICON, PHOTO
from app.pictures.sizes import PIXELS_MAX

SECONDS_MAX = 2  # of the processor, for one picture
MEMORY_MAX = 1024 * 1024 * 1024  # address space: the interpreter and its libraries take most of it
TASKS: dict[bytes, Callable[[bytes], bytes]] = {CODES: codes_in, PHOTO: photo_of, ICON: icon_of}


def serve() -> None:
    """Answer one picture after the other until standard input ends."""
    while head := _taken(HEAD.size):
        task, length = HEAD.unpack(head)
        answer = _apart(TASKS[task], _taken(length))
        status = FAILED if answer is None else DONE
        sys.stdout.buffer.write(HEAD.pack(status, len(answer or b"")) + (answer or b""))
        sys.stdout.buffer.flush()


def _taken(length: int) -> bytes:
    found = sys.stdin.buffer.read(length)
    return found if len(found) == length else b""


def _apart(task: Callable[[bytes], bytes], data: bytes) -> bytes | None:
    """Do it in a child with limits; None when it failed, or was ended by them."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(task, data, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return answer if status == 0 else None


def _be_the_child(task: Callable[[bytes], bytes], data: bytes, writing: int) -> None:
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(task(data))
        status = 0
    finally:  # whatever was raised: the parent only sees that it failed
        os._exit(status)


if __name__ == "__main__":
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    Image.preinit()  # so that no child has to
    Image.init()
    # Whoever stops the server at a terminal stops us too: by the end of standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve()
    os._exit(0)  # without tearing down: the barcode library would complain on stderr
