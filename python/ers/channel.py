"""The worker's two ends of the protocol, taken away from the program.

What a program prints must not come between the answers, nor may it read what ERS
sends. So the protocol moves to descriptors of its own: the program and all processes
that it starts find standard input empty, and standard output goes where standard error
goes, which is the log.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Optional

MARK = "ERS_WORKER"  # in the environment of a worker that ERS starts

_taken: Optional[Channel] = None


class Channel:
    """Lines in and out. Not for several threads."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self.reader = reader
        self.writer = writer

    def read(self) -> bytes:
        """The next line with its end; b"" when ERS is done."""
        return self.reader.readline()

    def write(self, lines: str) -> None:
        self.writer.write(lines.encode())
        self.writer.flush()


def take() -> Channel:
    """Moves standard input and output away from the program, once."""
    global _taken
    if _taken is None:
        # A copy is not inherited by programs that are started; a forked process is cut off.
        ends = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: _cut_off(ends))
        os.environ.pop(MARK, None)  # processes that the program starts are no workers
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True, errors="backslashreplace")
        _taken = Channel(os.fdopen(ends[0], "rb", 1 << 16), os.fdopen(ends[1], "wb", 1 << 16))
    return _taken


def _cut_off(ends: tuple[int, int]) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for end in ends:
        os.dup2(nothing, end, inheritable=False)
    os.close(nothing)


def by_hand() -> bool:
    """Whether a person started the program on a terminal."""
    return _taken is None and MARK not in os.environ and os.isatty(0)
