import base64
import hashlib
import os
import pty
import subprocess
import sys
import unittest
from pathlib import Path

from support import KIT, Session, dumps, environment, told

COUNTING = """
@ers.task("a", ops=3, entropy=1, tags=["x"])
def a(ctx): return (ctx.tick, ctx["n"])

@ers.task("b", priority=5)
def b(ctx): return {"seen": {n: r for n, r in ctx.results.items()}, "before": {n: r.value for n, r in ctx.previous.items()}}

@ers.task("s", lane="shadow")
def s(ctx): return sorted(ctx.results)
"""


def task(body, name="t"):
    """A program with one task of this body."""
    return f"@ers.task({name!r})\ndef {name}(ctx):\n" + "".join(f"    {line}\n" for line in body.splitlines())


class TestProtocol(unittest.TestCase):
    def test_hello(self):
        with Session(COUNTING) as s:
            hello = s.hello()
            self.assertEqual((hello["type"], hello["protocol"]), ("hello", "ers-worker/1"))
            self.assertEqual(hello["numbers"], ["nan", "bigint"])
            self.assertEqual(hello["about"]["kit"], "python 1")
            self.assertTrue(all(isinstance(v, str) for v in hello["about"].values()))
            self.assertEqual(
                hello["tasks"],
                [
                    {"name": "a", "lane": "forecast", "priority": 0, "cost": {"ops": 3, "entropy": 1}, "tags": ["x"]},
                    {"name": "b", "lane": "forecast", "priority": 5, "cost": {"ops": 0, "entropy": 0}, "tags": []},
                    {"name": "s", "lane": "shadow", "priority": 0, "cost": {"ops": 0, "entropy": 0}, "tags": []},
                ],
            )
            self.assertEqual(s.end(), (0, ""))

    def test_results_and_previous(self):
        ok = {"type": "result", "status": "ok"}
        with Session(COUNTING) as s:
            s.hello()
            one, two = s.tick(1, "a", "b", context={"n": 9}, results=[told("z", [1.0])])
            self.assertEqual(one, {**ok, "task": "a", "value": [1, 9]})
            seen = {"a": {"status": "ok", "value": [1, 9], "error": ""}, "z": {"status": "ok", "value": [1.0], "error": ""}}
            self.assertEqual(two, {**ok, "task": "b", "value": {"before": {}, "seen": seen}})
            # A rule has changed the value of b; a shadow task ran elsewhere.
            s.tick(1, "s", context={"n": 9}, results=[told("b", "other"), told("sh", 1, lane="shadow")])
            skipped = told("y", None, "skipped_budget")
            (b,) = s.tick(2, "b", context={"n": 0}, results=[skipped, told("f", None, "error", "E: x")])
            self.assertEqual(b["value"]["before"], {"z": [1.0], "a": [1, 9], "b": "other"})
            self.assertEqual(b["value"]["seen"]["y"], {"status": "skipped_budget", "value": None, "error": ""})
            self.assertEqual(b["value"]["seen"]["f"], {"status": "error", "value": None, "error": "E: x"})
            # Told without tasks: nothing is answered.
            self.assertEqual(s.tick(3, results=[told("q", 4)]), [])
            (b,) = s.tick(4, "b")
            self.assertEqual(b["value"], {"before": {"q": 4}, "seen": {}})
            self.assertEqual(s.end(), (0, ""))

    def test_order_of_members_is_canonical_for_those_behind(self):
        program = task("return {'b': 1, 'a': (2,)}", "t") + task("return list(ctx.results['t'].value), ctx.results['t'].value['a']", "u")
        with Session(program) as s:
            s.hello()
            self.assertEqual(s.tick(0, "t", "u")[1]["value"], [["a", "b"], [2]])

    def test_statuses(self):
        with Session(
            task("raise ValueError(f'no {object()}')", "e")
            + task("raise ers.NotComputable('no words')", "n")
            + task("import sys; sys.exit(3)", "x")
            + task("return {'a': [{1, 2}]}", "r")
            + task("return 'x' * 300000", "big")
            + task("return 1 / 0\n", "z")
            + task("raise BaseException('odd')", "odd")
            + task("return [r.status + ' ' + r.error for r in ctx.results.values()], [r.value for r in ctx.results.values()]", "last")
        ) as s:
            s.hello()
            *failed, last = s.tick(0, "e", "n", "x", "r", "big", "z", "odd", "last")
            texts = [
                "error ValueError: no <object object at 0x…>",
                "not_computable no words",
                "error SystemExit: 3",
                "error NotCanonical: at /a/0: a set has no canonical form: it has no order of its own, return sorted(…)",
                "error TooLarge: the value takes more than the 262144 canonical bytes that are allowed",
                "error ZeroDivisionError: division by zero",
                "error BaseException: odd",
            ]
            self.assertEqual([f"{r['status']} {r['error']}" for r in failed], texts)
            self.assertEqual(set(failed[0]), {"type", "task", "status", "error"})
            self.assertEqual(last["value"], [texts, [None] * 7])
            s.tick(1, "z")
            status, log = s.end()
            self.assertEqual(status, 0)
            self.assertEqual(log.count("ZeroDivisionError"), 1)
            self.assertIn("ers: task 'z' at tick 0:", log)
            self.assertIn("tasks.py", log)

    def test_numbers(self):
        with Session(task("return [ctx['n'], float('inf'), -float('inf'), 10**5000, 1, 1.0, True]")) as s:
            s.hello()
            s.send('{"context":{"n":NaN},"results":[],"tasks":["t"],"tick":0,"type":"tick"}')
            line = s.process.stdout.readline()
            self.assertIn('"value":[NaN,Infinity,-Infinity,1' + "0" * 5000 + ",1,1.0,true]}", line)
            s.send('{"context":{"n":1' + "0" * 5000 + '},"results":[],"tasks":["t"],"tick":1,"type":"tick"}')
            self.assertIn('"value":[1' + "0" * 5000 + ",", s.process.stdout.readline())

    def test_limits_are_those_of_the_hello(self):
        with Session(task("return 'x' * 20", "v") + task("raise ValueError('y' * 200)", "e")) as s:
            s.hello(limits={"error": 50, "message": 1 << 20, "value": 20})
            v, e = s.tick(0, "v", "e")
            self.assertEqual(v["error"], "TooLarge: the value takes more than the 20 cano…")
            self.assertLessEqual(len(e["error"].encode()), 50)

    def test_names_are_any_text(self):
        name = 'a "b"\n\\ é \u2028'
        with Session(f"ers.task({name!r})(lambda ctx: 1)") as s:
            self.assertEqual(s.hello()["tasks"][0]["name"], name)
            self.assertEqual(s.tick(0, name), [{"type": "result", "task": name, "status": "ok", "value": 1}])

    def test_written_values_do_not_change_when_the_task_goes_on(self):
        program = "kept = []\n" + task("kept.append(ctx.tick); return kept", "t") + task("kept.append('x'); return ctx.results['t'].value", "u")
        with Session(program) as s:
            s.hello()
            self.assertEqual([r["value"] for r in s.tick(0, "t", "u")], [[0], [0]])

    def test_late_answers_do_not_wait_for_those_behind(self):
        program = task("import time; time.sleep(0.2)", "slow") + task("open('go').read()", "waits")
        with Session(program) as s:
            os.mkfifo(Path(s.folder.name, "go"))
            s.hello()
            s.send({"context": {}, "results": [], "tasks": ["slow", "waits"], "tick": 0, "type": "tick"})
            self.assertEqual(s.receive()["task"], "slow")
            Path(s.folder.name, "go").write_text("")
            self.assertEqual(s.receive()["task"], "waits")


