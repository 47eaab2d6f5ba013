package evaluator

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
)

// A message is its length in 4 bytes, little-endian, a kind, and fields: integers as
// varints, texts as their length and their bytes.
const (
	// Ours to the evaluator.
	askDefine = 'd' // definition in canonical JSON → sayReady or sayFault
	askTicks  = 't' // see ticksRequest → any number of sayTask, then sayTicks, sayError or sayUnknown

	// The evaluator's to us.
	sayHello   = 'h' // protocol; before all else
	sayReady   = 'r'
	sayFault   = 'f' // pointer, message, line, column
	sayUnknown = 'u' // the definition is not, or no longer, here: define it
	sayError   = 'e' // text: what was wrong with the question
	sayTask    = 'n' // name of the task that begins
	sayTicks   = 'k' // one or more, from the first on; see tick
)

// protocol is what both sides speak. They are the same program; another would be one
// that does not call Main.
const protocol = "ers evaluator 1"

// maxMessage bounds what either side takes from the other.
const maxMessage = 1 << 30

var errMessage = errors.New("the message makes no sense")

// message is a message that is being written.
type message []byte

// newMessage begins a message in the memory of an earlier one.
func newMessage(buffer []byte, kind byte) message { return append(kept(buffer, 0), 0, 0, 0, 0, kind) }

func (m *message) int(i int64)            { *m = binary.AppendVarint(*m, i) }
func (m *message) text(s string)          { *m = append(binary.AppendUvarint(*m, uint64(len(s))), s...) }
func (m *message) budget(b events.Budget) { m.int(b.Ops); m.int(b.Entropy) }

// send writes the message in one piece.
func (m message) send(w io.Writer) error {
	if len(m)-4 > maxMessage {
		return fmt.Errorf("a message of %d bytes is too long", len(m))
	}
	binary.LittleEndian.PutUint32(m, uint32(len(m)-4))
	_, err := w.Write(m)
	return err
}

// fields are what is left to read of a message. After a mistake all is empty and bad is
// set.
type fields struct {
	kind byte
	text string
	bad  bool
}

// receiver reads messages.
type receiver struct {
	from    *bufio.Reader
	scratch []byte
}

func newReceiver(r io.Reader) *receiver { return &receiver{from: bufio.NewReaderSize(r, 64<<10)} }

// next reads a message. io.EOF says that there are no more.
func (r *receiver) next() (fields, error) {
	var head [5]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return fields{}, err
	}
	size := binary.LittleEndian.Uint32(head[:4])
	if size < 1 || size > maxMessage {
		return fields{}, errMessage
	}
	text := kept(r.scratch, min(int(size-1), 64<<10))
	if _, err := io.ReadFull(r.from, text); err != nil {
		return fields{}, err
	}
	for len(text) < int(size-1) { // a size takes no memory for what is not sent
		had, next := len(text), min(2*len(text), int(size-1))
		text = slices.Grow(text, next-had)[:next]
		if _, err := io.ReadFull(r.from, text[had:]); err != nil {
			return fields{}, err
		}
	}
	r.scratch = text
	return fields{kind: head[4], text: string(text)}, nil
}

// kept returns n bytes, in the memory of earlier ones where that is enough and not too
// much to keep.
func kept(buffer []byte, n int) []byte {
	if cap(buffer) < n || cap(buffer) > maxKept {
		return make([]byte, n)
	}
	return buffer[:n]
}

const maxKept = 4 << 20

func (f *fields) int() int64 {
	// A varint is short: no more than its bytes are copied.
	i, n := binary.Varint([]byte(f.text[:min(len(f.text), binary.MaxVarintLen64)]))
	f.skip(n)
	return i
}

func (f *fields) length() int {
	u, n := binary.Uvarint([]byte(f.text[:min(len(f.text), binary.MaxVarintLen64)]))
	f.skip(n)
	if u > uint64(len(f.text)) { // nothing here is shorter than a byte
		f.skip(-1)
		return 0
	}
	return int(u)
}

func (f *fields) skip(n int) {
	if n <= 0 {
		f.bad, f.text = true, ""
		return
	}
	f.text = f.text[n:]
}

// count returns how many fields or more follow.
func (f *fields) count() int {
	n := f.int()
	if n < 0 || n > int64(len(f.text)) {
		f.skip(-1)
		return 0
	}
	return int(n)
}

// string returns a text, which is part of the message as it came.
func (f *fields) string() string {
	n := f.length()
	if f.bad {
		return ""
	}
	s := f.text[:n]
	f.text = f.text[n:]
	return s
}

func (f *fields) budget() events.Budget { return events.Budget{Ops: f.int(), Entropy: f.int()} }

