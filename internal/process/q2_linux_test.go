package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
)

func TestQ2(t *testing.T) {
	dir := t.TempDir()
	r, w, _ := os.Pipe()
	p, err := Start(context.Background(), Spec{Command: []string{"/bin/sh", "-c", os.Getenv("Q2")},
		Env: []string{"PATH=/usr/bin:/bin"}, Dir: dir, Stdout: w, Stderr: w, Hide: []string{"/root/.ssh"}})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(r)
	fmt.Println(string(text), p.Confinement(), p.Wait())
}
