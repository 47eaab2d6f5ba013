package events

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/vary"
)

// NotVaried names a variation that runs do not have as they should.
type NotVaried struct {
	Name   vary.Name `json:"name"`
	Reason string    `json:"reason"` // in the first of these runs
	Runs   []int     `json:"runs"`   // ascending
}

// NotVariedReason reads what the surroundings of a run say of a variation: the reason why
// the run does not have it, "" when it has it.
func NotVariedReason(surroundings canon.Value, name vary.Name) string {
	if member(surroundings, "varied").Kind() != canon.Object {
		return "the run says nothing of what was varied"
	}
	why, _ := member(member(surroundings, "not_varied"), string(name)).Text()
	if len(why) > MaxReason {
		return "the reason that the run gives is too long"
	}
	return why
}

// member is the value of a key of an object, null where there is none.
func member(object canon.Value, key string) canon.Value {
	if object != "" && object.Kind() == canon.Object {
		for name, v := range object.Members() {
			if name == key {
				return v
			}
		}
	}
	return canon.Null
}
