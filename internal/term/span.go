package term

// Span is a range of ticks cut into columns.
type Span struct {
	First, Ticks int64 // Ticks >= 1
	Step         int64 // ticks in a column; the last may have fewer
}

// Fit cuts ticks into at most so many columns. Steps are 1, 2 or 5 times a power of
// ten.
func Fit(first, ticks int64, columns int) Span {
	step := int64(1)
	for factor := 0; (ticks-1)/step >= int64(max(columns, 1)); factor++ {
		if factor%3 == 1 {
			step = step / 2 * 5
		} else {
			step *= 2
		}
	}
	return Span{first, ticks, step}
}

// Columns is how many columns there are.
func (s Span) Columns() int { return int((s.Ticks-1)/s.Step) + 1 }

// end is how many ticks there are up to the end of a column.
func (s Span) end(column int) int64 {
	if column == s.Columns()-1 {
		return s.Ticks
	}
	return int64(column+1) * s.Step
}
