package process

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// What is varied is seen by the command, and by nobody else: not by this program, nor by
// the next command. What cannot be varied is said.
func TestVaried(t *testing.T) {
	const script = "cat /proc/sys/kernel/hostname; umask; cut -d' ' -f19 /proc/self/stat; cat /proc/self/personality; grep Cpus_allowed_list /proc/self/status | cut -f2"
	before, _ := run(t, shell(t, script))
	s := shell(t, script)
	mask := 0o027
	s.Varied = Varied{Host: "elsewhere", CPUs: 1, FixedASLR: true, Nice: 3, Umask: &mask}
	p, out := begin(t, s)
	var host, umask, personality, cpus string
	var nice int
	if _, err := fmt.Fscan(out, &host, &umask, &nice, &personality, &cpus); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	not := p.Confinement().NotVaried
	if umask != "0027" || nice != min(niceness()+3, 19) || !strings.HasSuffix(personality, "40000") {
		t.Errorf("umask %s, nice %d, personality %s; not varied: %v", umask, nice, personality, not)
	}
	if here, _ := os.Hostname(); host != "elsewhere" && (host != here || !strings.Contains(not["Host"], "UTS namespace")) {
		t.Errorf("the host is %s, not varied: %v", host, not)
	}
	if runtime.NumCPU() > 1 && strings.ContainsAny(cpus, "-,") {
		t.Errorf("processors %s, not varied: %v", cpus, not)
	}
	if after, _ := run(t, shell(t, script)); after != before {
		t.Errorf("afterwards a command has %q, and had %q before", after, before)
	}
	s.Varied = Varied{CPUs: 10_000}
	p, _ = begin(t, s)
	p.Wait()
	if why := p.Confinement().NotVaried["CPUs"]; !strings.HasSuffix(why, "and was to have fewer") {
		t.Errorf("not varied: %q", why)
	}
	for _, v := range []Varied{{CPUs: -1}, {Nice: -1}, {Host: strings.Repeat("h", 65)}, {Umask: new(int)}} {
		if v.Umask != nil {
			*v.Umask = 0o1000
		}
		s.Varied = v
		if _, err := Start(t.Context(), s); err == nil {
			t.Errorf("%+v was taken", v)
		}
	}
}
