// Package hints knows lines of programs that often give something else in each run: a
// clock, a random number, a set, a listing of files. What it finds is a hint for a person,
// and no finding: a line may be harmless, and what differs may stand elsewhere. It looks at
// lines alone and does not parse.
package hints

import (
	"path"
	"regexp"
	"strings"
	"sync"
)

// Hint is a line that is worth a look.
type Hint struct {
	File string
	Line int    // from 1
	Text string // of the line, without the space around it
	Why  string // what is in it
}

// Language is what a text is written in.
type Language string

// The languages whose lines are known.
const (
	Python Language = "Python"
	Go     Language = "Go"
	Shell  Language = "shell"
)

// Of tells the language of a file by its name and its first line; "" for another one.
func Of(name, text string) Language {
	switch path.Ext(name) {
	case ".py":
		return Python
	case ".go":
		return Go
	case ".sh", ".bash":
		return Shell
	}
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case !strings.HasPrefix(first, "#!"):
		return ""
	case strings.Contains(first, "python"):
		return Python
	case strings.HasSuffix(strings.Fields(first)[0], "sh") || strings.Contains(first, "env bash") || strings.Contains(first, "env sh"):
		return Shell
	}
	return ""
}

// rule is a way to drift.
type rule struct {
	line   *regexp.Regexp
	unless *regexp.Regexp // on the same line: then it is well; nil: never
	why    string
}

func r(line, unless, why string) rule {
	made := rule{line: regexp.MustCompile(line), why: why}
	if unless != "" {
		made.unless = regexp.MustCompile(unless)
	}
	return made
}

// rules are compiled where they are needed: few processes of ERS look for hints.
var rules = sync.OnceValue(func() map[Language][]rule {
	return map[Language][]rule{
		Python: {
			r(`\btime\.(time|time_ns|monotonic|perf_counter|localtime|ctime|strftime)\(`, `\b(localtime|ctime)\([^)]`, "the clock"),
			r(`\b(datetime|date)\.(now|today|utcnow)\(`, "", "the clock"),
			r(`\brandom\.(random|randint|choice|choices|shuffle|sample|uniform|gauss|randrange)\(`, "", "randomness: is it seeded?"),
			r(`\b(uuid\.uuid[14]|secrets\.\w+|os\.urandom)\(`, "", "randomness"),
			r(`\bfor\s+.+\s+in\s+(set\(|frozenset\(|\{[^:}]*\}\s*:)`, "", "the order of a set"),
			r(`\b(list|tuple|join|enumerate)\(\s*(set\(|\{[^:}]*\})`, "", "the order of a set"),
			r(`\bprint\(\s*(set\(|\{[^:}]+\})`, "", "the order of a set"),
			r(`\b(os\.listdir|os\.scandir|glob\.i?glob|os\.walk)\(|\.(iterdir|r?glob)\(`, `\bsorted\(|\.sort\(`, "the order of files"),
			r(`(^|[^.\w])(hash|id)\(`, `\bdef\s+(hash|id)\(`, "a hash with a seed of its own, or an address"),
			r(`\bos\.getpid\(|\bthreading\.get_ident\(`, "", "the number of a process or thread"),
			r(`\b(socket\.gethostname|platform\.node|getpass\.getuser|os\.getlogin|os\.cpu_count|multiprocessing\.cpu_count)\(`, "", "the machine"),
			r(`\bas_completed\(|\bimap_unordered\(`, "", "the order of finishing"),
			r(`\btempfile\.`, "", "a path of its own in each run"),
		},
		Go: {
			r(`\btime\.(Now|Since|Until)\(`, "", "the clock"),
			r(`\brand\.(Int|Intn|Int63|IntN|Float64|Perm|Shuffle|N)\w*\(`, "", "randomness: is it seeded?"),
			r(`\bfor\s+.*\brange\s+\w*(?i:map|index|seen|counts?|by\w+)\w*\b`, `slices\.Sorted|maps\.Keys\(.*Sorted`, "perhaps the order of a map"),
			r(`\bmaps\.(Keys|Values|All)\(`, `slices\.Sorted`, "the order of a map"),
			r(`%p\b`, "", "an address"),
			r(`\bos\.(Getpid|Hostname|TempDir|MkdirTemp|CreateTemp)\(`, "", "the process, the machine, or a path of its own"),
			r(`\bruntime\.(NumCPU|GOMAXPROCS|NumGoroutine)\(`, "", "the machine"),
			r(`^\s*select\s*\{`, "", "which channel is ready first"),
		},
		Shell: {
			r(`\bdate\b`, `\bdate\s+(-u\s+)?(-d|--date)`, "the clock"),
			r(`\$\{?(RANDOM|SRANDOM|EPOCHSECONDS|EPOCHREALTIME|SECONDS)\b`, "", "randomness or the clock"),
			r(`\$\$|\$\{?(BASHPID|PPID)\b`, "", "the number of a process"),
			r(`/dev/u?random\b|\bshuf\b|\bsort\s+-R\b|\buuidgen\b`, "", "randomness"),
			r(`\bmktemp\b`, "", "a path of its own in each run"),
			r(`\bfind\s`, `\bsort\b|-quit`, "the order of files"),
			r(`\bls\s+-\w*[fUtc]`, "", "the order or times of files"),
			r(`\b(hostname|whoami|nproc|uname|logname)\b`, "", "the machine"),
			r(`\bxargs\s.*-P|&\s*$`, `&&\s*$`, "the order of finishing"),
			r(`\btar\s+-?\w*c`, `--mtime`, "the times and order of files in an archive"),
		},
	}
})

// Find finds the lines of a text that are known to drift, at most so many. first is the
// number of its first line.
func Find(l Language, file, text string, first, most int) (list []Hint) {
	known, number := rules()[l], first-1
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
			continue
		}
		for _, rule := range known {
			if !rule.line.MatchString(line) || rule.unless != nil && rule.unless.MatchString(line) {
				continue
			}
			if len(list) == most {
				return list
			}
			list = append(list, Hint{file, number, line, rule.why})
			break
		}
	}
	return list
}
