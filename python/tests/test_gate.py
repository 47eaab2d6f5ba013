import itertools
import unittest

import support  # noqa: F401

import ers
from ers import Drift, InvariantMixin, NotCanonical, NothingCompared, gate, judge
from ers.difference import MISSING
from ers.invariant import numbers


def returns(*values):
    """A function that returns, or raises, the next of these at each call."""
    turn = iter(values)

    def words():
        value = next(turn)
        if isinstance(value, BaseException):
            raise value
        return value

    return words


class TestGate(unittest.TestCase):
    def text(self, *values):
        verdict = judge(returns(*values), len(values))
        self.assertFalse(verdict.ok)
        with self.assertRaises(Drift) as caught:
            gate(returns(*values), len(values))
        self.assertEqual(str(caught.exception), verdict.text)
        self.assertEqual(caught.exception.verdict, verdict)
        return verdict.text.removeprefix("returns.<locals>.words: ")

    def test_pass(self):
        calls = []
        verdict = gate(lambda: calls.append(1) or {"a": (1, 2)})
        self.assertEqual(len(calls), 12)
        self.assertTrue(verdict)
        self.assertEqual((verdict.runs, verdict.groups, verdict.pointer), (12, [list(range(12))], None))
        self.assertEqual(len(set(verdict.hashes)), 1)
        self.assertIn("all 12 runs are equal", verdict.text)

    def test_one_run(self):
        values = [{"a": [1, {"b/c": i == 7}]} for i in range(12)]
        self.assertEqual(
            self.text(*values),
            "run 7 differs from the other 11 at /a/1/b~1c\n"
            "  expected  false  (bool)  in runs 0-6 and 8-11\n"
            "  found     true  (bool)  in run 7",
        )
        verdict = judge(returns(*values))
        self.assertEqual((verdict.pointer, verdict.expected, verdict.found), ("/a/1/b~1c", False, True))
        self.assertEqual(verdict.groups, [[0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11], [7]])
        self.assertEqual(len(set(verdict.hashes)), 2)

    def test_an_odd_first_run(self):
        self.assertIn("run 0 differs from the other 2 at /a", self.text({"a": 0}, {"a": 1}, {"a": 1}))

    def test_equality_is_of_bytes(self):
        text = self.text(1, 1.0, 1)
        self.assertIn("1 and 1.0 are equal in Python, but int and float are written differently", text)
        self.assertIn("true  (bool)", self.text([1], [1], [True]))
        self.assertIn("0.0 and -0.0 are equal in Python", self.text(0.0, -0.0, 0.0))
        gate(lambda: float("nan"))

    def test_order(self):
        text = self.text({"w": ["a", "b"]}, {"w": ["a", "b"]}, {"w": ["b", "a"]})
        self.assertIn('at /w/0\n  expected  "a"  (str)', text)
        self.assertIn("/w holds the same 2 elements in another order: is it made from a set? Sort it.", text)

    def test_last_digits(self):
        self.assertIn("added up in another order", self.text(0.1 + 0.2, 0.3, 0.3))

    def test_missing(self):
        verdict = judge(returns({"a": 1}, {"a": 1}, {}), 3)
        self.assertIs(verdict.found, MISSING)
        self.assertIn("found     nothing  in run 2", verdict.text)
        self.assertEqual(judge(returns([1], [1], [1, 2]), 3).pointer, "/1")
        self.assertEqual(judge(returns({"b": 1}, {"b": 1}, {"a": 1}), 3).pointer, "/a")

    def test_long_texts(self):
        text = self.text(*["x" * 500 + str(i > 1) for i in range(12)])
        self.assertIn('xxxTrue"', text)
        self.assertIn("They differ from character 500 on (of 504 and 505).", text)
        self.assertLess(max(map(len, text.splitlines())), 250)

    def test_many_groups(self):
        text = self.text(0, 1, 2, 1, 2, 3, 4, 5, 6)
        self.assertIn("9 runs come to 7 different outcomes, runs 2 and 4 differ from runs 1 and 3", text)
        self.assertIn("equal are runs 1 and 3; runs 2 and 4; run 0; run 5; run 6; run 7; …", text)
        self.assertIn("the runs disagree, 2 against 2", self.text(1, 2, 1, 2))

    def test_errors(self):
        text = self.text(1, ValueError("no"), 1)
        self.assertIn("expected  returned 1  in runs 0 and 2\n  found     raised ValueError: no  in run 1", text)
        self.assertIn("raised KeyError: 'a'", self.text(KeyError("a"), KeyError("b"), KeyError("a")))
        self.assertIn("SystemExit: 2", self.text(1, 1, SystemExit(2)))

    def test_errors_alone_are_no_success(self):
        error = ValueError("no")
        with self.assertRaises(ValueError) as caught:
            gate(returns(*[error] * 12))
        self.assertIs(caught.exception, error)
        self.assertTrue(gate(returns(*[ValueError(str(object())) for _ in range(12)]), raises=ValueError))
        with self.assertRaises(ValueError):
            gate(returns(*[error] * 12), raises=(KeyError,))
        with self.assertRaises(Drift):
            gate(returns(error, KeyError()), 2, raises=Exception)

    def test_what_ends_the_whole(self):
        for error in (KeyboardInterrupt(), MemoryError()):
            with self.assertRaises(type(error)):
                gate(returns(1, error))
        with self.assertRaises(unittest.SkipTest):
            gate(returns(*[unittest.SkipTest("later")] * 12))

    def test_nothing_compared(self):
        with self.assertRaisesRegex(NothingCompared, "print returned None in all 12 runs: return what must be the same"):
            gate(print, kwargs={"end": ""})
        with self.assertRaises(Drift):
            gate(returns(None, 1), 2)

    def test_no_canonical_form(self):
        with self.assertRaisesRegex(NotCanonical, "at /a: a set has no canonical form"):
            gate(lambda: {"a": {1}})

    def test_runs(self):
        for runs in (1, 0, -1, True, 2.0, "12"):
            with self.assertRaisesRegex(ValueError, "it takes at least 2"):
                gate(lambda: 1, runs)
        self.assertEqual(gate(lambda: 1, 2).runs, 2)

    def test_inputs_are_copies(self):
        given, seen = [1], []

        def grows(words, *, more):
            words.append(2)
            more.clear()
            seen.append(words)
            return words

        gate(grows, args=[given], kwargs={"more": {"a": 1}})
        self.assertEqual(given, [1])
        self.assertEqual(seen, [[1, 2]] * 12)

    def test_one_value_that_grows(self):
        kept = []

        def grows():
            kept.append(1)
            return kept

        self.assertIn("12 runs come to 12 different outcomes", judge(grows).text)

    def test_the_scheduler(self):
        def tick():
            s = ers.DeterministicScheduler()
            s.add(ers.bind_callable(name="a", lane="forecast", priority=0, cost_ops=1, fn=lambda c: next(turn)))
            return s.run_tick(0, ers.Budget(1), ers.Budget(0), {})

        turn = itertools.repeat(5)
        gate(tick)
        turn = itertools.count()
        self.assertEqual(judge(tick).pointer, "/results/a/value")

    def test_a_task(self):
        @ers.task("gate:words")
        def words(ctx):
            return len(ctx["text"].split())

        gate(words, args=[ers.Context(context={"text": "a b"})])


class TestNumbers(unittest.TestCase):
    def test_numbers(self):
        for runs, text in [([3], "run 3"), ([0, 1], "runs 0-1"), ([0, 2], "runs 0 and 2"), ([0, 2, 3, 4, 9], "runs 0, 2-4 and 9")]:
            self.assertEqual(numbers(runs), text)


class TestMixin(InvariantMixin, unittest.TestCase):
    class failureException(AssertionError):
        pass

    def test_pass(self):
        self.assertTrue(self.assertInvariant(lambda: 1))

    def test_fail(self):
        with self.assertRaises(self.failureException) as caught:
            self.assertInvariant(returns(1, 1, 2), 3)
        self.assertIn("run 2 differs from the other 2", str(caught.exception))
