package daemon

// Limits are the flags of those who run windows for others.
type Limits struct {
	Windows  int   `default:"16" placeholder:"N" help:"Windows in hand at once; they share the processors in turn (${default})."`
	MaxTicks int64 `default:"100000000" placeholder:"N" help:"Runs × ticks of a window, at most; one that asks for more is given up (${default})."`
}
