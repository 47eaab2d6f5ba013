package content

import "unicode/utf8"

// Cut returns at most longest bytes of s, with the first that differs from other among
// them, and "…" where something is left out. It cuts between characters.
func Cut(s, other string, longest int) string {
	if len(s) <= longest {
		return s
	}
	at := 0
	for at < len(s) && at < len(other) && s[at] == other[at] {
		at++
	}
	return cutAround(s, at, longest)
}

// cutAround returns at most longest bytes of a text longer than that, with byte at
// among them.
func cutAround(s string, at, longest int) string {
	const ellipsis = "…"
	size := longest - 2*len(ellipsis)
	from := max(0, min(at-size/2, len(s)-size))
	to := from + size
	for from > 0 && from < to && !utf8.RuneStart(s[from]) {
		from++
	}
	for to > from && to < len(s) && !utf8.RuneStart(s[to]) {
		to--
	}
	head, tail := "", ""
	if from > 0 {
		head = ellipsis
	}
	if to < len(s) {
		tail = ellipsis
	}
	return head + s[from:to] + tail
}
