package daemon

// Syncing says when an embedded server that keeps its streams syncs them to disk.
type Syncing struct {
	Sync string `enum:"always,interval," default:"" placeholder:"WHEN" help:"When the embedded server syncs to disk: always, before each acknowledgement, or interval, every two minutes: faster, but a power cut takes what was acknowledged since (always)."`
}

// Always tells whether what is acknowledged is on disk.
func (s Syncing) Always() bool { return s.Sync != "interval" }
