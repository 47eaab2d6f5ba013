import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import unittest
from collections import Counter, OrderedDict, namedtuple
from hashlib import sha256

from support import dumps, vectors

import ers
from ers.canonical import MAX_DEPTH, NotCanonical, canonical
from ers.context import loads
from ers.readonly import freeze


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Plain(enum.Enum):
    A = 1


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def to_json(self):
        return {"x": self.x, "y": (self.y,)}


@dataclasses.dataclass
class Record:
    a: int = 1


class TestVectors(unittest.TestCase):
    def test_all(self):
        count = 0
        for v in vectors("pkg/canon/testdata/canon.jsonl"):
            text = canonical(json.loads(v["source"]))
            self.assertEqual(text, v["canonical"])
            self.assertEqual(sha256(text.encode()).hexdigest(), v["sha256"])
            self.assertEqual(canonical(loads(text)), text)
            self.assertEqual(canonical(freeze(loads(text))), text)
            self.assertEqual(canonical([{"a": json.loads(v["source"])}]), '[{"a":' + text + "}]")
            count += 1
        self.assertGreater(count, 300)


class TestValues(unittest.TestCase):
    def test_what_becomes_plain(self):
        pair = namedtuple("pair", "b a")
        for value, want in [
            ((1, (2.0, None)), "[1,[2.0,null]]"),
            (pair(1, 2), "[1,2]"),
            (OrderedDict([("b", 1), ("a", True)]), '{"a":true,"b":1}'),
            (Counter("aab"), '{"a":2,"b":1}'),
            ([Colour.RED, Level.HIGH], '["red",3]'),
            ({Colour.RED: 1}, '{"red":1}'),
            (Point(1, 2), '{"x":1,"y":[2]}'),
            ([Point(Point(0, 1), {})], '[{"x":{"x":0,"y":[1]},"y":[{}]}]'),
            ([math.inf, -math.inf, math.nan, -0.0], "[Infinity,-Infinity,NaN,-0.0]"),
            (math.nan, "NaN"),
            (10**30, "1" + 30 * "0"),
            ("\u2028\x7f\b\x1f\"\\é", '"\u2028\x7f\\b\\u001f\\"\\\\é"'),
        ]:
            with self.subTest(value):
                self.assertEqual(canonical(value), want)

    def test_three_values(self):
        self.assertEqual([canonical(v) for v in (1, 1.0, True)], ["1", "1.0", "true"])

    def test_keys_by_code_point(self):
        self.assertEqual(canonical({"é": 1, "\U0001F600": 2, "\uffee": 3, "b": 4}), '{"b":4,"é":1,"\uffee":3,"\U0001F600":2}')

    def test_refused(self):
        for value, text in [
            ({1, 2}, "a set has no canonical form: it has no order of its own, return sorted(…)"),
            ([0, {"a/b": frozenset()}], "at /1/a~1b: a frozenset has no canonical form: it has no order of its own, return sorted(…)"),
            ({"a": b"x"}, "at /a: a bytes has no canonical form: return .hex(), .decode() or base64"),
            ({"a": {1: 2}}, "at /a: the key 1 is not a string but an int: write str(…)"),
            ({None: 2}, "the key None is not a string but a NoneType: write str(…)"),
            ({(1, 2): 3}, "the key (1, 2) is not a string but a tuple: write str(…)"),
            ([object()], "at /0: an object has no canonical form: give its class a method to_json() that returns what it is made of"),
            (Record(), f"a {__name__}.Record has no canonical form: return dataclasses.asdict(…), or give the class a method to_json()"),
            (Plain.A, f"a {__name__}.Plain has no canonical form: return .value or .name"),
            (len, "a builtin_function_or_method has no canonical form: did you forget to call it?"),
            (Point, "a type has no canonical form: did you forget to call it?"),
            (datetime.date(2000, 1, 1), "a datetime.date has no canonical form: return .isoformat()"),
            (decimal.Decimal(1), "a decimal.Decimal has no canonical form: return str(…)"),
            (1j, "a complex has no canonical form: return [z.real, z.imag]"),
            (iter([]), "a list_iterator has no canonical form: return list(…)"),
            ({}.keys(), "a dict_keys has no canonical form: return list(…)"),
            ({"a": "\ud800"}, r"at /a: the text holds \ud800, half of a pair, which is not a character"),
            ("\ud83d\ude00", r"the text holds \ud83d, half of a pair, which is not a character"),
            ({"\udc80": 1}, r"the text holds \udc80, half of a pair, which is not a character"),
        ]:
            with self.subTest(text):
                with self.assertRaises(NotCanonical) as caught:
                    canonical(value)
                self.assertEqual(str(caught.exception), text)
        with self.assertRaisesRegex(NotCanonical, r"PosixPath.*\.as_posix\(\)"):
            canonical(pathlib.PurePosixPath("/a") and pathlib.Path("/a"))

    def test_coroutine(self):
        async def f():
            pass

        coroutine = f()
        with self.assertRaisesRegex(NotCanonical, "run it first"):
            canonical(coroutine)
        coroutine.close()

    def test_cycle(self):
        a = []
        a.append(a)
        with self.assertRaisesRegex(NotCanonical, "is there a cycle"):
            canonical(a)
        b = {"b": [1]}
        b["b"].append({"c": b})
        with self.assertRaisesRegex(NotCanonical, "is there a cycle"):
            canonical(b)
        c = Point(1, 2)
        c.x = c
        with self.assertRaisesRegex(NotCanonical, "is there a cycle"):
            canonical(c)

    def test_depth(self):
        def nested(n, inner):
            for _ in range(n):
                inner = [inner]
            return inner

        self.assertEqual(canonical(nested(MAX_DEPTH, 1)), MAX_DEPTH * "[" + "1" + MAX_DEPTH * "]")
        self.assertEqual(canonical(loads(canonical(nested(MAX_DEPTH, 1)))), canonical(nested(MAX_DEPTH, 1)))
        self.assertEqual(canonical(nested(MAX_DEPTH, Level.HIGH)), canonical(nested(MAX_DEPTH, 3)))
        for inner in (1, [], Level.HIGH, {}):
            with self.assertRaises(NotCanonical):
                canonical(nested(MAX_DEPTH + 1, inner))

    def test_limit(self):
        self.assertEqual(canonical("é" * 9, 20), '"' + "é" * 9 + '"')
        for value in ("é" * 10, [1] * 100, [[1] * 100], 10**30, {"a": [{1: "x" * 30}]}):
            with self.assertRaises(NotCanonical):
                canonical(value, 20)
        grown = []
        for _ in range(100):  # would spell out to 2**100 lists
            grown = [grown, grown]
        with self.assertRaisesRegex(NotCanonical, "more than the 1000 canonical bytes"):
            canonical(grown, 1000)

    def test_many_digits(self):
        n = 10**10000
        self.assertEqual(canonical([n]), "[1" + 10000 * "0" + "]")
        self.assertEqual(loads(canonical(n)), n)

    def test_exported(self):
        self.assertIs(ers.canonical, canonical)


try:
    from hypothesis import given, settings
    from hypothesis import strategies as st
except ImportError:
    pass
else:
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    values = st.recursive(scalars, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=30)

    class TestAsJSON(unittest.TestCase):
        @settings(deadline=None)
        @given(values)
        def test_same_as_the_standard_library(self, value):
            self.assertEqual(canonical(value), dumps(value))

        @settings(deadline=None)
        @given(values)
        def test_read_back(self, value):
            self.assertEqual(canonical(freeze(loads(canonical(value)))), canonical(value))
