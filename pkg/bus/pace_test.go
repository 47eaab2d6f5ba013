package bus

import (
	"testing"
	"time"
)

// The fastest of some lone messages tells whether they wait for the disk, and the answer is
// doubted less and less often.
func TestPaceLearns(t *testing.T) {
	p := newPace(50 * time.Microsecond)
	for _, step := range []struct {
		took time.Duration // the others take longer
		size int
		pays bool
		look int
	}{
		{300 * time.Microsecond, 1000, true, firstLook},
		{300 * time.Microsecond, 1000, true, 2 * firstLook},
		{300 * time.Microsecond, 100_000, false, firstLook}, // it is the size
		{60 * time.Microsecond, 1000, false, 2 * firstLook},
		{300 * time.Microsecond, 1000, true, firstLook},
	} {
		p.probing = probes
		for i := range probes {
			took := time.Millisecond
			if i == probes/2 {
				took = step.took
			}
			p.measure(took, step.size)
		}
		if p.pays != step.pays || p.look != step.look || p.probing != 0 {
			t.Errorf("after %+v: %+v", step, p)
		}
	}
}

// Messages that come one by one, and slowly, though many are on their way, are measured again.
func TestPaceDoubts(t *testing.T) {
	begin := time.Unix(0, 0)
	for _, test := range []struct {
		took time.Duration // all messages
		want int
	}{{firstLook * slowAppend / 2, 0}, {firstLook * slowAppend * 2, probes}} {
		p := pace{look: firstLook}
		for i := range firstLook {
			p.doubt(begin.Add(test.took*time.Duration(i)/(firstLook-1)), true)
		}
		if p.probing != test.want || p.commits != 0 {
			t.Errorf("%s: %+v", test.took, p)
		}
	}
	p := pace{look: firstLook, commits: firstLook - 1, mark: begin}
	if p.doubt(begin.Add(time.Hour), false); p.probing != 0 || p.commits != 0 {
		t.Errorf("no message is on its way, and there are doubts: %+v", p)
	}
}

// A batch is worth it for as many messages as take as long one by one, whatever the slower
// batches say; and where even a large one is slower than that, none is.
func TestPaceWeighs(t *testing.T) {
	p := pace{look: firstLook, pays: true, single: 200 * time.Microsecond}
	for _, step := range []struct {
		n    int
		took time.Duration
		want int
	}{
		{100, 30 * time.Millisecond, 200}, // 20 ms whatever is in it
		{10, 11 * time.Millisecond, 100},
		{10, 20 * time.Millisecond, 100},
		{500, 51 * time.Millisecond, 100},
	} {
		if p.pays = true; p.enough() != minBatch && p.batch == 0 {
			t.Errorf("%d are worth a batch when none is known", p.enough())
		}
		if p.tookBatch(step.n, step.took); p.enough() != step.want {
			t.Errorf("%+v: %d are worth a batch", step, p.enough())
		}
	}
	p = pace{look: firstLook, pays: true, single: 200 * time.Microsecond}
	if p.tookBatch(telling, telling*200*time.Microsecond+1); p.pays || p.look != 2*firstLook {
		t.Errorf("a large batch was slow: %+v", p)
	}
}
