//go:build unix

package pipeline

import (
	"syscall"
	"testing"
)

// Neither a pipe, which nobody may ever write to, nor a device is waited for or read,
// wherever a user names a file.
func TestIrregularFiles(t *testing.T) {
	t.Chdir(writeFiles(t, good+tasks))
	if err := syscall.Mkfifo("pipe", 0o644); err != nil {
		t.Fatal(err)
	}
	const advice = ": want a file that can be read"
	for path, kind := range map[string]string{"pipe": "a pipe", "/dev/zero": "a device"} {
		irregular := ": not a regular file but " + kind + advice
		f := mustLoad(t, good+tasks)
		for what, got := range map[string]error{
			"text":     f.UseText(path),
			"contexts": f.UseContexts(path),
		} {
			if got == nil || got.Error() != path+irregular {
				t.Errorf("%s: got %v", what, got)
			}
		}
		if _, err := Load(path); err == nil || err.Error() != path+irregular {
			t.Errorf("got %v", err)
		}
		for place, yaml := range map[string]string{
			"p.yaml:4:44: ": "tasks:\n- {name: t, lane: forecast, starlark_file: " + path + "}\n",
			"p.yaml:5:18: ": tasks + "contexts: {file: " + path + "}\n",
			"p.yaml:5:19: ": tasks + "contexts:  {text: " + path + "}\n",
		} {
			_, err := load("p.yaml", good+yaml, readText, nil)
			if err == nil || err.Error() != place+path+irregular {
				t.Errorf("got %v, want %s%s%s", err, place, path, irregular)
			}
		}
	}
}
