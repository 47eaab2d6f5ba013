// Package archive takes windows off a server: [Write] writes whole windows into a folder that
// is a store like any other, so that whatever reads a store reads it, and [Prune] frees them
// on the server once the archive was compared with it message by message.
//
// choose.go says which windows are whole, write.go writes them, sum.go is the hash over the
// messages of a window, objects.go finds which objects messages name. open.go reads an
// archive, check.go holds it against its manifest and a server, prune.go frees, and
// free_objects.go frees the objects that nothing else needs.
//
// Nothing is believed. A window is freed only behind a tombstone in ERS_WINDOW, and has one
// only when each byte of it was found in the archive. What was interrupted is done again
// from the beginning, and finds what is done already.
package archive

import (
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// name is what subjects say of a window.
type name struct {
	pipeline string
	window   uint64
}

// windowOf is the window that a message is about; false: it is about none.
func windowOf(m *bus.Message) (n name, ok bool) {
	var key events.RunKey
	var err error
	switch m.Stream {
	case events.StreamTrace:
		key, err = events.ParseTraceSubject(m.Subject)
	case events.StreamDigest:
		key, err = events.ParseDigestSubject(m.Subject)
	case events.StreamVerdict:
		_, key.Pipeline, key.Window, err = events.ParseVerdictSubject(m.Subject)
	case events.StreamViz:
		if key, err = events.ParseTrendPackSubject(m.Subject); err != nil {
			key.Pipeline, key.Window, err = events.ParseStabilitySubject(m.Subject)
		}
	default:
		switch {
		case strings.HasPrefix(m.Subject, "ers.window."):
			_, key.Pipeline, err = events.ParseWindowSubject(m.Subject)
			key.Window = m.Seq
		case strings.HasPrefix(m.Subject, "ers.run."):
			_, key, err = events.ParseHandoutSubject(m.Subject)
		default:
			_, key.Pipeline, key.Window, err = events.ParseControlSubject(m.Subject)
		}
	}
	return name{key.Pipeline, key.Window}, err == nil
}

// isTombstone tells whether a message says that a window is archived. It is about the
// server, and no part of the window.
func isTombstone(m *bus.Message) bool { return strings.HasPrefix(m.Subject, "ers.control.pruned.") }
