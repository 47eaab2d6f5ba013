package cli

import (
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// The command that shows a cause is the one that made the window, with these variations.
func TestWithVary(t *testing.T) {
	d := &program.Definition{Tasks: []program.Task{{Command: &program.Command{Process: program.Process{Command: []string{"./x", "--vary", "y z", "--pair"}}}}}}
	for reproduce, want := range map[string]string{
		"ers try --vary standard -- ./x --vary 'y z' --pair":                   "ers try --vary tz,gc -- ./x --vary 'y z' --pair",
		"ers try ./x --vary 'y z' --pair":                                      "ers try --vary tz,gc ./x --vary 'y z' --pair",
		"ers try --blame --pair --max-runs 9 --runs 4 ./x --vary 'y z' --pair": "ers try --vary tz,gc --runs 4 ./x --vary 'y z' --pair",
		"ers run -f a.yaml --vary=tz,umask --max-runs=9 --blame --store 'a b'": "ers run --vary tz,gc -f a.yaml --store 'a b'",
		"ers submit -f a.yaml":                                                 "ers submit --vary tz,gc -f a.yaml",
		"":                                                                     "ers submit --window 7 --vary tz,gc",
		"make check":                                                           "ers submit --window 7 --vary tz,gc",
		"ers blame --window 3":                                                 "ers submit --window 7 --vary tz,gc",
		`ers run -f "$(printf 'a\nb')" --blame`:                                `ers run --vary tz,gc -f "$(printf 'a\nb')"`,
		"ers run -f 'a.yaml":                                                   "ers submit --window 7 --vary tz,gc",
		"ers run -f a.yaml; rm x":                                              "ers submit --window 7 --vary tz,gc",
		"./mine run --vary tz -f a.yaml":                                       "./mine run --vary tz,gc -f a.yaml",
	} {
		if got := withVary(&events.Verdict{Window: 7, Reproduce: reproduce}, []vary.Name{vary.TZ, vary.GC}, d); got != want {
			t.Errorf("%s\n     %s\nwant %s", reproduce, got, want)
		}
	}
}
