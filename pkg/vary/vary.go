// Package vary plans what the runs of a window have around them that must not matter: the
// time zone, the locale, the seed of hashes and so on. It is pure: which run has which
// variation follows from the number of the run alone.
//
// A variation has three states. It is free where nobody asks for it: then it is as the
// system gives it. It is fixed in the plain runs, and varied in the others, each of which
// has a value of its own: a fault that shows with few values would be missed by two.
//
// [Varied] spreads them. Run 0 is plain. In every twelve runs each variation splits the
// runs in about half, no two split them alike, and none is varied wherever another one is.
// So the pattern of equal and other hashes names the variation behind it: see [Suspects].
package vary

import (
	"fmt"
	"slices"
	"strings"
)

// Name is the name of a variation.
type Name string

// The variations. Their order is that of the plan: a new one comes last.
const (
	TZ       Name = "tz"       // TZ
	Locale   Name = "locale"   // LANG and LC_ALL: locales that the system has
	HashSeed Name = "hashseed" // PYTHONHASHSEED
	Threads  Name = "threads"  // GOMAXPROCS, OMP_NUM_THREADS and their like
	CPUs     Name = "cpus"     // on how many processors it may run
	Umask    Name = "umask"
	Home     Name = "home"     // HOME: its path
	User     Name = "user"     // USER and LOGNAME; the user stays who it is
	Host     Name = "host"     // the name of the host, in a UTS namespace
	Path     Name = "path"     // of the working folder, and how deep it is
	Env      Name = "env"      // a variable more, that nobody knows
	EnvSize  Name = "envsize"  // many bytes more of environment, which move the stack
	Terminal Name = "terminal" // COLUMNS, LINES and TERM
	Clock    Name = "clock"    // the time of day, where libfaketime is installed
	ASLR     Name = "aslr"     // plain runs have none, the others have it
	Nice     Name = "nice"     // how willingly it gives way
	Stdin    Name = "stdin"    // a pipe, and not a file
	GC       Name = "gc"       // how often garbage is collected: GOGC, and in Go tasks before each tick

	FileOrder Name = "fileorder" // in which the files of the working folder are listed
	FileTimes Name = "mtime"     // of the files in the working folder
	Order     Name = "order"     // in which the tasks were added
	Alone     Name = "alone"     // one run after the other, and not side by side

	Warm Name = "warm" // a worker that has done the first tick before: one with state differs by right
	PID  Name = "pid"  // a PID namespace, in which a process always has the same number: that hides much
)

// All are the variations, in the order of the plan.
var All = []Name{
	TZ, Locale, HashSeed, Threads, CPUs, Umask, Home, User, Host, Path, Env, EnvSize, Terminal, Clock, ASLR, Nice, Stdin, GC,
	FileOrder, FileTimes, Order, Alone, Warm, PID,
}

// onRequest are those that are varied only where they are named.
var onRequest = []Name{Warm, PID}

// Standard and None are what people write for all variations that every program should
// bear, and for none.
const (
	Standard = "standard"
	None     = "none"
)

// Split makes words of a list with commas.
func Split(text string) []string {
	var words []string
	for word := range strings.SplitSeq(text, ",") {
		words = append(words, strings.TrimSpace(word))
	}
	return words
}

// List makes names of words, in the order of [All]: names, or "standard" or "none" alone.
// can are those that can be varied at all. It refuses what it does not know.
func List(words []string, can []Name) ([]Name, error) {
	if len(words) == 1 && words[0] == Standard {
		return slices.DeleteFunc(slices.Clone(can), func(n Name) bool { return slices.Contains(onRequest, n) }), nil
	}
	if len(words) == 0 || len(words) == 1 && words[0] == None {
		return nil, nil
	}
	var names []Name
	for _, word := range words {
		name := Name(word)
		switch {
		case word == Standard || word == None:
			return nil, fmt.Errorf("%q stands alone or not at all", word)
		case !slices.Contains(All, name):
			return nil, fmt.Errorf("there is no variation %.40q: there are %s; %q is all but %s, %q is none", word, Text(All), Standard, Text(onRequest), None)
		case !slices.Contains(can, name):
			return nil, fmt.Errorf("%s cannot be varied for tasks that run within ERS: want some of %s", name, Text(can))
		case slices.Contains(names, name):
			return nil, fmt.Errorf("the variation %q stands twice", word)
		}
		names = append(names, name)
	}
	slices.SortFunc(names, compare)
	return names, nil
}

// Check refuses names that are no variations, and those that do not stand once and in the
// order of [All].
func Check(names []Name) error {
	for i, name := range names {
		if !slices.Contains(All, name) {
			return fmt.Errorf("there is no variation %.40q", name)
		}
		if i > 0 && compare(names[i-1], name) >= 0 {
			return fmt.Errorf("%q stands behind %q: want each once, in the order of the plan", name, names[i-1])
		}
	}
	return nil
}

func compare(a, b Name) int { return slices.Index(All, a) - slices.Index(All, b) }

// Text is a list of names for people.
func Text(names []Name) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = string(name)
	}
	return strings.Join(words, ", ")
}
