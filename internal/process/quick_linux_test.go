package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestQuick(t *testing.T) {
	fmt.Printf("%+v\n", Look())
	dir := t.TempDir()
	for _, n := range []string{"lower", "upper", "work", "secret"} {
		os.Mkdir(filepath.Join(dir, n), 0o755)
	}
	os.WriteFile(filepath.Join(dir, "secret/x"), []byte("x"), 0o644)
	os.WriteFile(filepath.Join(dir, "secretfile"), []byte("x"), 0o644)
	os.WriteFile(filepath.Join(dir, "lower/a"), []byte("x"), 0o644)
	r, w, _ := os.Pipe()
	p, err := Start(context.Background(), Spec{Command: []string{"/bin/sh", "-c", `id; pwd; ls -la; echo more >a; touch b; ls ../secret; cat ../secretfile; ls -l ../secretfile; cat /proc/self/status | grep Cap; ip a; ls -l /proc/self/fd; (setsid sleep 1000 &) ; cat /proc/$PPID/environ; exit 3`},
		Env: []string{"PATH=/usr/bin:/bin"}, Dir: filepath.Join(dir, "lower"), Stdout: w, Stderr: w, Network: NetworkOff, Hide: []string{filepath.Join(dir, "secret"), filepath.Join(dir, "secretfile"), "/nix"},
		Overlay: &Overlay{filepath.Join(dir, "lower"), filepath.Join(dir, "upper"), filepath.Join(dir, "work")}, Memory: 1 << 29})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(r)
	fmt.Println(string(text), p.Confinement(), p.Wait())
	es, _ := os.ReadDir(filepath.Join(dir, "upper"))
	fmt.Println(es)
	began := time.Now()
	for range 100 {
		p, err := Start(context.Background(), Spec{Command: []string{"/bin/true"}, Env: []string{}, Dir: filepath.Join(dir, "lower"), Network: NetworkOff,
			Overlay: &Overlay{filepath.Join(dir, "lower"), filepath.Join(dir, "upper"), filepath.Join(dir, "work")}})
		if err != nil {
			t.Fatal(err)
		}
		if e := p.Wait(); e.Code != 0 {
			t.Fatal(e)
		}
	}
	fmt.Println(time.Since(began) / 100)
}
