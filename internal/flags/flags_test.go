package flags

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func TestWords(t *testing.T) {
	for line, want := range map[string]string{
		"--count abc":                  `--count: "abc" is not a whole number: want one as in 12`,
		"--windows -1":                 `--windows: "-1" is not a whole number of at least 0: want one as in 12`,
		"--windows 1,-2":               `--windows: "-2" is not a whole number of at least 0: want one as in 12`,
		"--count":                      `--count: a value is missing behind it`,
		"--windows":                    `--windows: a value is missing behind it`,
		"--name --quiet":               `--name: a value is missing behind it: "--quiet" looks like another flag, and if it is the value, write --name="--quiet"`,
		"--wait -5s":                   `--wait: -5s is not a time to wait: want more than 0, as in 500ms, 90s or 5m`,
		"--wait 5":                     `--wait: "5" is not a time: want a number with a unit, as in 500ms, 90s or 5m`,
		"--quiet=perhaps":              `--quiet: "perhaps" is not true or false`,
		"--share much":                 `--share: "much" is not a number: want one as in 0.05`,
		"--count -3":                   "",
		"--share -.5":                  "",
		"--count=99999999999999999999": `--count: 99999999999999999999 is too large`,
	} {
		var c struct {
			Count   int
			Windows []uint64
			Wait    time.Duration
			Share   float64
			Name    string
			Quiet   bool
		}
		parser := kong.Must(&c, Numbers()...)
		_, err := parser.Parse(strings.Fields(line))
		got := ""
		if err != nil {
			got = Plain(err.Error())
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
