package ers

import (
	"math"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

func TestNameOf(t *testing.T) {
	for module, want := range map[string]string{
		"example.com/words":         "words",
		"example.com/words/v2":      "words",
		"example.com/my.words":      "my-words",
		"v2":                        "v2",
		"example.com/vault":         "vault",
		"command-line-arguments":    "command-line-arguments",
		"example.com/größe":         "gr--e",
		"example.com/cmd/words-v10": "words-v10",
	} {
		if got := nameOf(module); got != want || events.CheckPipelineName(got) != nil {
			t.Errorf("%s: %s, want %s", module, got, want)
		}
	}
}

// A lane without a budget gets what its tasks cost together, whatever they cost.
func TestBudget(t *testing.T) {
	p := Pipeline{Tasks: []Task{
		{Cost: Cost{Ops: 3, Entropy: 1}}, {Cost: Cost{Ops: 4}},
		{Lane: Shadow, Cost: Cost{Ops: math.MaxInt64}}, {Lane: Shadow, Cost: Cost{Ops: 1}}, {Lane: Shadow, Cost: Cost{Ops: -5}},
	}}
	if got, want := p.budget(), (Budget{Forecast: Cost{Ops: 7, Entropy: 1}, Shadow: Cost{Ops: math.MaxInt64}}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	p.Budget.Forecast.Ops = 5
	if got := p.budget().Forecast; got != (Cost{Ops: 5}) {
		t.Errorf("what is set is %+v", got)
	}
}

func TestJSON(t *testing.T) {
	v, err := JSON(struct {
		A float64 `json:"a"`
		B []byte
		c int
	}{1, []byte("x"), 2})
	if err != nil || v != `{"B":"eA==","a":1}` {
		t.Errorf("%s, %v", v, err)
	}
	if _, err := JSON(math.NaN()); err == nil {
		t.Error("NaN is JSON")
	}
	var into struct{ A int }
	if err := Decode(v, &into); err != nil || into.A != 1 {
		t.Errorf("%+v, %v", into, err)
	}
}
