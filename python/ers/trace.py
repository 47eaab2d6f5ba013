"""Canonical bytes and hash of a trace, as in ERS v0.2."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any, Dict, List

from .types import TraceEvent


def canonicalize_trace(trace: List[TraceEvent]) -> Dict[str, Any]:
    """{"events": […]}, each event a dict of its fields, made of what JSON has.

    As in v0.2, what JSON has no form for is written as its repr, and keys as str(key).
    ers.gate refuses such values instead, since the repr of an object holds its address.
    """
    return {"events": [_primitive(event) for event in trace]}


def trace_json_bytes(trace: List[TraceEvent]) -> bytes:
    """The canonical bytes, which are hashed."""
    text = json.dumps(canonicalize_trace(trace), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def trace_hash_sha256(trace: List[TraceEvent]) -> str:
    """The trace_sha256 that ERS has for these events, in lower-case hex."""
    return hashlib.sha256(trace_json_bytes(trace)).hexdigest()


def _primitive(x: Any) -> Any:
    if x is None or isinstance(x, (str, bool, int, float)):
        return x
    if is_dataclass(x) and not isinstance(x, type):
        x = {f.name: getattr(x, f.name) for f in fields(x)}
    if isinstance(x, dict):
        return {str(key): _primitive(x[key]) for key in sorted(x, key=str)}
    if isinstance(x, (list, tuple)):
        return [_primitive(element) for element in x]
    return repr(x)
