package report

import (
	"fmt"
	"strings"
)

// codePoints tells characters apart that can look the same.
func (p *page) codePoints(expected, found string) {
	a, b := clusters(expected), clusters(found)
	i := commonPrefix(a, b)
	if i < min(len(a), len(b)) && (len(a[i]) > 1 || len(b[i]) > 1) {
		p.line(blank(stackedIndent), fmt.Sprintf("first difference: %s is %s, %s is %s", a[i], codes(a[i]), b[i], codes(b[i])))
	}
}

func codes(cluster string) string { return strings.Trim(fmt.Sprintf("%U", []rune(cluster)), "[]") }

// excerpt is a part of a text, and a line of ^ to put under it.
type excerpt struct{ text, marks string }

// excerpts cuts two different texts to the given columns so that the first place
// where they differ shows, and marks what differs, unless that is all. Both begin at
// the same place.
func excerpts(a, b string, columns int) (excerpt, excerpt) {
	ca, cb := clusters(a), clusters(b)
	prefix := commonPrefix(ca, cb)
	suffix := 0
	for suffix < min(len(ca), len(cb))-prefix && ca[len(ca)-1-suffix] == cb[len(cb)-1-suffix] {
		suffix++
	}
	from := 0
	if max(width(a), width(b)) > columns {
		// A third of the columns, and what is left over, is for what comes before the
		// difference.
		after := max(width(strings.Join(ca[prefix:], "")), width(strings.Join(cb[prefix:], "")))
		most := max(columns/3, columns-after)
		from = prefix
		for before := 0; from > 0 && before+width(ca[from-1]) < most; {
			from--
			before += width(ca[from])
		}
	}
	ea, eb := cutOut(ca, from, prefix, len(ca)-suffix, columns), cutOut(cb, from, prefix, len(cb)-suffix, columns)
	if prefix+suffix == 0 {
		ea.marks, eb.marks = "", ""
	}
	return ea, eb
}

// cutOut returns the text from cluster from on, in at most the given columns, with
// the clusters from start to end marked: at least one, even when it is past the last.
func cutOut(text []string, from, start, end, columns int) excerpt {
	var shown, marks strings.Builder
	used := 0
	put := func(cluster string, mark string) {
		shown.WriteString(cluster)
		marks.WriteString(strings.Repeat(mark, width(cluster)))
		used += width(cluster)
	}
	if from > 0 {
		put("…", " ")
	}
	rest := width(strings.Join(text[min(from, len(text)):], ""))
	for i := from; i < len(text); i++ {
		w := width(text[i])
		if used+rest > columns && used+w > columns-1 {
			put("…", " ")
			break
		}
		mark := " "
		if i >= start && i < max(end, start+1) {
			mark = "^"
		}
		put(text[i], mark)
		rest -= w
	}
	if start >= len(text) {
		marks.WriteByte('^')
	}
	return excerpt{shown.String(), strings.TrimRight(marks.String(), " ")}
}
