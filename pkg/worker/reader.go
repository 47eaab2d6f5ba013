package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Reader reads what a worker writes: its hello, then its answers. Errors are io.EOF when
// the output ends, a [*MessageError] for a line that is not of the protocol, after which
// nothing more can be read, or what reading gave. It must not be used by several
// goroutines at once.
type Reader struct {
	lines   lines
	limits  Limits
	decoder decoder
	names   map[string]string // of the declared tasks: a name read again costs nothing
	failed  error

	result  Result // what an Answer points to
	content ContentRequest
}

// NewReader returns a Reader for a worker that was told these limits.
func NewReader(r io.Reader, l Limits) *Reader {
	return &Reader{lines: newLines(r, l.Message), limits: l}
}

// Hello reads a worker's hello.
func (r *Reader) Hello() (*Hello, error) {
	h := new(Hello)
	err := r.read(func() (string, error) { return "hello", r.decoder.hello(h) })
	if err != nil {
		return nil, err
	}
	r.names = make(map[string]string, len(h.Tasks))
	for _, t := range h.Tasks {
		r.names[t.Name] = t.Name
	}
	return h, nil
}

// Next reads the next answer. Whether it is for the task whose turn it is, the caller
// knows; that the worker has such a task is checked.
func (r *Reader) Next() (Answer, error) {
	var kind string
	err := r.read(func() (_ string, err error) {
		kind, err = r.answer()
		return kind, err
	})
	switch {
	case err != nil:
		return Answer{}, err
	case kind == contentType:
		return Answer{Content: &r.content}, nil
	}
	return Answer{Result: &r.result}, nil
}

// Line is the number of the line that was read last, from 1.
func (r *Reader) Line() int64 { return r.lines.count }

// Refuse makes the error for the last line when it is the caller who knows that it is
// wrong: an answer for another task than the one whose turn it is.
func (r *Reader) Refuse(format string, args ...any) error {
	return r.lines.wrong("", fmt.Errorf(format, args...))
}

// read reads a line by means of decode, which also says what type of message it is.
func (r *Reader) read(decode func() (string, error)) error {
	if r.failed != nil {
		return r.failed
	}
	line, err := r.lines.next()
	if err == nil {
		r.decoder.json.Reset(line)
		var kind string
		if kind, err = decode(); err == nil {
			err = r.decoder.json.End()
		}
		switch _, syntax := err.(*canon.SyntaxError); {
		case syntax && !bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("{")):
			err = r.lines.wrong("", errNoMessage)
		case err != nil:
			err = r.lines.wrong(kind, err)
		}
	}
	r.failed = err
	return err
}

var errNoMessage = errors.New("no message: standard output is for the protocol alone, write other text to standard error")

const (
	helloType   = "hello"
	tickType    = "tick"
	resultType  = "result"
	contentType = "content"
)

// The members of answers: those of a result, then those of a content request.
var (
	answerFields  = fields{"type", "task", "status", "value", "error", "sha256", "offset", "length"}
	resultFields  = answerFields[:5]
	contentFields = fields{"type", "sha256", "offset", "length"}
)

const (
	typeField = iota
	taskField
	statusField
	valueField
	errorField
	hashField
	offsetField
	lengthField

	ofResult     set = 1<<typeField | 1<<taskField | 1<<statusField | 1<<valueField | 1<<errorField
	ofContent    set = 1<<typeField | 1<<hashField | 1<<offsetField | 1<<lengthField
	needsResult  set = 1<<typeField | 1<<taskField | 1<<statusField
	needsContent     = ofContent
)

