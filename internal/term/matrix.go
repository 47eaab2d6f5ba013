package term

import (
	"crypto/sha256"
	"hash"
	"slices"
)

// NotHashed is the class of a cell of which nothing is known.
const NotHashed = -1

// Matrix compares rows of ticks column by column. It keeps a number for each row and
// column, and nothing of the ticks.
type Matrix struct {
	span  Span
	edges []int64 // ticks up to which a sum is taken, ascending; the end of every column is one
	known map[[sha256.Size]byte]int
	rows  []*Row
}

// Row is a row that is being read.
type Row struct {
	m     *Matrix
	ticks int64 // so far
	sum   hash.Hash
	parts []int // what the ticks between two edges come to: equal numbers for equal ticks
}

// NewMatrix takes after how many ticks rows may end early, so that what they have of
// the column there is compared too.
func NewMatrix(span Span, ends []int64) *Matrix {
	m := &Matrix{span: span, known: make(map[[sha256.Size]byte]int)}
	for column := range span.Columns() {
		m.edges = append(m.edges, span.end(column))
	}
	for _, end := range ends {
		if 0 < end && end < span.Ticks {
			m.edges = append(m.edges, end)
		}
	}
	slices.Sort(m.edges)
	m.edges = slices.Compact(m.edges)
	return m
}

// NewRow adds a row.
func (m *Matrix) NewRow() *Row {
	r := &Row{m: m, sum: sha256.New()}
	m.rows = append(m.rows, r)
	return r
}

// Add takes the hashes of the row's next tick, each of a fixed length.
func (r *Row) Add(hashes ...string) {
	if len(r.parts) == len(r.m.edges) {
		return // more ticks than there are
	}
	for _, h := range hashes {
		r.sum.Write([]byte(h))
	}
	if r.ticks++; r.ticks < r.m.edges[len(r.parts)] {
		return
	}
	key := [sha256.Size]byte(r.sum.Sum(nil))
	part, ok := r.m.known[key]
	if !ok {
		part = len(r.m.known)
		r.m.known[key] = part
	}
	r.parts = append(r.parts, part)
	r.sum.Reset()
}

// Classes returns the cells of every row: the lowest row that has the same ticks in
// this column, as far as both go, or NotHashed.
func (m *Matrix) Classes() [][]int {
	classes := make([][]int, len(m.rows))
	from := 0
	for column := range m.span.Columns() {
		to, _ := slices.BinarySearch(m.edges, m.span.end(column))
		to++
		for i, r := range m.rows {
			classes[i] = append(classes[i], m.class(i, r, from, to))
		}
		from = to
	}
	return classes
}

func (m *Matrix) class(i int, r *Row, from, to int) int {
	mine := r.between(from, to)
	if len(mine) == 0 {
		return NotHashed
	}
	for k, other := range m.rows[:i] {
		theirs := other.between(from, to)
		if n := min(len(mine), len(theirs)); n > 0 && slices.Equal(mine[:n], theirs[:n]) {
			return k
		}
	}
	return i
}

func (r *Row) between(from, to int) []int {
	return r.parts[min(from, len(r.parts)):min(to, len(r.parts))]
}

// Renumber makes classes count up from 0 in every column, in the order of the rows.
func Renumber(classes [][]int) {
	if len(classes) == 0 {
		return
	}
	for column := range classes[0] {
		numbers := map[int]int{NotHashed: NotHashed}
		for _, row := range classes {
			number, ok := numbers[row[column]]
			if !ok {
				number = len(numbers) - 1
				numbers[row[column]] = number
			}
			row[column] = number
		}
	}
}
