package coordinator

import (
	"context"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// extra is what is to be recorded beside a tick: what the run says, and what rules found.
// The values that rules have changed go into the object store first, so that no frame
// names what is not there. begun: frames of the tick are on the stream already, and with
// them what belongs to the tick; but not what is around the run that goes on.
func (w *window) extra(ctx context.Context, s Run, t *scheduler.Tick, begun bool) (x events.Extra, err error) {
	if r, ok := s.(Recorder); ok {
		x = r.Extra()
	}
	if begun {
		return events.Extra{Surroundings: x.Surroundings}, nil
	}
	if len(t.Ruled) == 0 {
		return x, nil
	}
	counts := make(map[string]any, len(t.Ruled))
	for i := range t.Ruled {
		r := &t.Ruled[i]
		counts[r.Task] = []int64(r.Counts)
		named := func(result events.TaskResult) bool { return result.Name == r.Task }
		at := slices.IndexFunc(t.Results, named)
		if r.Raw == "" || at >= 0 && t.Results[at].Value == r.Raw {
			continue
		}
		sha, err := w.Bus.PutObject(ctx, []byte(r.Raw))
		if err != nil {
			return x, err
		}
		x.Objects = append(x.Objects, events.Object{Task: r.Task, Name: "value", SHA256: sha, Size: int64(len(r.Raw))})
	}
	x.Surroundings, err = withMember(x.Surroundings, "rules", counts)
	return x, err
}

// withMember adds a member to an object, "" for an empty one.
func withMember(object canon.Value, name string, value any) (canon.Value, error) {
	members := make(map[string]any)
	if object != "" {
		for name, v := range object.Members() {
			members[name] = v
		}
	}
	members[name] = value
	return canon.Of(members)
}