// end returns an error unless all was read and good.
func (f *fields) end() error {
	if f.bad || f.text != "" {
		return errMessage
	}
	return nil
}

// ticksRequest is all that consecutive ticks of a run depend on.
type ticksRequest struct {
	definition string // its SHA-256
	loud       bool   // say which task begins
	first      int64  // the number of the first tick
	budgets    events.Budgets
	contexts   []canon.Value       // of each tick
	previous   []events.TaskResult // of the forecast lane, before the first tick
}

func (t *ticksRequest) message(buffer []byte) message {
	m := newMessage(buffer, askTicks)
	m.text(t.definition)
	loud := int64(0)
	if t.loud {
		loud = 1
	}
	m.int(loud)
	m.int(t.first)
	m.budget(t.budgets.Forecast)
	m.budget(t.budgets.Shadow)
	m.int(int64(len(t.contexts)))
	var before canon.Value
	for _, c := range t.contexts {
		if c == before {
			c = "" // which is not a value
		} else {
			before = c
		}
		m.text(string(c))
	}
	m.int(int64(len(t.previous)))
	for i := range t.previous {
		r := &t.previous[i]
		m.text(r.Name)
		m.int(int64(r.Status))
		m.text(string(r.Value))
		m.text(r.Error)
	}
	return m
}

func (f *fields) ticksRequest() (t ticksRequest, err error) {
	t = ticksRequest{definition: f.string(), loud: f.int() != 0, first: f.int()}
	t.budgets = events.Budgets{Forecast: f.budget(), Shadow: f.budget()}
	t.contexts = make([]canon.Value, f.count())
	for i := range t.contexts {
		t.contexts[i] = canon.Value(f.string())
		if t.contexts[i] == "" && i > 0 {
			t.contexts[i] = t.contexts[i-1]
		}
	}
	t.previous = make([]events.TaskResult, f.count())
	for i := range t.previous {
		t.previous[i] = events.TaskResult{Name: f.string(), Lane: events.Forecast, Status: events.Status(f.int()),
			Value: canon.Value(f.string()), Error: f.string()}
	}
	return t, f.end()
}

// tick writes the events with their results, of which each says what the other does not,
// and what rules found in them.
func (m *message) tick(t *scheduler.Tick) {
	m.int(t.Tick.Tick)
	m.int(int64(len(t.Events)))
	for i := range t.Events {
		e, r := &t.Events[i], &t.Results[i]
		m.text(e.Task)
		m.int(int64(e.Lane))
		m.int(int64(e.Status))
		m.int(e.CostOps)
		m.int(e.CostEntropy)
		m.text(string(e.Meta))
		m.text(string(r.Value))
		m.text(r.Error)
	}
	m.int(int64(len(t.Ruled)))
	for i := range t.Ruled {
		r := &t.Ruled[i]
		m.text(r.Task)
		m.text(string(r.Raw))
		m.int(int64(len(r.Counts)))
		for _, n := range r.Counts {
			m.int(n)
		}
	}
}

// tick reads the next of the ticks.
func (f *fields) tick() (t scheduler.Tick, err error) {
	t.Tick.Tick = f.int()
	n := f.count()
	t.Events, t.Results = make([]events.TraceEvent, n), make([]events.TaskResult, n)
	for i := range t.Events {
		e, r := &t.Events[i], &t.Results[i]
		e.Tick, e.Task, e.Lane, e.Status = t.Tick.Tick, f.string(), events.Lane(f.int()), events.Status(f.int())
		e.CostOps, e.CostEntropy, e.Meta = f.int(), f.int(), canon.Value(f.string())
		r.Name, r.Lane, r.Status, r.Value, r.Error = e.Task, e.Lane, e.Status, canon.Value(f.string()), f.string()
		if e.Status != events.SkippedBudget {
			r.CostOps, r.CostEntropy = e.CostOps, e.CostEntropy
		}
	}
	for range f.count() {
		r := scheduler.Ruled{Task: f.string(), Raw: canon.Value(f.string()), Counts: make(rules.Counts, f.count())}
		for i := range r.Counts {
			r.Counts[i] = f.int()
		}
		t.Ruled = append(t.Ruled, r)
	}
	if f.bad {
		return t, errMessage
	}
	return t, nil
}

func (m *message) fault(p *program.Fault) {
	m.text(p.Pointer)
	m.text(p.Msg)
	m.int(int64(p.Line))
	m.int(int64(p.Column))
}

func (f *fields) fault() (*program.Fault, error) {
	p := &program.Fault{Pointer: f.string(), Msg: f.string(), Line: int(f.int()), Column: int(f.int())}
	return p, f.end()
}
