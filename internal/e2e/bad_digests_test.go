package e2e

import (
	"fmt"
	"regexp"
	"strings"
)

// badDigest is a message that stands first on the digest subject of a run, which is recorded
// to its end. good is the final digest of another run.
type badDigest struct {
	name   string
	make   func(good string) string
	reason string
}

func document(text string) func(string) string { return func(string) string { return text } }

// field is a good digest with another value in a field of the whole.
func digestField(name, value string) func(string) string {
	first := regexp.MustCompile(`"` + name + `":("[^"]*"|-?[0-9]+|true|false|\[[^]]*\])`)
	return func(good string) string {
		all := first.FindAllStringIndex(good, -1)
		if len(all) == 0 {
			panic("no field " + name)
		}
		at := all[len(all)-1] // those of the ticks come before
		if name == "schema" {
			at = all[0]
		}
		return good[:at[0]] + fmt.Sprintf("%q:%s", name, value) + good[at[1]:]
	}
}

var zeros = `"` + strings.Repeat("0", 64) + `"`

var badDigests = []badDigest{
	{"nothing", document(""), ""},
	{"text", document("no digest"), ""},
	{"null", document("null"), ""},
	{"an array", document("[]"), ""},
	{"an empty object", document("{}"), "schema"},
	{"cut off", func(good string) string { return good[:len(good)/2] }, ""},
	{"something behind it", func(good string) string { return good + "{}" }, ""},
	{"a mark before it", func(good string) string { return "\ufeff" + good }, ""},
	{"broken UTF-8", func(good string) string {
		return strings.Replace(good, `"pipeline":"chain"`, "\"pipeline\":\"cha\xff\"", 1)
	}, ""},
	{"arrays 100 000 deep", func(string) string { return `{"covers":` + strings.Repeat("[", 100_000) }, ""},
	{"a field more", func(good string) string { return strings.Replace(good, `"done":`, `"dome":1,"done":`, 1) }, "dome"},
	{"a field twice", func(good string) string {
		return strings.Replace(good, `"final":true`, `"final":true,"final":false`, 1)
	}, "final"},
	{"a schema of the future", digestField("schema", `"ers.digest.v9"`), "ers.digest.v9"},
	{"a scheme of the future", digestField("scheme", `"ers-c14n/2"`), "ers-c14n/2"},
	{"another request", digestField("request", zeros), "request"},
	{"another pipeline", digestField("pipeline", `"other"`), "other"},
	{"another window", digestField("window", "999"), "999"},
	{"another run", digestField("run", "0"), "run"},
	{"a negative run", digestField("run", "-1"), "run"},
	{"a longer run", digestField("ticks", "1000"), "tick"},
	{"from another first tick", digestField("first_tick", "0"), "tick"},
	{"more ticks done than there are", digestField("done", "1000"), "done"},
	{"negative ticks done", digestField("done", "-1"), "done"},
	{"no ticks done", digestField("done", "0"), "done"},
	{"a number with an exponent", digestField("done", "1e400"), ""},
	{"a number beyond all", digestField("done", strings.Repeat("9", 5000)), ""},
	{"a hash in capitals", digestField("trace_sha256", `"`+strings.Repeat("A", 64)+`"`), "trace_sha256"},
	{"a short hash", digestField("result_sha256", `"00"`), "result_sha256"},
	{"not final at the end", digestField("final", "false"), ""},
	{"a problem on no stream", func(good string) string {
		return strings.Replace(good, `"request":`, `"problem":{"reason":"","run":0,"seq":-1,"stream":"NONE"},"request":`, 1)
	}, ""},
	{"a state that is none", func(good string) string {
		return strings.Replace(strings.Replace(good, `"final":true`, `"final":false`, 1), `"ticks":`, `"state":"AAAA","ticks":`, 1)
	}, ""},
}

// untrue are digests that seal a run as they should, and say what is not so. Each is the only
// bad message about its window.
var untrue = []badDigest{
	// Not the last: for a stream whose last message names what another one does not have no
	// service begins, since it was cut short.
	{"a frame beyond the stream", digestField("last_seq", "1000000000"), "sequence 1000000000"},
	{"no ticks covered", digestField("covers", "[]"), "the digest covers the run from its tick 5 on"},
	{"other events", digestField("events", "1000"), "1000 events"},
	{"another trace hash", digestField("trace_sha256", zeros), "differ, but those of their ticks do not"},
	{"another result hash", digestField("result_sha256", zeros), "differ, but those of their ticks do not"},
	{"another forecast hash", digestField("forecast_sha256", zeros), "different forecast hashes"},
	{"another forecast result hash", digestField("forecast_result_sha256", zeros), "different forecast hashes"},
}