class TestContent(unittest.TestCase):
    def test_in_pieces(self):
        data = bytes(range(256)) * 1000
        program = task("data = ctx.content(ctx['ref']); import hashlib; return len(data), hashlib.sha256(data).hexdigest()")
        with Session(program) as s:
            s.hello(limits={"error": 4096, "message": 200_000, "value": 1 << 18})
            h = hashlib.sha256(data).hexdigest()
            for tick, ref in enumerate((h, {"sha256": h, "size": len(data), "name": "stdout"})):
                s.send({"context": {"ref": ref}, "results": [], "tasks": ["t"], "tick": tick, "type": "tick"})
                self.assertEqual(self.serve(s, {h: data})["value"], [len(data), h])

    def test_empty_and_after_answers(self):
        empty = hashlib.sha256(b"").hexdigest()
        with Session(task("return 1", "a") + task(f"return ctx.content('{empty}').decode()", "b")) as s:
            s.hello()
            s.send({"context": {}, "results": [], "tasks": ["a", "b"], "tick": 0, "type": "tick"})
            self.assertEqual(s.receive()["task"], "a")
            self.assertEqual(self.serve(s, {empty: b""})["value"], "")

    def test_another_hash(self):
        h = hashlib.sha256(b"right").hexdigest()
        with Session(task("try: ctx.content(ctx['h'])\nexcept BaseException: pass")) as s:
            s.hello()
            s.send({"context": {"h": h}, "results": [], "tasks": ["t"], "tick": 0, "type": "tick"})
            s.receive()
            s.send(self.answer(h, 0, b"wrong", 5))
            status, log = s.end()
            self.assertEqual(status, 1)
            self.assertIn("has another hash", log)

    def test_not_after_the_task(self):
        program = "kept = []\n" + task("kept.append(ctx)", "t") + "import atexit\natexit.register(lambda: kept[0].content('0' * 64))\n"
        with Session(program) as s:
            s.hello()
            s.tick(0, "t")
            self.assertIn("while a task runs, not afterwards", s.end()[1])

    def serve(self, s, contents):
        """Answers for content until another message comes, and returns that."""
        while True:
            m = s.receive()
            if m["type"] != "content":
                return m
            self.assertEqual(set(m), {"type", "sha256", "offset", "length"})
            data = contents[m["sha256"]]
            s.send(self.answer(m["sha256"], m["offset"], data[m["offset"] :][: m["length"]], len(data)))

    def answer(self, sha256, offset, piece, size):
        return {"type": "content", "sha256": sha256, "offset": offset, "base64": base64.b64encode(piece).decode(), "size": size}


