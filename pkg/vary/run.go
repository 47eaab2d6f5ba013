package vary

import (
	"slices"
	"strconv"
	"strings"
)

// Run is what is to be varied in one run.
type Run struct {
	Names  []Name // of the window's variations
	Fixed  []Name // that every run of the window has as plain runs have them
	Number int64  // of the run in the plan
}

// Has tells whether the window has a variation: it is fixed or varied then.
func (r Run) Has(name Name) bool {
	return slices.Contains(r.Names, name) || slices.Contains(r.Fixed, name)
}

// Varied tells whether this run has another value than plain runs.
func (r Run) Varied(name Name) bool { return slices.Contains(r.Names, name) && Varied(name, r.Number) }

// Any tells whether the window has any variation, varied or fixed.
func (r Run) Any() bool { return len(r.Names)+len(r.Fixed) > 0 }

// cycle is after how many runs values come again. It keeps them in the bounds that seeds,
// threads, dates and names have, however many runs there are.
const cycle = 96

// Value is what the values of this run are made from, 1 to cycle.
func (r Run) Value() int64 { return (max(r.Number, 1)-1)%cycle + 1 }

// pick is the fixed value in a plain run, and one of others in a run in which it is
// varied: the next one in each.
func (r Run) pick(name Name, fixed string, others ...string) string {
	if !r.Varied(name) {
		return fixed
	}
	return others[r.Value()%int64(len(others))]
}

// number is likewise a number, which no two runs of a cycle share where it is varied.
func (r Run) number(name Name, fixed, step int64) string {
	if r.Varied(name) {
		fixed += step * r.Value()
	}
	return strconv.FormatInt(fixed, 10)
}

// Environment is what a variation sets in the environment: the names of all variables that
// it is about, and those that this run has, with their values. Both are nil for one that is
// about none, or that this package cannot set: [Locale] and [Clock] take what a system has.
// cpus is how many processors there are.
func (r Run) Environment(name Name, cpus int) (about, values []string) {
	switch name {
	case TZ:
		return set(r.pick(name, "UTC", zones...), "TZ")
	case HashSeed:
		return set(r.number(name, 0, 1_000_003), "PYTHONHASHSEED")
	case Threads:
		return set(r.number(name, int64(cpus), 1), "GOMAXPROCS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
	case GC:
		return set(r.number(name, 100, 10), "GOGC")
	case User:
		return set(r.pick(name, "ers", users...), "USER", "LOGNAME")
	case Env:
		if r.Varied(name) {
			return set(r.number(name, 0, 1), "ERS_VARIED_"+r.number(name, 0, 1))
		}
	case EnvSize:
		if r.Varied(name) {
			return set(strings.Repeat("x", int(1+r.Value()*2741%8192)), "ERS_VARIED_SIZE")
		}
	case Terminal:
		about, values = set(r.pick(name, "xterm", "dumb", "linux", "vt100", "screen"), "TERM")
		for variable, value := range map[string]string{"COLUMNS": r.number(name, 80, 7), "LINES": r.number(name, 24, 1)} {
			more, with := set(value, variable)
			about, values = append(about, more...), append(values, with...)
		}
		slices.Sort(values)
	}
	return about, values
}

func set(value string, variables ...string) (about, values []string) {
	for _, variable := range variables {
		values = append(values, variable+"="+value)
	}
	return variables, values
}

// zones are far from each other, and some of them change their clocks, or are not whole
// hours away from UTC.
var zones = []string{
	"Asia/Kolkata", "America/New_York", "Pacific/Auckland", "Europe/Berlin", "America/St_Johns", "Asia/Tokyo", "Pacific/Marquesas", "Africa/Cairo",
	"America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Tehran", "Europe/London", "Pacific/Chatham",
}

var users = []string{
	"anna", "bert", "carla", "dora", "emil", "frida", "gustav", "hanna", "ida", "jan", "karla", "lena", "max", "nora", "otto", "paula",
}

// Host is the name of the host.
func (r Run) Host() string { return r.pick(Host, "ers", "host-"+r.number(Host, 0, 1)) }

// CPUs is on how many processors it may run, of those that there are.
func (r Run) CPUs(there int) int {
	if !r.Varied(CPUs) || there < 2 {
		return there
	}
	return 1 + int(r.Value()%int64(there-1))
}

// Nice is how much more willingly it gives way than it would.
func (r Run) Nice() int {
	if !r.Varied(Nice) {
		return 0
	}
	return 1 + int(r.Value()%10)
}

// Umask is the mask of new files.
func (r Run) Umask() int {
	if !r.Varied(Umask) {
		return 0o022
	}
	return [...]int{0o077, 0o002, 0o027, 0o007, 0o037, 0o067}[r.Value()%6]
}

// FileOrder is in which order files are made, as a number: 0 is as they are.
func (r Run) FileOrder() int64 { return r.file(FileOrder) }

// FileTimes are when files were changed, likewise.
func (r Run) FileTimes() int64 { return r.file(FileTimes) }

func (r Run) file(name Name) int64 {
	if !r.Varied(name) {
		return 0
	}
	return r.Value()
}

// Days are how far the clock is moved.
func (r Run) Days() int64 { return 17 * r.Value() }

// Places is the order of n tasks in which they are added: a permutation of 0 to n-1.
func (r Run) Places(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	if !r.Varied(Order) || n < 2 {
		return list
	}
	if r.Value()%2 == 1 {
		slices.Reverse(list)
	}
	by := int(r.Value()/2) % n
	return append(list[by:len(list):len(list)], list[:by]...)
}

// Folder is the way from one folder to another one, deeper by some folders where it is
// varied: "." in a plain run.
func (r Run) Folder(name Name) string {
	if !r.Varied(name) {
		return "."
	}
	number := r.number(name, 0, 1)
	return strings.Repeat("deeper/", int(r.Value()%4)) + "in " + number
}
