package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ShellWord is a word as it is typed into a POSIX shell. What does not print is written
// with the escapes of printf, so that a line of such words is shown as it is, see
// [Clean], and runs when it is pasted. Of a word that ends with a newline, which
// a shell takes away from what printf writes, it is $'…', which bash, zsh
// and newer sh know.
func ShellWord(word string) string {
	switch {
	case clean(word) != word && strings.HasSuffix(word, "\n"):
		return "$'" + printf(word) + "'"
	case clean(word) != word:
		return `"$(printf '` + strings.ReplaceAll(printf(word), "%", "%%") + `')"`
	case word == "" || word[0] == '=' || strings.ContainsAny(word, " '\"\\$`!*?[](){}<>|&;#~^"):
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// printf escapes what does not print and what ends or changes a word around it.
func printf(word string) string {
	var b strings.Builder
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRuneInString(word[i:])
		switch part := word[i : i+size]; {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case strings.ContainsRune(`'\!`, r) || clean(part) != part:
			for _, c := range []byte(part) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteString(part)
		}
		i += size
	}
	return b.String()
}

// ShellLine is a line of words for a shell.
func ShellLine(words []string) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = ShellWord(w)
	}
	return strings.Join(list, " ")
}

// ShellWords reads a line of what [ShellWord] writes. ok is false for what it would not
// write, such as a pipe or a variable.
func ShellWords(line string) (words []string, ok bool) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		word, rest, ok := cutWord(line)
		if !ok {
			return nil, false
		}
		words, line = append(words, word), rest
	}
	return words, true
}

// cutWord takes the first word off a line.
func cutWord(line string) (word, rest string, ok bool) {
	for line != "" && line[0] != ' ' {
		var part string
		switch {
		case strings.HasPrefix(line, "'"):
			part, line, ok = strings.Cut(line[1:], "'")
		case strings.HasPrefix(line, `"$(printf '`):
			part, line, ok = strings.Cut(line[len(`"$(printf '`):], `')"`)
			ok = ok && unprintf(&part)
			part = strings.ReplaceAll(part, "%%", "%")
		case strings.HasPrefix(line, "$'"):
			part, line, ok = strings.Cut(line[2:], "'")
			ok = ok && unprintf(&part)
		case line[0] == '\\' && len(line) > 1:
			_, size := utf8.DecodeRuneInString(line[1:])
			part, line, ok = line[1:1+size], line[1+size:], true
		default:
			n := strings.IndexAny(line, " \t\n'\"\\$`!*?[](){}<>|&;#~^")
			if n < 0 {
				n = len(line)
			}
			part, line, ok = line[:n], line[n:], n > 0
		}
		if !ok {
			return "", "", false
		}
		word += part
	}
	return word, line, true
}

// unprintf undoes printf, and tells whether it could have been that.
func unprintf(text *string) bool {
	var b strings.Builder
	for rest := *text; rest != ""; {
		before, after, escaped := strings.Cut(rest, `\`)
		b.WriteString(before)
		var c byte
		switch {
		case !escaped:
		case strings.HasPrefix(after, "n"):
			c, after = '\n', after[1:]
		case strings.HasPrefix(after, "t"):
			c, after = '\t', after[1:]
		default:
			n, err := strconv.ParseUint(after[:min(3, len(after))], 8, 8)
			if err != nil || len(after) < 3 {
				return false
			}
			c, after = byte(n), after[3:]
		}
		if escaped {
			b.WriteByte(c)
		}
		rest = after
	}
	*text = b.String()
	return true
}

// ShellParts breaks a line for a shell into lines of so many columns that are one line for
// the shell: each but the last ends in a backslash. A line with more than words stays whole.
func ShellParts(line string, columns int) (parts []string) {
	words, ok := ShellWords(line)
	if !ok {
		return []string{clean(line)}
	}
	text := ""
	columns -= len(` \`)
	for i, word := range words {
		if i > 0 {
			text += " "
		}
		if text != "" && width(text+ShellWord(word)) > columns {
			parts, text = append(parts, text+`\`), ""
		}
		for width(ShellWord(word)) > columns {
			head := firstPart(word, columns)
			parts, word = append(parts, ShellWord(head)+`\`), word[len(head):]
		}
		text += ShellWord(word)
	}
	return append(parts, text)
}

// firstPart is as much of a word as fits a line, without a newline at its end if it can be.
func firstPart(word string, columns int) string {
	runes, at := 0, 0
	for at < len(word) && runes < columns {
		_, size := utf8.DecodeRuneInString(word[at:])
		at, runes = at+size, runes+1
	}
	_, least := utf8.DecodeRuneInString(word)
	for at > least && (width(ShellWord(word[:at])) > columns || word[at-1] == '\n') {
		_, size := utf8.DecodeLastRuneInString(word[:at])
		at -= size
	}
	return word[:at]
}

// Command is a line for a shell from data, safe to show on one line. It runs when
// it is pasted, but for one with more than words that holds what does not print.
func Command(line string) string {
	if clean(line) == line {
		return line
	}
	if words, ok := ShellWords(line); ok {
		return ShellLine(words)
	}
	return clean(line)
}
