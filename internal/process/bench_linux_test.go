package process

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// BenchmarkStart measures a start of true and its end.
func BenchmarkStart(b *testing.B) {
	for _, c := range []struct {
		name             string
		overlay, network bool
		hide             bool
		memory           int64
		at               int
	}{{"nothing", false, false, false, 0, 1}, {"memory", false, false, false, 1 << 30, 1}, {"hide", false, false, true, 0, 1}, {"overlay", true, false, false, 0, 1}, {"network", false, true, false, 0, 1}, {"all", true, true, true, 1 << 30, 1}, {"all, two at a time", true, true, true, 1 << 30, 2}, {"all, 12 at a time", true, true, true, 1 << 30, 12}} {
		b.Run(c.name, func(b *testing.B) {
			work := make(chan bool)
			var all sync.WaitGroup
			for range c.at {
				dir := b.TempDir()
				for _, name := range []string{"lower", "upper", "work"} {
					if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
						b.Fatal(err)
					}
				}
				spec := Spec{Command: []string{"/bin/true"}, Env: []string{}, Dir: filepath.Join(dir, "lower"), Memory: c.memory}
				if c.overlay {
					spec.Overlay = &Overlay{spec.Dir, filepath.Join(dir, "upper"), filepath.Join(dir, "work")}
				}
				if c.hide {
					spec.Hide = []string{filepath.Join(dir, "upper")}
				}
				if c.network {
					spec.Network = NetworkRequired
				}
				all.Go(func() {
					for range work {
						p, err := Start(b.Context(), spec)
						if err != nil {
							b.Error(err)
							return
						}
						if exit := p.Wait(); exit != (Exit{}) {
							b.Error(exit)
						}
					}
				})
			}
			for b.Loop() {
				work <- true
			}
			close(work)
			all.Wait()
		})
	}
}
