package events

import (
	"errors"
	"fmt"
	"io"
)

// Message is one message of a stream.
type Message struct {
	Stream  string
	Subject string
	Seq     uint64 // in the stream, from 1
	Data    []byte // the receiver's own

	// At is when the server took it, in nanoseconds since 1970; 0: not known. It is for
	// people: nothing that is hashed, named or decided comes from it.
	At int64

	// Header are the headers as NATS has them, which are for the server. Those who read a
	// stream in order know them.
	Header map[string][]string

	// Pending is at least how many messages are still to come; 0: the reader has
	// caught up, as far as can be told. Only those who follow a stream know it.
	Pending uint64
}

// ErrNotFound says that there is no such message or object.
var ErrNotFound = errors.New("not found")

// ErrDamaged says that an object's content is not what its name says.
var ErrDamaged = errors.New("damaged")

// ErrVoid says that what stands under a window's number is not a request but what a repair
// put there: the window's request was lost, and nothing can be judged by it.
var ErrVoid = errors.New("its request was lost, a repair says")

// Lookup finds single messages in the streams, and objects, as they are now. It is all
// that the cores of hasher and gate see of them.
type Lookup interface {
	// Last returns the last message on a subject or filter; [ErrNotFound]: there is none.
	Last(stream, filter string) (Message, error)
	// Next returns the first message with a sequence of at least from on a subject or
	// filter; ErrNotFound: there is none.
	Next(stream, filter string, from uint64) (Message, error)
	// Get returns the messages with these sequences, in their order; a message that is
	// not there has Seq 0.
	Get(stream string, seqs ...uint64) ([]Message, error)
	// LastSeq returns the sequence of the stream's last message, 0 when it never had one.
	LastSeq(stream string) (uint64, error)
	// OpenObject reads an object; ErrNotFound: there is none. Reading it ends with
	// [ErrDamaged] when it is not the one with that SHA-256.
	OpenObject(sha string) (io.ReadCloser, error)
}

// The readers of the documents. All who read one use these, so that a document that
// stands on another's subject is refused everywhere. That its request is the one that
// ERS_WINDOW has under the window's number is for the caller to see: compare
// [WindowKey]s.

// ReadRequest reads a request for a window and returns the window's key with it.
func ReadRequest(m Message) (*WindowRequest, WindowKey, error) {
	if m.Subject == VoidSubject {
		return nil, WindowKey{}, fmt.Errorf("%s sequence %d: %w", m.Stream, m.Seq, ErrVoid)
	}
	r := new(WindowRequest)
	err := Decode(m.Data, r)
	if err == nil {
		if want := WindowSubject(r.Kind, r.Pipeline); m.Subject != want {
			err = fmt.Errorf("it stands on %s, and belongs on %s", m.Subject, want)
		}
	}
	if err != nil {
		return nil, WindowKey{}, fmt.Errorf("window request, %s sequence %d: %w", m.Stream, m.Seq, err)
	}
	return r, WindowKey{r.Pipeline, m.Seq, RequestSHA256(m.Data)}, nil
}

// ReadDigest reads a digest.
func ReadDigest(m Message) (*Digest, error) {
	d := new(Digest)
	err := Decode(m.Data, d)
	if err == nil && m.Subject != DigestSubject(d.RunKey()) {
		err = fmt.Errorf("it is of run %s", d.RunKey())
	}
	if err != nil {
		return nil, fmt.Errorf("digest on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return d, nil
}

// ReadVerdict reads a verdict.
func ReadVerdict(m Message) (*Verdict, error) {
	v := new(Verdict)
	err := Decode(m.Data, v)
	if err == nil && m.Subject != VerdictSubject(v.Outcome, v.Pipeline, v.Window) {
		err = fmt.Errorf("it is a %s of window %s.%d", v.Outcome, v.Pipeline, v.Window)
	}
	if err != nil {
		return nil, fmt.Errorf("verdict on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return v, nil
}

// ReadControl reads a control event.
func ReadControl(m Message) (*Control, error) {
	c := new(Control)
	err := Decode(m.Data, c)
	if err == nil && m.Subject != ControlSubject(c.Verb, c.Pipeline, c.Window) {
		err = fmt.Errorf("it is a %s of window %s.%d", c.Verb, c.Pipeline, c.Window)
	}
	if err != nil {
		return nil, fmt.Errorf("control event on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return c, nil
}

// ReadHandout reads a run that is handed out. That it is one of its window is for the caller
// to see: see [Handout.Of].
func ReadHandout(m Message) (*Handout, error) {
	h := new(Handout)
	err := Decode(m.Data, h)
	if err == nil && m.Subject != HandoutSubject(h.Kind, h.RunKey()) {
		err = fmt.Errorf("it is of run %s", h.RunKey())
	}
	if err != nil {
		return nil, fmt.Errorf("run handed out on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return h, nil
}

// ReadFrame decodes a frame up to its events; see [FrameDecoder.DecodePosition].
func (d *FrameDecoder) ReadFrame(m Message) error {
	err := d.DecodePosition(m.Data)
	if err == nil && m.Subject != TraceSubject(d.RunKey) {
		err = fmt.Errorf("it is of run %s", d.RunKey)
	}
	if err != nil {
		return fmt.Errorf("frame on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return nil
}