class TestApart(unittest.TestCase):
    """What the program prints, reads and starts stays away from the protocol."""

    def test_prints(self):
        program = (
            "print('from the module')\nimport os, subprocess, sys\nos.write(1, b'raw\\n')\nsys.__stdout__.write('dunder\\n')\n"
            + task("print('from the task é \\udc80')\nsubprocess.run(['echo', 'from a child'])\nreturn sys.stdin.read()")
        )
        for mark in (True, False):
            with self.subTest(mark=mark):
                if not mark:
                    program = program.replace("os.write(1, b'raw\\n')", "os.write(2, b'raw\\n')")
                with Session(program, mark=mark) as s:
                    s.hello()
                    self.assertEqual(s.tick(0, "t")[0]["value"], "")
                    status, log = s.end()
                    self.assertEqual(status, 0)
                    for text in ("from the module", "raw", "dunder", "from the task é \\udc80", "from a child"):
                        self.assertIn(text + "\n", log)

    def test_the_mark_is_not_inherited(self):
        with Session(task("import os, subprocess, sys\nreturn os.environ.get('ERS_WORKER'), subprocess.check_output([sys.executable, '-c', 'import ers; print(1)'], text=True)")) as s:
            s.hello()
            self.assertEqual(s.tick(0, "t")[0]["value"], [None, "1\n"])

    def test_forked(self):
        program = task("import os\npid = os.fork()\nif pid == 0:\n    return 'child'\nos.waitpid(pid, 0)\nreturn 'parent'")
        with Session(program) as s:
            s.hello()
            self.assertEqual([s.tick(i, "t")[0]["value"] for i in range(3)], ["parent"] * 3)
            self.assertEqual(s.end(), (0, ""))

    def test_multiprocessing(self):
        program = "import multiprocessing\ndef double(x): return 2 * x\n" + task(
            "with multiprocessing.get_context(ctx['how']).Pool(2) as pool: return pool.map(double, [1, 2, 3])"
        ) + "ers.serve()\n"
        with Session(program) as s:
            s.hello()
            for tick, how in enumerate(("fork", "spawn")):
                self.assertEqual(s.tick(tick, "t", context={"how": how})[0]["value"], [2, 4, 6])
            self.assertEqual(s.end(), (0, ""))

    def test_threads(self):
        program = task("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n    return list(pool.map(lambda i: ctx.content(ctx['h']).decode(), range(4)))")
        h = hashlib.sha256(b"x").hexdigest()
        with Session(program) as s:
            s.hello()
            s.send({"context": {"h": h}, "results": [], "tasks": ["t"], "tick": 0, "type": "tick"})
            self.assertEqual(TestContent().serve(s, {h: b"x"})["value"], ["x"] * 4)


