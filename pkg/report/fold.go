package report

import "strings"

// Fold breaks the lines of a text that are longer than so many columns between words, and
// indents what goes on. A longer word stays whole. 0 columns: nothing is broken.
func Fold(text string, columns int) string {
	if columns <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		b.WriteString(foldLine(body, columns) + line[len(body):])
	}
	return strings.ReplaceAll(b.String(), whole, " ")
}

// whole stands for a blank at which a line is not broken, until it is written.
const whole = "\x00"

func foldLine(line string, columns int) string {
	if shown(line) <= columns {
		return line
	}
	indented, text := indentation(line)
	used := min(indented, columns/4)
	margin := min(used+2, columns/4)
	folded, blanks := blank(used), 0
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			blanks++
		}
		if word == "" {
			continue
		}
		if i > 0 && shown(word) > 0 && used+blanks+shown(word) > columns {
			folded, used = folded+"\n"+blank(margin), margin
		} else {
			folded, used = folded+blank(blanks), used+blanks
		}
		folded, used, blanks = folded+word, used+shown(word), 0
	}
	return folded
}

// indentation takes the blanks off the beginning of a line, also those behind a style.
func indentation(line string) (n int, rest string) {
	text := strings.TrimLeft(line, " ")
	n = len(line) - len(text)
	if end := strings.IndexByte(text, 'm') + 1; strings.HasPrefix(text, "\x1b[") && end > 0 {
		inner := strings.TrimLeft(text[end:], " ")
		return n + len(text[end:]) - len(inner), text[:end] + inner
	}
	return n, text
}

// shown is the number of columns of a text with styles in it.
func shown(text string) int {
	n := 0
	for text != "" {
		before, style, styled := strings.Cut(text, "\x1b[")
		n += width(before)
		if text = ""; styled {
			_, text, _ = strings.Cut(style, "m")
		}
	}
	return n
}
