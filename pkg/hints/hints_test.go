package hints

import "testing"

func TestFind(t *testing.T) {
	for _, c := range []struct {
		l    Language
		line string
		why  string // "" for a line that is well
	}{
		{Python, `now = time.time()`, "the clock"},
		{Python, `print(time.localtime(1000000).tm_hour)`, ""},
		{Python, `print(time.localtime())`, "the clock"},
		{Python, `stamp = datetime.now()`, "the clock"},
		{Python, `# time.time() is not used`, ""},
		{Python, `x = random.random()`, "randomness: is it seeded?"},
		{Python, `for tag in set(tags):`, "the order of a set"},
		{Python, `for tag in sorted(set(tags)):`, ""},
		{Python, `print({str(i) for i in range(9)})`, "the order of a set"},
		{Python, `print({"a": 1})`, ""},
		{Python, `for name in os.listdir("."):`, "the order of files"},
		{Python, `for name in sorted(os.listdir(".")):`, ""},
		{Python, `shard = hash(key) % 4`, "a hash with a seed of its own, or an address"},
		{Python, `digest = sha.hash(key)`, ""},
		{Python, `self.id = grid(3)`, ""},
		{Go, `start := time.Now()`, "the clock"},
		{Go, `for name := range byName {`, "perhaps the order of a map"},
		{Go, `for i := range list {`, ""},
		{Go, `for _, k := range slices.Sorted(maps.Keys(m)) {`, ""},
		{Go, `fmt.Printf("%p\n", x)`, "an address"},
		{Go, `n := rand.Intn(6)`, "randomness: is it seeded?"},
		{Shell, `echo $RANDOM`, "randomness or the clock"},
		{Shell, `date +%F`, "the clock"},
		{Shell, `date -d @1000000 +%H`, ""},
		{Shell, `update_all`, ""},
		{Shell, `find . -name '*.txt'`, "the order of files"},
		{Shell, `find . -name '*.txt' | sort`, ""},
		{Shell, `echo $$ > pid`, "the number of a process"},
		{Shell, `work &`, "the order of finishing"},
		{Shell, `make && make install`, ""},
	} {
		list := Find(c.l, "f", "\n"+c.line+"\n", 1, 10)
		got := ""
		if len(list) > 0 {
			got = list[0].Why
			if list[0].Line != 2 || list[0].Text != c.line {
				t.Errorf("%+v", list[0])
			}
		}
		if got != c.why {
			t.Errorf("%s, %s: %q, want %q", c.l, c.line, got, c.why)
		}
	}
	if list := Find(Shell, "f", "date\ndate\ndate\n", 1, 2); len(list) != 2 {
		t.Errorf("%d hints, want 2", len(list))
	}
}

func TestOf(t *testing.T) {
	for name, want := range map[string]Language{"a.py": Python, "b.go": Go, "c.sh": Shell, "d.txt": "", "e": ""} {
		if got := Of(name, "text"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for text, want := range map[string]Language{"#!/usr/bin/env python3\n": Python, "#!/bin/sh\n": Shell, "#!/usr/bin/env bash": Shell, "#!/usr/bin/perl\n": "", "#!": ""} {
		if got := Of("script", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
