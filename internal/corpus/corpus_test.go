package corpus

import (
	"flag"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"abraxas.dev/ers/internal/cli"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/testpython"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
)

const drift = "../../testdata/drift"

// all has every program run, and as many windows as the long mode has.
var all = flag.Bool("corpus", false, "run the whole corpus, and 1000 windows of random clean pipelines")

func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	commands := map[string]func(){"ers": cli.Main}
	testpython.First(commands)
	testscript.Main(m, commands)
}

// open returns the table and a place to run its programs in.
func open(t *testing.T) (*Table, *Shop) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts processes")
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here")
	}
	table, err := Read(drift)
	if err != nil {
		t.Fatal(err)
	}
	shop, err := Open(drift, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shop.Close)
	return table, shop
}

// Each program comes to what the table says of it: through the command, its server and
// its services.
func TestCorpus(t *testing.T) {
	t.Parallel()
	table, shop := open(t)
	rows := []string{"class\tcaught\tcause\truns needed"}
	for _, e := range table.Drifting {
		if e.Sample || *all {
			t.Run(e.Name(), func(t *testing.T) { rows = append(rows, drifts(t, shop, &e)) })
		}
	}
	for _, e := range table.Clean {
		if e.Sample || *all {
			t.Run("clean/"+e.Name(), func(t *testing.T) { passes(t, shop, &e) })
		}
	}
	t.Log("\n" + strings.Join(rows, "\n"))
}

// drifts runs a program that drifts, and returns its row of the table.
func drifts(t *testing.T, shop *Shop, e *Entry) string {
	var v *events.Verdict
	switch e.Needs {
	case "":
		v = window(t, shop, e)
	case "crash":
		v = crashed(t, shop, e)
	default:
		passes(t, shop, e)
		return fmt.Sprintf("%s\tneeds %s\t%s\t-", e.Class, e.Needs, e.Cause)
	}
	if v.Outcome != events.Fail {
		t.Fatalf("%s, want a fail", v.Outcome)
	}
	caught(t, e, v)
	needed := "1" // each run differs, from its own record or from what was accepted
	if v.FirstMismatchIndex != nil {
		needed = fmt.Sprint(*v.FirstMismatchIndex + 1)
	}
	return fmt.Sprintf("%s\t%s at %s\t%s\t%s", e.Class, v.Divergence.Kind, Place(v.Divergence), blamed(t, shop, e, v), needed)
}

// caught holds a fail against what the table says.
func caught(t *testing.T, e *Entry, v *events.Verdict) {
	t.Helper()
	d := v.Divergence
	place := Place(d)
	if d.Kind != e.Kind || d.Task != e.TaskName() || !regexp.MustCompile("^(?:"+e.Place+")$").MatchString(place) {
		t.Errorf("found kind %q, task %q, place %q; want %q, %q, %q", d.Kind, d.Task, place, e.Kind, e.TaskName(), e.Place)
	}
	if d.Kind == events.KindInterference && e.Cause != "shadow task "+d.Shadow {
		t.Errorf("the shadow task is %q, want %s", d.Shadow, e.Cause)
	}
	if e.Odd != 0 && len(v.Outliers) != e.Odd {
		t.Errorf("runs %v are outside the largest group, want %d", v.Outliers, e.Odd)
	}
}

// blamed holds the pattern of the runs against the cause, and returns what it says. What is
// behind a rare difference need only be among the suspects. Where several variations make
// a difference at once, each cause makes one alone.
func blamed(t *testing.T, shop *Shop, e *Entry, v *events.Verdict) string {
	t.Helper()
	if len(v.Groups) < 2 || v.Divergence.Kind == events.KindInterference { // it is not about what is around the runs
		return e.Cause
	}
	cause, sure := Cause(v)
	if cause == Itself && e.Cause != Itself {
		for name := range strings.SplitSeq(e.Cause, " or ") {
			alone := *e
			alone.Flags = append(alone.Flags[:len(alone.Flags):len(alone.Flags)], "--vary", name)
			v := window(t, shop, &alone)
			if v.Outcome != events.Fail {
				t.Errorf("with --vary %s: %s, want a fail", name, v.Outcome)
			} else if got, _ := Cause(v); got != name {
				t.Errorf("with --vary %s the pattern says %s", name, got)
			}
		}
		return e.Cause + ", and others"
	}
	right := cause == e.Cause
	if !sure {
		right = e.Cause == Itself
		for name := range strings.SplitSeq(cause, " or ") {
			right = right || strings.Contains(" "+e.Cause+" ", " "+name+" ")
		}
		cause = e.Cause + ", rarely"
	}
	if !right {
		t.Errorf("the pattern of the runs says %s, want %s; groups %+v", cause, e.Cause, v.Groups)
	}
	return cause
}

// passes runs a program that a window cannot find fault with.
func passes(t *testing.T, shop *Shop, e *Entry) {
	if v := window(t, shop, e); v.Outcome != events.Pass {
		t.Errorf("%s: %+v %+v, want a pass", v.Outcome, v.Divergence, v.Problems)
	}
}

// window has a window of the program run and returns the verdict.
func window(t *testing.T, shop *Shop, e *Entry) *events.Verdict {
	t.Helper()
	v, err := shop.Window(e, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
