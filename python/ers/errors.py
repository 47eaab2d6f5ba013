"""The text of a task's error, which must be the same in every run.

It is "Type: message", without what differs between processes: addresses of objects,
process ids, the folders of this run. It is cut to the limit.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

MAX_ERROR = 4 << 10  # bytes

_ADDRESS = r"\bat 0x[0-9a-fA-F]{4,}"
_PID = r"(?i)\b(pid|process)([ =:]{1,2})\d+"
_TEMPORARY = r"\$TMPDIR/[^/\s'\"<>:,;()\[\]]+"


class NotComputable(Exception):
    """Raised by a task that has nothing to say about this tick, with the reason.

    Its status is then not_computable rather than error.
    """


def error_text(error: BaseException, limit: int = MAX_ERROR) -> str:
    """The text for a result: "ValueError: no such word"."""
    name = type(error).__name__
    message = _message(error)
    return stable(f"{name}: {message}" if message else name, limit)


def reason_text(error: NotComputable, limit: int = MAX_ERROR) -> str:
    return stable(_message(error) or "not computable", limit)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as e:
        return f"(its text cannot be shown: {type(e).__name__})"


def stable(text: str, limit: int) -> str:
    """Takes out what differs between runs for no reason of the task's, and cuts the rest."""
    import re

    text = re.sub(_ADDRESS, "at 0x…", text)
    text = re.sub(_PID, r"\1\2…", text)
    if "/" in text or os.sep in text:
        for folder, name in sorted(_folders(), key=lambda f: -len(f[0])):
            text = re.sub(r"(?<![\w./-])" + re.escape(folder) + r"(?![\w.-])", lambda _: name, text)
        text = re.sub(_TEMPORARY, "$TMPDIR/…", text)
    return clip(text, limit)


def clip(text: str, limit: int) -> str:
    """Cuts a text to so many bytes of UTF-8. What is no Unicode is written as \\udc80."""
    whole = text.encode(errors="backslashreplace")
    if len(whole) > limit:
        whole = whole[: limit - len("…".encode())]
        return whole.decode(errors="ignore") + "…"
    return whole.decode()


_START = os.getcwd() if os.path.isdir(os.curdir) else ""


def _folders() -> Iterator[tuple[str, str]]:
    """The folders that are this run's own, and what is written in their place."""
    tempfile = sys.modules.get("tempfile")
    made = getattr(tempfile, "tempdir", None)
    temporary = [made, *map(os.environ.get, ("TMPDIR", "TEMP", "TMP")), "/tmp", "/var/tmp"]
    named = [(folder, "$TMPDIR") for folder in temporary] + [(os.environ.get("HOME"), "~"), (_START, ".")]
    for folder, name in named:
        if isinstance(folder, str) and len(folder.rstrip("/")) > 1:
            yield folder.rstrip("/"), name
            yield os.path.realpath(folder), name
