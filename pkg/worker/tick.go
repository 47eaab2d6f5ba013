package worker

import (
	"encoding/base64"
	"fmt"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// What a worker reads. ERS writes it in canonical form; any JSON is taken here, as
// strictly as a worker's.

var (
	ersHelloFields = fields{"limits", "protocol", "type"}
	limitsFields   = fields{"error", "message", "value"}
	tickFields     = fields{"context", "results", "tasks", "tick", "type"}
	toldFields     = fields{"error", "lane", "status", "task", "value"}
	givenFields    = fields{"base64", "offset", "sha256", "size", "type"}
)

// all is the set of all fields.
func (f fields) all() set { return 1<<len(f) - 1 }

// ersHello reads ERS's hello.
func (d *decoder) ersHello() (l Limits, err error) {
	err = d.exact(ersHelloFields, ersHelloFields.all(), func(i int) error {
		switch ersHelloFields[i] {
		case "limits":
			return d.exact(limitsFields, limitsFields.all(), func(i int) error {
				n, err := d.count()
				*[...]*int{&l.Error, &l.Message, &l.Value}[i] = int(n)
				return err
			})
		case "protocol":
			return d.only(Protocol)
		}
		return d.only(helloType)
	})
	return l, err
}

// only reads a string that can be but one.
func (d *decoder) only(want string) error {
	text, err := d.text()
	if err == nil && text != want {
		err = fmt.Errorf("%.40q where %s belongs", text, want)
	}
	return err
}

// tick reads the message of a tick into t, whose slices are used again.
func (d *decoder) tick(t *Tick, names names) error {
	*t = Tick{Results: t.Results[:0], Tasks: t.Tasks[:0]}
	return d.exact(tickFields, tickFields.all(), func(i int) (err error) {
		switch tickFields[i] {
		case "context":
			if t.Context, err = d.value(maxInteger); err == nil && t.Context.Kind() != canon.Object {
				err = mismatch("an object", []byte(t.Context))
			}
		case "results":
			err = d.array(func() error {
				var r events.TaskResult
				err := d.told(&r, names)
				t.Results = append(t.Results, r)
				return err
			})
		case "tasks":
			err = d.array(func() error {
				name, err := names.read(d)
				t.Tasks = append(t.Tasks, name)
				return err
			})
		case "tick":
			t.Tick, err = d.count()
		case "type":
			err = d.only(tickType)
		}
		return err
	})
}

// told reads a result as a worker is told it.
func (d *decoder) told(r *events.TaskResult, names names) error {
	return d.exact(toldFields, toldFields.all(), func(i int) (err error) {
		switch toldFields[i] {
		case "error":
			r.Error, err = d.text()
		case "lane":
			r.Lane, err = d.lane()
		case "status":
			var text string
			if text, err = d.text(); err == nil {
				r.Status, err = events.ParseStatus(text)
			}
		case "task":
			r.Name, err = names.read(d)
		case "value":
			r.Value, err = d.value(maxInteger)
		}
		return err
	})
}

// given is ERS's answer to a content request.
type given struct {
	data   []byte
	offset int64
	sha256 string
	size   int64
}

func (d *decoder) given() (g given, err error) {
	err = d.exact(givenFields, givenFields.all(), func(i int) (err error) {
		switch givenFields[i] {
		case "base64":
			var text string
			if text, err = d.text(); err == nil {
				g.data, err = base64.StdEncoding.Strict().DecodeString(text)
			}
		case "offset":
			g.offset, err = d.count()
		case "sha256":
			g.sha256, err = d.hash()
		case "size":
			g.size, err = d.count()
		case "type":
			err = d.only(contentType)
		}
		return err
	})
	return g, err
}

// names keeps the names of tasks, so that one that is read again costs nothing.
type names map[string]string

func (n names) read(d *decoder) (string, error) {
	b, err := d.json.Value()
	if err != nil {
		return "", err
	}
	if end := len(b) - 1; end > 0 && b[0] == '"' {
		if name, ok := n[string(b[1:end])]; ok {
			return name, nil
		}
	}
	name, ok := canon.Value(b).Text()
	if !ok {
		return "", mismatch("a string", b)
	}
	n[name] = name
	return name, nil
}
