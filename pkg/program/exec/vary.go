package exec

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// variation is what a run has around it on purpose. It notes what became of it.
type variation struct {
	vary.Run
	record vary.Record
}

// varied notes what a variation came to. In a plain run there is nothing to note.
func (v *variation) varied(name vary.Name, value string) {
	if v.Varied(name) {
		v.record.Varied(name, value)
	}
}

// missed notes why a variation is not as it was to be.
func (v *variation) missed(name vary.Name, why string) {
	v.record.Missed(name, events.ClipReason(why))
}

// missedAll notes it of those of several variations that the window has.
func (v *variation) missedAll(why string, names ...vary.Name) {
	for _, name := range names {
		if v.Has(name) {
			v.missed(name, why)
		}
	}
}

// beside notes what is varied beside the surroundings of a process.
func (v *variation) beside(tasks int, workers bool) {
	order := "added in another order"
	if tasks < 2 {
		order = "it is one task alone"
	}
	v.varied(vary.Order, order)
	v.varied(vary.Alone, "no other run of the window beside it")
	switch {
	case workers:
		v.varied(vary.Warm, "a worker was asked for its first tasks before")
	case v.Varied(vary.Warm):
		v.missed(vary.Warm, "a command is a new process each time: only a worker can be warm")
	}
}

// environment are the variables that the variations set. What the definition sets or
// passes on stays as it is.
func (v *variation) environment(pinned []program.Variable, passed []string) (env []string) {
	isPinned := func(name string) bool {
		return slices.Contains(passed, name) || slices.ContainsFunc(pinned, func(p program.Variable) bool { return p.Name == name })
	}
	for _, name := range vary.Union(v.Names, v.Fixed) {
		about, values := v.Environment(name, runtime.NumCPU())
		var err error
		switch name {
		case vary.Locale:
			about, values, err = v.locale()
		case vary.Clock:
			about, values, err = v.clock()
		case vary.Home: // its folder is there already: see newPlace
			about = []string{"HOME"}
		case vary.TZ:
			err = zoneThere(values[0])
		}
		if i := slices.IndexFunc(about, isPinned); i >= 0 {
			err = fmt.Errorf("the definition sets %s", about[i])
		}
		if err != nil {
			v.missed(name, err.Error())
			continue
		}
		env = append(env, values...)
		if len(values) > 0 {
			v.varied(name, short(values[0]))
		}
	}
	return env
}

// zoneThere makes sure that the system knows the zone of TZ=zone: for one that it does not
// know, programs take UTC.
func zoneThere(set string) error {
	zone := strings.TrimPrefix(set, "TZ=")
	if _, err := os.Stat(filepath.Join("/usr/share/zoneinfo", zone)); err != nil && zone != "UTC" {
		return fmt.Errorf("this system does not know the zone %s: install tzdata", zone)
	}
	return nil
}

// short keeps the record small.
func short(text string) string {
	const most = 100
	if len(text) > most {
		return fmt.Sprintf("%s… (%d bytes)", text[:most], len(text))
	}
	return text
}

// locales are those that the system has, but for the plain one.
var locales = sync.OnceValue(func() []string {
	out, err := exec.Command("locale", "-a").Output()
	if err != nil {
		return nil
	}
	var list []string
	for line := range bytes.Lines(out) {
		if name := string(bytes.TrimSpace(line)); name != "" && name != "C.utf8" && name != "C.UTF-8" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
})

func (v *variation) locale() (about, values []string, err error) {
	about = []string{"LANG", "LC_ALL"}
	name := "C.UTF-8"
	if v.Varied(vary.Locale) {
		there := locales()
		if len(there) == 0 {
			return about, nil, errors.New("`locale -a` names no other locale")
		}
		// Neighbours in the list are much alike: those of one language stand together.
		const far = 618_034 // parts of a million: no two of the first runs come close
		name = there[v.Value()*far%1_000_000*int64(len(there))/1_000_000]
	}
	return about, []string{"LANG=" + name, "LC_ALL=" + name}, nil
}

// fakeTime is the library that moves the clock of a program, "" where it is not installed.
var fakeTime = sync.OnceValue(func() string {
	for _, pattern := range []string{"/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 { // the patterns are good ones
			return found[0]
		}
	}
	return ""
})

func (v *variation) clock() (about, values []string, err error) {
	about = []string{"LD_PRELOAD", "FAKETIME"}
	if !v.Varied(vary.Clock) {
		return about, nil, nil
	}
	if fakeTime() == "" {
		return about, nil, errors.New("libfaketime is not installed")
	}
	if why := noFolders(); why != "" {
		return about, nil, fmt.Errorf("libfaketime leaves files in %s, and nothing can be mounted over it here: %s", memoryFolder, why)
	}
	offset := fmt.Sprintf("+%dd", v.Days())
	return about, []string{"FAKETIME=" + offset, "LD_PRELOAD=" + fakeTime(), "FAKETIME_DONT_FAKE_MONOTONIC=1"}, nil
}

// process is what is varied beside the environment.
func (v *variation) process() (p process.Varied) {
	if v.Has(vary.Host) {
		p.Host = v.Host()
	}
	if v.Varied(vary.CPUs) {
		if there := runtime.NumCPU(); there < 2 {
			v.missed(vary.CPUs, "there is one processor alone")
		} else {
			p.CPUs = v.CPUs(there)
		}
	}
	p.FixedASLR = v.Has(vary.ASLR) && !v.Varied(vary.ASLR)
	p.PID = v.Varied(vary.PID)
	if v.Has(vary.Nice) {
		p.Nice = v.Nice()
	}
	if v.Has(vary.Umask) {
		mask := v.Umask()
		p.Umask = &mask
	}
	return p
}

// had notes what a process has of it.
func (v *variation) had(p process.Varied, c process.Confinement) {
	for field, name := range map[string]vary.Name{"Host": vary.Host, "CPUs": vary.CPUs, "FixedASLR": vary.ASLR, "Nice": vary.Nice, "Umask": vary.Umask, "PID": vary.PID} {
		if why := c.NotVaried[field]; why != "" {
			v.missed(name, why)
		}
	}
	v.varied(vary.Host, p.Host)
	v.varied(vary.CPUs, fmt.Sprint(p.CPUs))
	v.varied(vary.ASLR, "as the system has it")
	v.varied(vary.Nice, fmt.Sprint(p.Nice))
	v.varied(vary.PID, "a namespace of its own")
	if p.Umask != nil {
		v.varied(vary.Umask, fmt.Sprintf("%03o", *p.Umask))
	}
}

// folder makes the folder in which a run has one of its own, deeper in another where that
// is varied.
func (v *variation) folder(name vary.Name, base, leaf string) (string, error) {
	dir := filepath.Join(base, v.Folder(name), leaf)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	v.varied(name, dir)
	return dir, nil
}