func (r *Reader) answer() (kind string, err error) {
	d, result, content := &r.decoder, &r.result, &r.content
	*result, *content = Result{Value: canon.Null}, ContentRequest{}
	m, err := d.object(answerFields, func(i int) (err error) {
		switch i {
		case typeField:
			kind, err = d.kind()
		case taskField:
			result.Task, err = r.task()
		case statusField:
			result.Status, err = d.status()
		case valueField:
			result.Value, err = d.value(r.limits.Value)
		case errorField:
			result.Error, err = d.errorText(r.limits.Error)
		case hashField:
			content.SHA256, err = d.hash()
		case offsetField:
			content.Offset, err = d.count()
		case lengthField:
			content.Length, err = d.count()
		}
		return err
	})
	switch {
	case err != nil && kind != resultType && kind != contentType:
		return "", err
	case err != nil:
		return kind, err
	case !m.seen.has(typeField):
		return "", under("type", errMissing)
	case kind == resultType:
		if err := m.checkOf(kind, resultFields, ofResult, needsResult); err != nil {
			return kind, err
		}
		return kind, result.check()
	case kind == contentType:
		if err := m.checkOf(kind, contentFields, ofContent, needsContent); err != nil {
			return kind, err
		}
		return kind, content.check()
	}
	return "", under("type", fmt.Errorf("%.40q where result or content belongs", kind))
}

// checkOf is check for one of two kinds of messages that were read as one.
func (m *members) checkOf(kind string, own fields, allowed, required set) error {
	for i, name := range answerFields {
		if m.seen.has(i) && !allowed.has(i) {
			return under(name, fmt.Errorf("no member of a %s: want %s", kind, strings.Join(own, ", ")))
		}
	}
	if m.strange {
		return m.check(own, 0)
	}
	return m.check(answerFields, required)
}

// task reads the name of a task that the worker has.
func (r *Reader) task() (string, error) {
	b, err := r.decoder.json.Value()
	if err != nil {
		return "", err
	}
	if n := len(b); n >= 2 && b[0] == '"' {
		if name, ok := r.names[string(b[1:n-1])]; ok {
			return name, nil
		}
	}
	name, ok := canon.Value(b).Text()
	if !ok {
		return "", mismatch("a string", b)
	}
	if _, ok := r.names[name]; !ok {
		return "", fmt.Errorf("%.60q is not a task of the hello", name)
	}
	return name, nil
}

// kind reads the type of a message.
func (d *decoder) kind() (string, error) {
	b, err := d.json.Value()
	if err != nil {
		return "", err
	}
	switch string(b) {
	case `"result"`:
		return resultType, nil
	case `"content"`:
		return contentType, nil
	}
	text, ok := canon.Value(b).Text()
	if !ok {
		return "", mismatch("a string", b)
	}
	return text, nil
}

// status reads the status of a task that was attempted.
func (d *decoder) status() (events.Status, error) {
	b, err := d.json.Value()
	if err != nil {
		return 0, err
	}
	switch string(b) {
	case `"ok"`:
		return events.OK, nil
	case `"error"`:
		return events.Error, nil
	case `"not_computable"`:
		return events.NotComputable, nil
	}
	text, ok := canon.Value(b).Text()
	if !ok {
		return 0, mismatch("a string", b)
	}
	return 0, fmt.Errorf("unknown status %.40q: want ok, error or not_computable", text)
}

// errorText reads the text of an error. One that was cut has "…" beyond the limit.
func (d *decoder) errorText(limit int) (string, error) {
	text, err := d.text()
	if err == nil && len(text) > limit && len(strings.TrimSuffix(text, "…")) > limit {
		err = fmt.Errorf("takes %d bytes: cut it after at most %d, and put … behind them", len(text), limit)
	}
	return text, err
}

func (d *decoder) hash() (string, error) {
	text, err := d.text()
	if err == nil && !events.IsHash(text) {
		err = fmt.Errorf("%.80q is not a SHA-256 in 64 lower-case hex digits", text)
	}
	return text, err
}

func (r *Result) check() error {
	switch {
	case r.Status.Failed() && r.Value != canon.Null:
		return under("value", fmt.Errorf("a task with status %s has no value: leave it out", r.Status))
	case !r.Status.Failed() && r.Error != "":
		return under("error", fmt.Errorf("a task with status %s has no error: leave it out", r.Status))
	}
	return nil
}

func (c *ContentRequest) check() error {
	if c.Length < 1 || c.Length > MaxContent {
		return under("length", fmt.Errorf("%d is out of range: want 1 to %d", c.Length, MaxContent))
	}
	return nil
}