class TestEnds(unittest.TestCase):
    def check(self, program, message, status, text, hello=True):
        with Session(program) as s:
            if hello:
                s.hello()
            if message:
                s.send(message)
            got, log = s.end()
            self.assertIn(text, log)
            self.assertEqual(got, status)

    def test_nonsense(self):
        tick = {"context": {}, "results": [], "tasks": ["t"], "tick": 0, "type": "tick"}
        for message, text in [
            ("nonsense", "want a JSON object on one line"),
            ("[1]", "want a JSON object on one line"),
            ('{"a":1} {}', "want a JSON object on one line"),
            ({"type": "tock"}, "want a tick"),
            ({**tick, "tasks": ["u"]}, "no task is called 'u'"),
            ({"type": "tick", "tick": 0}, "the tick has no 'context'"),
        ]:
            with self.subTest(text):
                self.check(task("pass"), message, 1, text)

    def test_hello(self):
        self.check(task("pass"), {"type": "hello", "protocol": "ers-worker/2"}, 1, "want a hello of ers-worker/1", hello=False)
        self.check(task("pass"), "", 1, "ended too early", hello=False)
        self.check("", dumps({"type": "hello", "protocol": "ers-worker/1"}), 1, "declares no task", hello=False)

    def test_what_says_nothing_of_the_task(self):
        tick = {"context": {}, "results": [], "tasks": ["t"], "tick": 0, "type": "tick"}
        self.check(task("raise MemoryError()"), tick, 1, "MemoryError")
        self.check(task("raise KeyboardInterrupt()"), tick, -2, "KeyboardInterrupt")
        self.check(task("import os; os._exit(7)"), tick, 7, "")

    def test_import_error(self):
        self.check("import no_such_module", "", 1, "No module named 'no_such_module'", hello=False)


class TestCommand(unittest.TestCase):
    """python -m ers, and a worker on a terminal."""

    def session(self, module, program, **env):
        return Session(program, command=[sys.executable, "-m", "ers", module], mark=False, **env)

    def test_modules(self):
        program = "import os; os.write(1, b'early\\n')\nassert __name__ == 'tasks', __name__\n" + task("return __name__") + "\nif True: ers.serve()\n"
        for module in ("tasks.py", "./tasks.py", "tasks"):
            with self.subTest(module), self.session(module, program) as s:
                s.hello()
                self.assertEqual(s.tick(0, "t")[0]["value"], "tasks")
                self.assertEqual(s.end(), (0, "early\n"))

    def test_wrong(self):
        for args, status, text in [
            ([], 2, "usage: python -m ers MODULE"),
            (["--help"], 0, "usage: python -m ers MODULE"),
            (["no.py"], 1, "ers: there is no file no.py"),
            (["no_module"], 1, "No module named 'no_module'"),
        ]:
            with self.subTest(args):
                done = subprocess.run([sys.executable, "-m", "ers", *args], env=environment(), stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, cwd="/")
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(text, done.stdout + done.stderr)

    def test_on_a_terminal(self):
        file = Path(KIT, "tests", "data", "tasks.py")
        for command in ([str(file)], ["-m", "ers", str(file)]):
            ours, theirs = pty.openpty()
            done = subprocess.run([sys.executable, *command], stdin=theirs, capture_output=True, text=True, env=environment())
            os.close(ours)
            os.close(theirs)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertIn("These are 2 tasks for ERS", done.stderr)
            self.assertIn("forecast  words:count  (10 ops, 0 entropy)\n  shadow    words:long", done.stderr)
            self.assertIn("ers run -f pipeline.yaml", done.stderr)


