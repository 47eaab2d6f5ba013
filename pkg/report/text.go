package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// clean makes text from data safe to show on one line: whatever does not print, such
// as control characters and those that turn the direction of text, becomes an escape.
func clean(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r) && r != '\u2800' && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			b.WriteString(s[i : i+size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// Clean is a text from data as reports show it: what could move the cursor, hide text or turn
// it around is an escape such as \u202e.
func Clean(s string) string { return clean(s) }

// name is clean text from data short enough for a sentence.
func name(s string) string { return clip(clean(s), 120) }

// width is the number of columns that clean text takes.
func width(s string) int { return uniseg.StringWidth(s) }

// clusters cuts text into what a reader takes for characters.
func clusters(s string) (list []string) {
	for state := -1; s != ""; {
		var c string
		c, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		list = append(list, c)
	}
	return list
}

func commonPrefix(a, b []string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// clip cuts text to the given columns, with "…" for what is left out.
func clip(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	head, _ := split(s, columns-1)
	return head + "…"
}

// split cuts text after as much as fits the given columns.
func split(s string, columns int) (head, rest string) {
	at, used := 0, 0
	for _, c := range clusters(s) {
		if used += width(c); used > columns {
			break
		}
		at += len(c)
	}
	return s[:at], s[at:]
}

// breakUp cuts text into lines, behind blanks if it can, with "…" where it goes on
// after the last.
func breakUp(s string, columns, most int) (lines []string) {
	for len(lines) < most-1 && width(s) > columns {
		line, rest := split(s, columns)
		if blank := strings.LastIndexByte(line, ' '); blank > len(line)/2 {
			line, rest = s[:blank+1], s[blank+1:]
		}
		lines, s = append(lines, line), rest
	}
	return append(lines, clip(s, columns))
}

// pad fills text up to the given columns.
func pad(s string, columns int) string { return s + blank(columns-width(s)) }

func padLeft(s string, columns int) string { return blank(columns-width(s)) + s }

func blank(columns int) string { return strings.Repeat(" ", max(columns, 0)) }

// wrap breaks text into lines between words, and a word that is too long anywhere.
func wrap(s string, columns int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && width(line)+1+width(word) > columns {
			lines = append(lines, line)
			line = ""
		}
		for width(word) > columns {
			var head string
			head, word = split(word, columns)
			lines = append(lines, head)
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// short is the beginning of a hash, enough to know it again.
func short(hash string) string { return clean(hash[:min(len(hash), shortHash)]) }

const shortHash = 12

// shortPair is short for two hashes, long enough to tell them apart.
func shortPair(a, b string) (string, string) {
	n := shortHash
	for n < min(len(a), len(b)) && a[:n] == b[:n] {
		n++
	}
	return clean(a[:min(n, len(a))]), clean(b[:min(n, len(b))])
}

// runs names runs in a sentence: "run 7", "runs 0-6, 8 and 9".
func runs(list []int) string {
	switch len(list) {
	case 0:
		return "no runs"
	case 1:
		return fmt.Sprintf("run %d", list[0])
	}
	return "runs " + numbers(list)
}

// numbers lists ascending numbers, three and more in a row as a range.
func numbers[T int | uint64](list []T) string {
	const most = 8
	var parts []string
	for i := 0; i < len(list); {
		last := i
		for last+1 < len(list) && list[last+1] == list[last]+1 {
			last++
		}
		if last < i+2 {
			last = i
		}
		if len(parts) == most {
			return fmt.Sprintf("%s and %d more", strings.Join(parts, ", "), len(list)-i)
		}
		part := fmt.Sprint(list[i])
		if last > i {
			part += fmt.Sprintf("-%d", list[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	if len(parts) < 2 {
		return strings.Join(parts, ", ")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
