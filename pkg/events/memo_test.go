package events

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// Runs that are equal, that differ in a tick or in one byte, that are cut into other
// frames, and of which each goes on when it likes, get the hashes that each would get
// alone; whatever is refused alone is refused here, with the same words.
func TestMemoIsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const ticks = 4
		variants := make([][2]*Tick, ticks) // what happens mostly, and else
		for i := range variants {
			variants[i] = [2]*Tick{genTick(t, int64(i)), genTick(t, int64(i))}
		}
		memo := NewMemo(rapid.SampledFrom([]int{0, 3 * stepSize, 1 << 20}).Draw(t, "most"))
		type run struct {
			frames [][]byte
			alone  *RunHash
			at     *Point
		}
		runs := make([]run, rapid.IntRange(2, 5).Draw(t, "runs"))
		for i := range runs {
			runs[i] = run{alone: NewRunHash(), at: memo.Start()}
			p := Position{Request: someHash, RunKey: RunKey{Pipeline: "p", Window: 1, Run: i}, Ticks: ticks}
			max := rapid.SampledFrom([]int{1 << 20, 1 << 20, 700}).Draw(t, "max")
			for number := range variants {
				p.Tick = int64(number)
				odd := rapid.IntRange(0, 5).Draw(t, "odd") / 5
				runs[i].frames = append(runs[i].frames, encodeAll(t, p, variants[number][odd], max)...)
			}
			if n := len(runs[i].frames) - 1; rapid.IntRange(0, 3).Draw(t, "damage") == 0 {
				frame := runs[i].frames[n]
				frame[rapid.IntRange(0, len(frame)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			}
		}
		for left := len(runs); left > 0; {
			r := &runs[rapid.IntRange(0, len(runs)-1).Draw(t, "next")]
			if len(r.frames) == 0 {
				continue
			}
			frame := r.frames[0]
			if r.frames = r.frames[1:]; len(r.frames) == 0 {
				left--
			}
			var alone, together FrameDecoder
			wantErr := alone.Decode(bytes.Clone(frame))
			step, err := r.at.Decode(&together, frame)
			if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
				t.Fatalf("%v, want %v", err, wantErr)
			}
			if err != nil || alone.Abandoned != "" {
				continue
			}
			if step == nil {
				step = memo.Add(r.at, &together)
			}
			r.alone.AddFrame(&alone)
			if step.Events != alone.Len() || step.Last != alone.Last() || together.Position != alone.Position {
				t.Fatalf("%+v %+v, want %+v", step, together.Position, alone.Position)
			}
			if r.at = step.To; step.Last {
				if want := r.alone.EndTick(); step.Tick != want {
					t.Fatalf("tick: %+v, want %+v", step.Tick, want)
				}
			}
			if r.at.Sum() != r.alone.Sum() || r.at.State() != r.alone.State() || r.at.Events() != r.alone.Events() {
				t.Fatal("run: not the hashes that it has alone")
			}
		}
		if memo.size > memo.most {
			t.Fatalf("%d bytes kept, at most %d should be", memo.size, memo.most)
		}
	})
}

// A run whose frames have been seen costs no hashing.
func BenchmarkMemo(b *testing.B) {
	for name, runs := range map[string]int{"runs=1": 1, "runs=12": 12} {
		b.Run(name, func(b *testing.B) {
			const ticks, n = 64, 50
			frames := make([][][]byte, runs)
			for run := range frames {
				tick := benchTick(n)
				for number := range int64(ticks) {
					tick.Tick = number
					for i := range tick.Events {
						tick.Events[i].Tick = number
					}
					p := Position{Request: someHash, RunKey: RunKey{Pipeline: "p", Window: 1, Run: run}, Ticks: ticks, Tick: number}
					frames[run] = append(frames[run], encodeAll(b, p, tick, 1<<20)...)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				memo := NewMemo(8 << 20)
				var d FrameDecoder
				at := make([]*Point, runs)
				for run := range at {
					at[run] = memo.Start()
				}
				for i := range ticks {
					for run := range at {
						step, err := at[run].Decode(&d, frames[run][i])
						if err != nil {
							b.Fatal(err)
						}
						if step == nil {
							step = memo.Add(at[run], &d)
						}
						at[run] = step.To
					}
				}
			}
			b.ReportMetric(float64(runs*ticks*n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
