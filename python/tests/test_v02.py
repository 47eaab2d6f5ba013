import dataclasses
import unittest

from support import dumps, vectors

import ers
from ers import (
    Budget,
    DeterministicScheduler,
    InvarianceResult,
    TaskResult,
    TaskSpec,
    TraceEvent,
    bind_callable,
    canonicalize_trace,
    dozen_run_invariance_gate,
    trace_hash_sha256,
    trace_json_bytes,
)

PUBLISHED = "ae7e4fe3526ad0e133d2f46de48f5941e5cf24382490e9d25088d8920decfd16"


def event(tick=0, **change):
    return dataclasses.replace(TraceEvent(tick, "a", "forecast", "ok", 1, 0, {"tags": []}), **change)


class TestVectors(unittest.TestCase):
    def test_schedules(self):
        count = 0
        for v in vectors("pkg/scheduler/testdata/schedules.jsonl"):
            scheduler = DeterministicScheduler()
            for t in v["tasks"]:
                scheduler.add(self.task(t))
            budgets = {lane: Budget(**b) for lane, b in v["budget"].items()}
            done = scheduler.run_tick(v["tick"], budgets["forecast"], budgets["shadow"], {})
            self.assertEqual([dataclasses.asdict(e) for e in done["trace"]], v["trace"])
            self.assertEqual({k: dataclasses.asdict(b) for k, b in done["remaining"].items()}, v["remaining"])
            self.assertEqual(trace_json_bytes(done["trace"]).decode(), v["canonical"])
            self.assertEqual(trace_hash_sha256(done["trace"]), v["sha256"])
            count += 1
        self.assertGreater(count, 100)

    def task(self, t):
        def run(context):
            if t["outcome"] == "error":
                raise RuntimeError("as told")

        return TaskSpec(t["name"], t["lane"], t["priority"], t["cost_ops"], t["cost_entropy"], run, tuple(t["tags"]))

    def test_published_hash(self):
        def make_trace(run):
            scheduler = DeterministicScheduler()
            scheduler.add(bind_callable(name="shadow:sei", lane="shadow", priority=0, cost_ops=1, fn=lambda c: None))
            scheduler.add(bind_callable(name="oracle:signal", lane="forecast", priority=0, cost_ops=1, fn=lambda c: {}))
            return scheduler.run_tick(0, Budget(10, 10), Budget(10, 10), {"x": 1})["trace"]

        result = dozen_run_invariance_gate(make_trace=make_trace)
        self.assertEqual(result, InvarianceResult(True, PUBLISHED, [PUBLISHED] * 12, None, None))


