package e2e

import (
	"bytes"
	"math"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// badFrame is a message that stands first on the subject of a run, where a frame belongs.
type badFrame struct {
	name   string
	make   func(good wireMap, first []wireMap, results []wireMap) []byte // events and results of the good one
	reason string                                                        // that the verdict gives
}

// whole makes a message of the good frame's bytes alone.
func whole(change func([]byte) []byte) func(wireMap, []wireMap, []wireMap) []byte {
	return func(good wireMap, _, _ []wireMap) []byte { return change(good.bytes()) }
}

func text(s string) func(wireMap, []wireMap, []wireMap) []byte {
	return whole(func([]byte) []byte { return []byte(s) })
}

// position is a good frame with another value in a field of its position.
func position(name string, value any) func(wireMap, []wireMap, []wireMap) []byte {
	return func(good wireMap, _, _ []wireMap) []byte { return good.with(name, value).bytes() }
}

// event is a good frame whose first event has another value in a field.
func event(name string, value any) func(wireMap, []wireMap, []wireMap) []byte {
	return func(good wireMap, list, _ []wireMap) []byte {
		return good.with("events", joined(append([]wireMap{list[0].with(name, value)}, list[1:]...))).bytes()
	}
}

// result likewise.
func result(name string, value any) func(wireMap, []wireMap, []wireMap) []byte {
	return func(good wireMap, _, list []wireMap) []byte {
		return good.with("results", joined(append([]wireMap{list[0].with(name, value)}, list[1:]...))).bytes()
	}
}

var badFrames = []badFrame{
	{"nothing", text(""), "frame: "},
	{"one byte", text("\x00"), "frame: "},
	{"text", text("no frame at all"), "frame: "},
	{"JSON", text(`{"v":2,"events":[],"results":[]}`), "frame: "},
	{"nil", text("\xc0"), "frame: "},
	{"an array", text("\x9c\x01"), "frame: "},
	{"cut off in its position", whole(func(b []byte) []byte { return b[:40] }), "frame: "},
	{"cut off in its events", whole(func(b []byte) []byte { return b[:len(b)/2] }), "frame: "},
	{"cut off at its last byte", whole(func(b []byte) []byte { return b[:len(b)-1] }), "frame: "},
	{"twice in one message", whole(func(b []byte) []byte { return append(bytes.Clone(b), b...) }), "bytes follow its end"},
	{"one byte behind", whole(func(b []byte) []byte { return append(bytes.Clone(b), 0) }), "1 bytes follow its end"},
	{"a map of 4 billion fields", text("\xdf\xff\xff\xff\xff\xa1v\x02"), "frame: "},
	{"an array of 4 billion events", position("events", []byte("\xdd\xff\xff\xff\xff")), "events"},
	{"a text of 4 GB", position("request", []byte("\xdb\xff\xff\xff\xff")), "request"},
	{"bytes of 4 GB", position("request", []byte("\xc6\xff\xff\xff\xff")), "request"},
	{"an extension of 4 GB", position("request", []byte("\xc9\xff\xff\xff\xff\x01")), "request"},
	{"arrays 100 000 deep", result("value", []byte(strings.Repeat("\x91", 100_000)+"\xc0")), "value"},
	{"maps 100 000 deep", result("value", []byte(strings.Repeat("\x81\xa1a", 100_000)+"\xc0")), "value"},
	{"a version of the future", position("v", 3), "frame version 3, this reader knows 2"},
	{"a version of the past", position("v", 1), "frame version 1, this reader knows 2"},
	{"a version that is no number", position("v", "2"), "v: "},
	{"a negative version", position("v", -2), "v: "},
	{"without a version", func(good wireMap, _, _ []wireMap) []byte { return good.without("v").bytes() }, "frame: "},
	{"without results", func(good wireMap, _, _ []wireMap) []byte { return good.without("results").bytes() }, "field"},
	{"one field more", func(good wireMap, _, _ []wireMap) []byte { return good.more("more", 1).bytes() }, "more"},
	{"a field twice", func(good wireMap, _, _ []wireMap) []byte { return good.more("tick", 3).bytes() }, "tick"},
	{"fields in another order", func(good wireMap, _, _ []wireMap) []byte {
		c := append(wireMap(nil), good...)
		c[2], c[3] = c[3], c[2]
		return c.bytes()
	}, "pipeline"},
	{"a request that is no hash", position("request", "../../etc/passwd"), "is not a SHA-256"},
	{"another request", position("request", strings.Repeat("0", 64)), "request"},
	{"a pipeline with a dot", position("pipeline", "a.b"), "pipeline"},
	{"a pipeline with a wildcard", position("pipeline", ">"), "pipeline"},
	{"another pipeline", position("pipeline", "other"), "other"},
	{"another window", position("window", 999), "999"},
	{"the largest window", position("window", uint64(math.MaxUint64)), "window"},
	{"another run", position("run", 0), "run"},
	{"a run beyond all", position("run", 1000), "run"},
	{"a negative run", position("run", -1), "run"},
	{"a longer run", position("ticks", 1000), "ticks"},
	{"a run of all ticks", position("ticks", int64(math.MaxInt64)), "tick"},
	{"a tick before the first", position("tick", 2), "tick"},
	{"a tick too late", position("tick", 4), "tick"},
	{"a tick beyond any", position("tick", int64(math.MaxInt64)), "tick"},
	{"from another first tick", position("first_tick", 0), "tick"},
	{"from its second event", position("first", 1), "event"},
	{"from an event beyond", position("first", 1_000_000), "event"},
	{"4 billion events to come", position("total", 4_000_000_000), ""},
	{"fewer events than it has", position("total", 1), "events"},
	{"a tick of none", position("total", 0), "events"},
	{"an event without a field", func(good wireMap, list, _ []wireMap) []byte {
		return good.with("events", joined(append([]wireMap{list[0].without("meta")}, list[1:]...))).bytes()
	}, "fields"},
	{"an event of another tick", event("tick", 9), "tick 9 in a frame of tick 3"},
	{"a negative cost", event("cost_ops", -1), "cost_ops"},
	{"a cost that is a fraction", event("cost_ops", 1.5), "cost_ops"},
	{"a cost beyond all", event("cost_entropy", uint64(math.MaxUint64)), "cost_entropy"},
	{"an unknown lane", event("lane", "middle"), "middle"},
	{"an unknown status", event("status", "fine"), "fine"},
	{"a status in bytes", event("status", []byte(msgp.AppendBytes(nil, []byte("ok")))), "status"},
	{"a task in broken UTF-8", event("task", []byte("\xa2\xff\xfe")), "task"},
	{"a task that is a half of a character", event("task", []byte("\xa3\xed\xa0\x80")), "task"},
	{"another task than its result", event("task", "evil\x00\x1b[31m\u202eksat"), "task"},
	{"a meta that is no map", event("meta", "tags"), "meta"},
	{"a meta with a key twice", event("meta", []byte("\x82\xa1a\x01\xa1a\x02")), "meta"},
	{"a meta with a key that is a number", event("meta", []byte("\x81\x01\x02")), "meta"},
	{"a result of another task", result("task", "nobody"), "task"},
	{"a result of another status", result("status", "error"), "status"},
	{"a value in bytes", result("value", msgp.AppendBytes(nil, []byte("x"))), "value"},
	{"a value that is a time", result("value", []byte("\xd6\xff\x00\x00\x00\x00")), "value"},
	{"fewer results than events", func(good wireMap, _, list []wireMap) []byte {
		return good.with("results", joined(list[1:])).bytes()
	}, "results for"},
	{"a message as large as one can be", whole(func([]byte) []byte { return bytes.Repeat([]byte{0xff}, 1<<20-1024) }), "frame: "},
	{"surroundings that are none", func(good wireMap, _, _ []wireMap) []byte {
		i := good.at("events")
		c := append(append(append(wireMap(nil), good[:i]...), wireField{"surroundings", []byte("\x01")}), good[i:]...)
		return c.bytes()
	}, "surroundings"},
	{"objects that are none", func(good wireMap, _, _ []wireMap) []byte {
		i := good.at("events")
		c := append(append(append(wireMap(nil), good[:i]...), wireField{"objects", []byte("\x91\x01")}), good[i:]...)
		return c.bytes()
	}, "objects"},
	{"an end that is none", func(good wireMap, _, _ []wireMap) []byte { return good.more("end", 1).bytes() }, "end"},
	{"a difference of nothing", func(good wireMap, _, _ []wireMap) []byte {
		return good.more("difference", map[string]any{}).bytes()
	}, "difference"},
	{"given up, with events", func(good wireMap, _, _ []wireMap) []byte { return good.more("abandoned", "so").bytes() }, "abandoned"},
	{"given up for a reason that is none", func(good wireMap, _, _ []wireMap) []byte {
		return good.with("events", joined(nil)).with("results", joined(nil)).with("total", 0).more("abandoned", "").bytes()
	}, ""},
}
