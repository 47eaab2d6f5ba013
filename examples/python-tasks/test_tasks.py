"""The tasks as functions, under pytest: python3 -m pytest -p ers.pytest_plugin test_tasks.py"""

import pytest
import tasks

import ers


def day(mill, previous=None, results=None):
    return ers.Context(context={"gauges": {"mill": mill, "ferry": None}, "rain": 10}, previous=previous, results=results)


def test_mean(ers_invariant):
    verdict = ers_invariant(tasks.mean, args=[day(80.0)])
    assert verdict.ok
    assert tasks.mean(day(80.0)) == {"level": 80.0, "spread": 0.0, "silent": ["ferry"]}


def test_no_gauge():
    with pytest.raises(ers.NotComputable, match="no gauge answered"):
        tasks.mean(day(None))


def test_trend():
    today = {"level:mean": {"level": 80.0}}
    before = {"level:mean": {"level": 70.0}, "level:trend": 4.0}
    assert tasks.trend(day(80.0, before, today)) == 7.0
    del before["level:trend"]
    assert tasks.trend(day(80.0, before, today)) == 10.0


def test_tomorrow(ers_invariant):
    ers_invariant(tasks.tomorrow, args=[day(80.0, results={"level:mean": {"level": 80.0}, "level:trend": 2.0})])
