import copy
import json
import pickle
import unittest

import support  # noqa: F401

from ers import Context, NotCanonical, ReadOnly, Result


class TestReadOnly(unittest.TestCase):
    def setUp(self):
        self.ctx = Context(3, {"d": {"l": [1, {"x": []}]}, "t": (1, 2)}, {"a": [1, (2,)], "b": 5}, {"p": {"k": 1}})

    def test_reading(self):
        ctx = self.ctx
        self.assertEqual((ctx.tick, ctx["t"], ctx.get("no", 7), "d" in ctx, len(ctx)), (3, [1, 2], 7, True, 2))
        self.assertEqual((list(ctx), dict(ctx)), (["d", "t"], ctx.context))
        self.assertEqual(ctx.results["a"].value, [1, [2]])
        self.assertEqual((ctx.results["b"].status, ctx.results["b"].error), ("ok", ""))
        self.assertEqual(ctx.previous["p"].value["k"], 1)
        self.assertNotIn("z", ctx.results)
        self.assertEqual(json.dumps(ctx.context), '{"d": {"l": [1, {"x": []}]}, "t": [1, 2]}')
        self.assertEqual(repr(ctx.results["a"]), "<ok: [1, [2]]>")
        with self.assertRaises(KeyError):
            ctx["no"]

    def test_dicts(self):
        for d in (self.ctx.context, self.ctx["d"], self.ctx["d"]["l"][1], self.ctx.results, self.ctx.previous["p"].value):
            for write in (
                lambda: d.__setitem__("a", 1),
                lambda: d.__delitem__("a"),
                lambda: d.update(a=1),
                lambda: d.setdefault("a", 1),
                lambda: d.pop("a", None),
                d.popitem,
                d.clear,
                lambda: d.__ior__({}),
            ):
                with self.assertRaisesRegex(ReadOnly, "this dict is read-only"):
                    write()

    def test_lists(self):
        for li in (self.ctx["t"], self.ctx["d"]["l"], self.ctx["d"]["l"][1]["x"], self.ctx.results["a"].value[1]):
            for write in (
                lambda: li.__setitem__(0, 1),
                lambda: li.__delitem__(0),
                lambda: li.append(1),
                lambda: li.extend([1]),
                lambda: li.insert(0, 1),
                lambda: li.remove(1),
                lambda: li.pop(),
                li.sort,
                li.reverse,
                li.clear,
                lambda: li.__iadd__([1]),
                lambda: li.__imul__(2),
            ):
                with self.assertRaisesRegex(ReadOnly, "this list is read-only"):
                    write()

    def test_the_context_itself(self):
        with self.assertRaisesRegex(ReadOnly, "the context is read-only"):
            self.ctx["a"] = 1
        for name in ("tick", "context", "results", "previous"):
            with self.assertRaisesRegex(ReadOnly, f"Context.{name} is read-only"):
                setattr(self.ctx, name, 1)
        for name in ("status", "value", "error"):
            with self.assertRaisesRegex(ReadOnly, f"Result.{name} is read-only"):
                setattr(self.ctx.results["a"], name, 1)
        with self.assertRaises(AttributeError):
            self.ctx.memo = 1

    def test_every_method_is_thought_of(self):
        known = {
            dict: "copy fromkeys get items keys values clear pop popitem setdefault update",
            list: "copy count index append clear extend insert pop remove reverse sort",
        }
        for kind, names in known.items():
            self.assertEqual({n for n in dir(kind) if not n.startswith("_")}, set(names.split()))

    def test_copies_can_be_written(self):
        d = self.ctx.context
        for made in (copy.deepcopy(d), pickle.loads(pickle.dumps(d)), json.loads(json.dumps(d))):
            made["d"]["l"][1]["x"].append(1)
            made["t"] += [3]
            self.assertIs(type(made), dict)
        for made in (dict(d), {**d}, d.copy(), copy.copy(d), d | {}):
            made["new"] = 1
        for made in (list(d["t"]), d["t"].copy(), d["t"] + [], d["t"][:], sorted(d["t"]), copy.copy(d["t"])):
            made.append(1)
        self.assertEqual(d, {"d": {"l": [1, {"x": []}]}, "t": [1, 2]})

    def test_made_by_hand(self):
        given = {"a": [1]}
        ctx = Context(context=given, results={"f": Result("error", "ValueError: no", "forecast", None)})
        given["a"].append(2)
        self.assertEqual((ctx["a"], ctx.results["f"].value, ctx.tick), ([1], None, 0))
        self.assertEqual(repr(ctx.results["f"]), "<error: ValueError: no>")
        with self.assertRaises(NotCanonical):
            Context(context={"a": {1}})
        with self.assertRaisesRegex(LookupError, "made by hand"):
            ctx.content("0" * 64)
        with self.assertRaisesRegex(ValueError, "want a SHA-256"):
            ctx.content("x")
        self.assertEqual(Context(content=lambda h: b"x").content({"sha256": "0" * 64, "size": 1}), b"x")
