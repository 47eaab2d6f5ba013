import unittest
from unittest import mock

import support  # noqa: F401

import ers
from ers import declare


@mock.patch.dict(declare.TASKS, clear=True)
class TestTask(unittest.TestCase):
    def test_declared(self):
        @ers.task("b", lane="shadow", priority=-1, ops=2, entropy=3, tags=("x", "y"))
        def b(ctx):
            return 7

        @ers.task("a")
        def a(ctx):
            return None

        self.assertEqual(b(None), 7)
        self.assertEqual(
            [t.to_json() for t in declare.TASKS.values()],
            [
                {"name": "b", "lane": "shadow", "priority": -1, "cost": {"ops": 2, "entropy": 3}, "tags": ["x", "y"]},
                {"name": "a", "lane": "forecast", "priority": 0, "cost": {"ops": 0, "entropy": 0}, "tags": []},
            ],
        )

    def test_anything_callable(self):
        ers.task("len")(len)
        ers.task("lambda")(lambda ctx: 1)
        self.assertEqual(list(declare.TASKS), ["len", "lambda"])

    def test_twice(self):
        def make(n):
            return lambda ctx: n

        ers.task("a")(make(1))
        ers.task("a")(make(2))  # the same line: a module that is loaded again
        self.assertEqual(declare.TASKS["a"].run(None), 2)
        with self.assertRaisesRegex(ValueError, r"task 'a' is declared twice: .*test_declare.py:\d+ and .*test_declare.py:\d+"):
            ers.task("a")(lambda ctx: 3)

    def test_refused(self):
        async def coroutine(ctx):
            pass

        def generator(ctx):
            yield 1

        for text, declare_it in [
            ("@task needs a name", lambda: ers.task(lambda ctx: 1)),
            ("want a name", lambda: ers.task("")(len)),
            ("want a name", lambda: ers.task(3)(len)),
            ("the lane is 'fast'", lambda: ers.task("a", lane="fast")(len)),
            ("priority is '1': want an integer", lambda: ers.task("a", priority="1")(len)),
            ("ops is True: want an integer", lambda: ers.task("a", ops=True)(len)),
            ("ops is 1.5: want an integer", lambda: ers.task("a", ops=1.5)(len)),
            ("entropy is -1: want at least 0", lambda: ers.task("a", entropy=-1)(len)),
            ("tags is 'x': want a list of strings", lambda: ers.task("a", tags="x")(len)),
            ("want a list of strings", lambda: ers.task("a", tags=[1])(len)),
            ("is not a function", lambda: ers.task("a")(3)),
            ("the function is async", lambda: ers.task("a")(coroutine)),
            ("the function yields", lambda: ers.task("a")(generator)),
            ("half of a pair", lambda: ers.task("\ud800")(len)),
        ]:
            with self.subTest(text):
                with self.assertRaisesRegex((ValueError, TypeError), text):
                    declare_it()
        self.assertEqual(declare.TASKS, {})
