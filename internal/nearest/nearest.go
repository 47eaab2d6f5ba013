// Package nearest finds what somebody meant who mistyped a word.
package nearest

import "strings"

// Word returns the known word that is at most two typing mistakes away from word, one for
// a short word, or else the only one that begins with it; "" for none.
func Word(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		most := min(2, (len(k)+1)/3)
		if d := editDistance(word, k); d <= most && d < distance {
			best, distance = k, d
		}
	}
	if best != "" || len(word) < 2 {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(k, word) && best != "" {
			return ""
		}
		if strings.HasPrefix(k, word) {
			best = k
		}
	}
	return best
}

// editDistance counts the letters to insert, remove, replace or swap with the next one to
// get from a to b.
func editDistance(a, b string) int {
	if len(a) > 64 { // no word that is known is as long
		return len(a)
	}
	above, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			replaced := row[j]
			if a[i] != b[j] {
				replaced++
			}
			next[j+1] = min(replaced, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], above[j-1]+1)
			}
		}
		above, row = row, next
	}
	return row[len(b)]
}