class TestScheduler(unittest.TestCase):
    def test_a_tick(self):
        context = {"n": 2}
        seen = []

        def fails(c):
            seen.append(c)
            raise ValueError("no")

        s = DeterministicScheduler()
        s.add(TaskSpec("z", "forecast", 0, 3, 1, lambda c: c["n"]))
        s.add(TaskSpec("b", "forecast", 1, 1, fn=fails, tags=("t",)))
        s.add(TaskSpec("a", "shadow", 0, 9, 0))
        with self.assertRaisesRegex(ValueError, "^Duplicate task name: a$"):
            s.add(TaskSpec("a", "shadow", 0, 9, 0))
        done = s.run_tick(tick=4, budget_forecast=Budget(5, 1), budget_shadow=Budget(8), context=context)
        self.assertEqual(list(done), ["tick", "results", "trace", "remaining"])
        self.assertEqual(done["tick"], 4)
        self.assertEqual(
            list(done["results"].items()),
            [
                ("z", TaskResult("z", "forecast", "ok", 2, None, 3, 1)),
                ("b", TaskResult("b", "forecast", "error", None, "ValueError: no", 1, 0)),
                ("a", TaskResult("a", "shadow", "skipped_budget", None, None, 0, 0)),
            ],
        )
        self.assertEqual(
            done["trace"],
            [
                TraceEvent(4, "z", "forecast", "ok", 3, 1, {"tags": []}),
                TraceEvent(4, "b", "forecast", "error", 1, 0, {"tags": ["t"]}),
                TraceEvent(4, "a", "shadow", "skipped_budget", 9, 0, {"reason": "budget"}),
            ],
        )
        self.assertEqual(done["remaining"], {"forecast": Budget(1, 0), "shadow": Budget(8, 0)})
        self.assertIs(seen[0], context)
        self.assertEqual([t.name for t in s.tasks], ["z", "b", "a"])

    def test_values(self):
        self.assertTrue(Budget(1).can_afford(1))
        self.assertFalse(Budget(1).can_afford(1, 1))
        self.assertFalse(Budget(1, 5).can_afford(2))
        self.assertIsNone(TaskSpec("a", "forecast", 0, 1).fn({}))
        self.assertNotIn("fn", repr(TaskSpec("a", "forecast", 0, 1)))
        with self.assertRaises(dataclasses.FrozenInstanceError):
            Budget(1).ops = 2
        spec = bind_callable(name="a", lane="shadow", priority=1, cost_ops=2, cost_entropy=3, fn=len, tags=("x",))
        self.assertEqual(spec, TaskSpec("a", "shadow", 1, 2, 3, len, ("x",)))
        with self.assertRaises(TypeError):
            bind_callable("a", "shadow", 1, 2, fn=len)

    def test_the_modules_of_v02(self):
        import ers.bindings
        import ers.invariance
        import ers.scheduler
        import ers.trace
        import ers.types

        self.assertIs(ers.types.Budget, Budget)
        self.assertIs(ers.bindings.bind_callable, bind_callable)
        self.assertIs(ers.invariance.dozen_run_invariance_gate, dozen_run_invariance_gate)
        self.assertIs(ers.scheduler.DeterministicScheduler, DeterministicScheduler)
        self.assertIs(ers.trace.trace_json_bytes, trace_json_bytes)
        self.assertLessEqual(set(ers.__all__), set(dir(ers)))
        for name in ers.__all__:
            getattr(ers, name)


class TestTrace(unittest.TestCase):
    def test_primitives(self):
        class Odd:
            def __repr__(self):
                return "odd"

        meta = {"b": (1, 2.5), 3: None, "a": [True, Odd(), Budget(1)]}
        want = {"b": [1, 2.5], "3": None, "a": [True, "odd", {"ops": 1, "entropy": 0}]}
        made = canonicalize_trace([event(meta=meta)])
        self.assertEqual(made["events"][0]["meta"], want)
        self.assertEqual(list(made["events"][0]), sorted(made["events"][0]))
        self.assertEqual(trace_json_bytes([event(meta=meta)]).decode(), dumps(made))

    def test_not_ascii(self):
        self.assertIn("é\u2028".encode(), trace_json_bytes([event(task="é\u2028")]))


class TestGate(unittest.TestCase):
    def gate(self, traces):
        return dozen_run_invariance_gate(make_trace=lambda run: traces[run], runs=len(traces))

    def test_first_difference(self):
        a, b = [event(0), event(1)], [event(0), event(1, status="error")]
        result = self.gate([a, a, b, b])
        self.assertEqual((result.ok, result.first_mismatch_index), (False, 2))
        self.assertEqual(result.expected_hash, trace_hash_sha256(a))
        self.assertEqual(result.hashes, [trace_hash_sha256(t) for t in (a, a, b, b)])
        self.assertEqual(result.divergence["event_index"], 1)
        self.assertEqual(result.divergence["diff"]["a"]["status"], "ok")
        self.assertEqual(result.divergence["diff"]["b"]["status"], "error")

    def test_length(self):
        result = self.gate([[event(0), event(1)], [event(0)]])
        self.assertEqual(result.divergence, {"event_index": 1, "diff": {"a": {"_len": 2}, "b": {"_len": 1}}})

    def test_as_weak_as_it_was(self):
        result = self.gate([[event(meta={"x": 1})], [event(meta={"x": 1.0})]])
        self.assertEqual((result.ok, result.divergence), (False, {"event_index": None, "diff": None}))
        self.assertTrue(self.gate([[event()]]).ok)
        with self.assertRaises(IndexError):
            self.gate([])
