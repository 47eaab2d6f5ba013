package process

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program32 is a program for i386 that ends with code 7 by its exit, and by SIGILL where
// it cannot.
func program32(t *testing.T) []byte {
	t.Helper()
	const at, head = 0x08048000, 52 + 32
	code := []byte{
		0xb8, 1, 0, 0, 0, // mov eax, 1: exit
		0xbb, 7, 0, 0, 0, // mov ebx, 7
		0xcd, 0x80, // int 0x80
		0x0f, 0x0b, // ud2
	}
	size := uint32(head + len(code))
	var b bytes.Buffer
	b.WriteString("\x7fELF\x01\x01\x01")
	b.Write(make([]byte, 9))
	for _, part := range []any{
		[]uint16{2, 3}, []uint32{1, at + head, 52, 0, 0}, []uint16{52, 32, 1, 0, 0, 0}, // the file
		[]uint32{1, 0, at, at, size, size, 5, 0x1000}, // what is loaded
		code,
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// The calls of i386 have other numbers: they are no way round the filter.
func Test32Bits(t *testing.T) {
	s := shell(t, "")
	path := filepath.Join(s.Dir, "program")
	if err := os.WriteFile(path, program32(t), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Skipf("this kernel runs no 32-bit programs: %v", err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Fatalf("without a filter it ends with %v", cmd.ProcessState)
	}
	s.Command = []string{path}
	if _, exit := run(t, s); exit.Signal != "SIGILL" {
		t.Errorf("with a filter it ends with %v", exit)
	}
}
