package compare

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// aroundSource has runs that say what they had around them.
type aroundSource struct {
	Source
	around func(run int) (canon.Value, error)
}

func (s aroundSource) Surroundings(run int) (canon.Value, error) { return s.around(run) }

// What was to be varied and was not stands in the verdict, also in that of a pass, and a
// run that says nothing of it has varied nothing.
func TestNotVaried(t *testing.T) {
	w := newTestWindow(12)
	w.req.Variations = []vary.Name{"tz", "clock"}
	w.seal(t)
	v, err := Judge(w.key(), &w.req, w.last, aroundSource{w.runs, func(run int) (canon.Value, error) {
		switch {
		case run == 3:
			return "", nil
		case run == 4:
			return `{"not_varied":{"clock":7,"tz":""},"varied":{}}`, nil
		case run%2 == 0:
			return `{"not_varied":{},"varied":{"tz":"TZ=Asia/Tokyo"}}`, nil
		}
		return `{"not_varied":{"clock":"no libfaketime"},"varied":{}}`, nil
	}})
	if err != nil || v.Outcome != events.Pass {
		t.Fatalf("%s, %v", v.Outcome, err)
	}
	want := []events.NotVaried{
		{Name: "tz", Reason: "the run says nothing of what was varied", Runs: []int{3}},
		{Name: "clock", Reason: "no libfaketime", Runs: []int{1, 3, 5, 7, 9, 11}},
	}
	if diff := cmp.Diff(want, v.NotVaried); diff != "" {
		t.Error(diff)
	}
	encode(t, &v)

	broken := errors.New("the server is gone")
	if _, err := Judge(w.key(), &w.req, w.last, aroundSource{w.runs, func(int) (canon.Value, error) { return "", broken }}); !errors.Is(err, broken) {
		t.Errorf("a source that fails gives %v", err)
	}
}
