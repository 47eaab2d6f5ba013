package bus

import (
	"testing"
	"time"
)

// A group learns from the fastest of its lone appends whether they wait for the disk,
// and doubts what it has learnt less and less often.
func TestGroupLearns(t *testing.T) {
	g := &Group{look: firstLook, roundTrip: 50 * time.Microsecond}
	for _, step := range []struct {
		took time.Duration // the others take longer
		size int
		slow bool
		look int
	}{
		{300 * time.Microsecond, 1000, true, firstLook},
		{300 * time.Microsecond, 1000, true, 2 * firstLook},
		{300 * time.Microsecond, 100_000, false, firstLook}, // it is the size
		{60 * time.Microsecond, 1000, false, 2 * firstLook},
		{300 * time.Microsecond, 1000, true, firstLook},
	} {
		g.probing, g.inFlight = probes, 1
		for i := range probes {
			took := time.Millisecond
			if i == probes/2 {
				took = step.took
			}
			g.measure(took, step.size)
		}
		if g.slow != step.slow || g.look != step.look || g.probing != 0 {
			t.Errorf("after %+v: slow %v, look %d, probing %d", step, g.slow, g.look, g.probing)
		}
	}
	g.probing, g.inFlight = probes, 2
	if g.measure(time.Second, 1); g.probing != probes {
		t.Error("an append that was not alone counts")
	}
}

// A group whose messages go one by one, and slowly, though many are on their way,
// probes again.
func TestGroupDoubts(t *testing.T) {
	for _, test := range []struct {
		ago  time.Duration // when the first message was stored
		want int
	}{{-time.Hour, 0}, {firstLook * slowAppend * 2, probes}} {
		g := &Group{look: firstLook, inFlight: 5}
		g.doubt()
		g.mark = time.Now().Add(-test.ago)
		for range firstLook - 1 {
			g.doubt()
		}
		if g.probing != test.want || g.commits != 0 {
			t.Errorf("%s ago: probing %d, want %d; commits %d", test.ago, g.probing, test.want, g.commits)
		}
	}
	idle := &Group{look: firstLook, commits: firstLook - 1, mark: time.Now().Add(-time.Hour)}
	if idle.doubt(); idle.probing != 0 || idle.commits != 0 {
		t.Error("a group without messages on their way has doubts")
	}
}

// Where batches are slow a group takes only many messages for one; and it probes again
// where none is worth it.
func TestGroupWeighsBatches(t *testing.T) {
	g := &Group{look: firstLook, slow: true}
	for _, step := range []struct {
		fastest, took time.Duration
		want          int
	}{
		{0, 0, minBatch},
		{2 * time.Millisecond, 25 * time.Millisecond, minBatch},
		{200 * time.Microsecond, 20 * time.Millisecond, 100},
		{200 * time.Microsecond, 30 * time.Millisecond, 100}, // the fastest counts
		{time.Microsecond, time.Hour, MaxBatch},
	} {
		if step.want == MaxBatch {
			g.batchTook = 0
		}
		g.fastest = step.fastest
		if g.took(step.took); g.enough() != step.want {
			t.Errorf("%+v: %d are worth a batch", step, g.enough())
		}
	}
	for range firstLook {
		if g.probing != 0 {
			t.Fatal("probes at once")
		}
		g.doubt()
	}
	if g.probing != probes {
		t.Error("a group for which no batch is worth it does not probe again")
	}
}
