package folder

import "time"

// stamp is what the system says of a file each time that it changes. The zero stamp
// proves nothing.
type stamp struct {
	inode   uint64
	size    int64
	changed time.Time // which a program cannot set; zero where that is not known
}

// settled is how old a stamp must be to prove something: systems count time in steps of
// some milliseconds, in one of which a file can change twice.
const settled = 50 * time.Millisecond

// settle takes the word from a stamp that is too young at a time.
func (s *stamp) settle(at time.Time) {
	if s.changed.After(at.Add(-settled)) {
		*s = stamp{}
	}
}

// proves tells whether a file that has the second stamp is as it was when it had the first.
func (s stamp) proves(now stamp) bool { return !s.changed.IsZero() && s == now }
