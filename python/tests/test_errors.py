import os
import tempfile
import unittest

import support  # noqa: F401

from ers.errors import NotComputable, clip, error_text, reason_text


class Shy(Exception):
    def __str__(self):
        raise RuntimeError("no")


class TestErrorText(unittest.TestCase):
    def test_type_and_message(self):
        for error, text in [
            (ValueError("no such word"), "ValueError: no such word"),
            (ValueError(), "ValueError"),
            (KeyError("a"), "KeyError: 'a'"),
            (SystemExit(3), "SystemExit: 3"),
            (Shy(), "Shy: (its text cannot be shown: RuntimeError)"),
            (UnicodeError("\udc80"), "UnicodeError: \\udc80"),
        ]:
            self.assertEqual(error_text(error), text)
        self.assertEqual(reason_text(NotComputable("no words")), "no words")
        self.assertEqual(reason_text(NotComputable()), "not computable")

    def test_addresses(self):
        a, b = object(), object()
        texts = {error_text(TypeError(f"cannot add {o!r} and {print!r} of 0xdeadbeef")) for o in (a, b)}
        self.assertEqual(texts, {"TypeError: cannot add <object object at 0x…> and <built-in function print> of 0xdeadbeef"})

    def test_processes(self):
        self.assertEqual(error_text(OSError("process 123 and PID: 77 of 12")), "OSError: process … and PID: … of 12")

    def test_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(FileNotFoundError) as caught:
                open(os.path.join(folder, "words.txt"))
        text = error_text(caught.exception)
        self.assertEqual(text, "FileNotFoundError: [Errno 2] No such file or directory: '$TMPDIR/…/words.txt'")
        here = os.path.join(os.getcwd(), "no", "file")
        self.assertEqual(error_text(OSError(f"{here}: x")), "OSError: ./no/file: x")
        self.assertEqual(error_text(OSError("/usr/tmp/a and a/tmp/b")), "OSError: /usr/tmp/a and a/tmp/b")

    def test_cut(self):
        text = error_text(ValueError("é" * 5000), 101)
        self.assertLessEqual(len(text.encode()), 101)
        self.assertTrue(text.endswith("é…"))
        self.assertEqual(clip("abc", 3), "abc")
        self.assertEqual(clip("abcd", 4), "abcd")
