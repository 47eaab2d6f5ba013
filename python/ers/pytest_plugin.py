"""The fixture ers_invariant and the option --ers-runs for pytest.

    def test_signal(ers_invariant):
        ers_invariant(oracle.signal, args=["some text"])

An installed kit is found by pytest. Where it is only copied, conftest.py needs the line

    pytest_plugins = ["ers.pytest_plugin"]
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, Optional, Sequence

import pytest

from .invariant import RUNS, Raises, Verdict, gate


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("ers").addoption(
        "--ers-runs",
        type=int,
        default=RUNS,
        metavar="N",
        help=f"how many times ers_invariant calls a function (default: {RUNS})",
    )


@pytest.fixture
def ers_invariant(pytestconfig: pytest.Config) -> Callable[..., Verdict]:
    """Calls a function several times, and fails with the first difference; see ers.gate."""
    wanted: int = pytestconfig.getoption("--ers-runs")

    def check(
        fn: Callable[..., Any],
        runs: Optional[int] = None,
        *,
        args: Sequence[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        raises: Raises = (),
    ) -> Verdict:
        __tracebackhide__ = True
        return gate(fn, wanted if runs is None else runs, args=args, kwargs=kwargs, raises=raises)

    return check
