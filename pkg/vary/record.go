package vary

import (
	"slices"
	"sync"
)

// Record is what became of the variations of a run. It may be used by several goroutines
// at once. The zero value has nothing.
type Record struct {
	mu     sync.Mutex
	varied map[Name]string // what it was varied to
	missed map[Name]string // why it was not
}

// Varied notes what a variation came to in a run in which it is varied.
func (r *Record) Varied(name Name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.varied == nil {
		r.varied = make(map[Name]string)
	}
	r.varied[name] = value
}

// Missed notes why a variation is not as it was to be.
func (r *Record) Missed(name Name, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.missed == nil {
		r.missed = make(map[Name]string)
	}
	r.missed[name] = why
}

// AddTo adds it to what is said of a run's surroundings.
func (r *Record) AddTo(surroundings map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	varied, missed := make(map[string]any), make(map[string]any)
	for name, value := range r.varied {
		if r.missed[name] == "" {
			varied[string(name)] = value
		}
	}
	for name, why := range r.missed {
		missed[string(name)] = why
	}
	surroundings["varied"], surroundings["not_varied"] = varied, missed
}

// Within is the record of a run whose tasks run within ERS. can are those of its variations
// that are there.
func (r Run) Within(can []Name) *Record {
	made := new(Record)
	for _, name := range append(slices.Clone(r.Names), r.Fixed...) {
		switch {
		case !slices.Contains(can, name):
			made.Missed(name, "the tasks run within ERS")
		case r.Varied(name):
			made.Varied(name, within[name])
		}
	}
	return made
}

// within are the values of what is varied by ERS itself.
var within = map[Name]string{
	Order: "added in another order",
	Alone: "no other run of the window beside it",
	GC:    "collected before each tick",
}
