package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// BenchmarkStart measures how long it takes to start true and to see it end, with ever
// more around it. The first row is what it takes without this package.
func BenchmarkStart(b *testing.B) {
	path, err := exec.LookPath("true")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("os/exec", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command(path).Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	plain := Spec{Command: []string{path}, Env: []string{}}
	overlay, network, all := plain, plain, plain
	overlay.Overlay, network.Network = &Overlay{}, NetworkRequired
	all.Overlay, all.Network, all.Memory, all.Hide = &Overlay{}, NetworkRequired, 1<<30, []string{"/root", "/etc/shadow"}
	for _, c := range []struct {
		name string
		spec Spec
		at   int // so many at the same time
	}{{"plain", plain, 1}, {"overlay", overlay, 1}, {"network", network, 1}, {"all", all, 1}, {"all-12", all, 12}} {
		b.Run(c.name, func(b *testing.B) {
			work := make(chan bool)
			var all sync.WaitGroup
			for range c.at {
				spec := inFolder(b, c.spec)
				all.Go(func() {
					for range work {
						startAndWait(b, spec)
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

// inFolder gives the command a folder of its own.
func inFolder(b *testing.B, s Spec) Spec {
	b.Helper()
	dir := b.TempDir()
	for _, name := range []string{"lower", "upper", "work"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	s.Dir = filepath.Join(dir, "lower")
	if s.Overlay != nil {
		s.Overlay = &Overlay{s.Dir, filepath.Join(dir, "upper"), filepath.Join(dir, "work")}
	}
	return s
}

func startAndWait(b *testing.B, s Spec) {
	p, err := Start(b.Context(), s)
	if err != nil {
		b.Error(err)
		return
	}
	if exit := p.Wait(); exit != (Exit{}) {
		b.Error(exit)
	}
}
