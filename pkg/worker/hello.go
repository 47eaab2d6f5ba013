package worker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

var (
	helloFields = fields{"type", "protocol", "tasks", "numbers", "about"}
	taskFields  = fields{"name", "lane", "priority", "cost", "tags"}
	costFields  = fields{"ops", "entropy"}
)

const (
	helloNeeds set = 1<<0 | 1<<1 | 1<<2
	taskNeeds  set = 1<<0 | 1<<1
)

// hello reads a worker's hello. What it says about type and protocol comes before what
// is strange in it: another version may have other members.
func (d *decoder) hello(h *Hello) error {
	kind, protocol := "", ""
	m, err := d.object(helloFields, func(i int) (err error) {
		switch helloFields[i] {
		case "type":
			kind, err = d.text()
		case "protocol":
			protocol, err = d.text()
		case "tasks":
			h.Tasks, err = d.tasks()
		case "numbers":
			err = d.numbers(h)
		case "about":
			h.About, err = d.about()
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case kind != helloType:
		return under("type", fmt.Errorf("%.40q where hello belongs", kind))
	case protocol != Protocol:
		return under("protocol", fmt.Errorf("%.40q: this ERS speaks %s", protocol, Protocol))
	}
	if err := m.check(helloFields, helloNeeds); err != nil {
		return err
	}
	return under("tasks", checkTasks(h.Tasks))
}

func (d *decoder) tasks() (tasks []Task, err error) {
	err = d.array(func() error {
		if len(tasks) == MaxTasks {
			return fmt.Errorf("more than %d tasks", MaxTasks)
		}
		var t Task
		err := d.exact(taskFields, taskNeeds, func(i int) (err error) {
			switch taskFields[i] {
			case "name":
				t.Name, err = d.text()
			case "lane":
				t.Lane, err = d.lane()
			case "priority":
				t.Priority, err = d.integer()
			case "cost":
				t.Cost, err = d.cost()
			case "tags":
				err = d.array(func() error {
					tag, err := d.text()
					t.Tags = append(t.Tags, tag)
					return err
				})
			}
			return err
		})
		tasks = append(tasks, t)
		return cmp.Or(err, t.check())
	})
	return tasks, err
}

func (d *decoder) lane() (events.Lane, error) {
	text, err := d.text()
	if err != nil {
		return 0, err
	}
	return events.ParseLane(text)
}

func (d *decoder) cost() (cost events.Budget, err error) {
	err = d.exact(costFields, 0, func(i int) (err error) {
		switch costFields[i] {
		case "ops":
			cost.Ops, err = d.count()
		case "entropy":
			cost.Entropy, err = d.count()
		}
		return err
	})
	return cost, err
}

// check makes the checks of a task that package scheduler makes too.
func (t *Task) check() error {
	if t.Name == "" {
		return under("name", errors.New("empty"))
	}
	tags := t.Tags
	if tags == nil {
		tags = []string{}
	}
	meta, err := canon.Of(map[string]any{"tags": tags})
	if err != nil {
		return under("tags", err)
	}
	name, err := canon.Of(t.Name)
	if err != nil {
		return under("name", err)
	}
	if size := len(meta) + len(name); size > events.MaxDescription {
		return fmt.Errorf("name and tags take %d bytes: at most %d fit in an event", size, events.MaxDescription)
	}
	return nil
}

func checkTasks(tasks []Task) error {
	if len(tasks) == 0 {
		return errors.New("empty: a worker has at least one task")
	}
	seen := make(map[string]bool, len(tasks))
	for i, t := range tasks {
		if seen[t.Name] {
			return underIndex(i, under("name", fmt.Errorf("%.60q stands twice", t.Name)))
		}
		seen[t.Name] = true
	}
	return nil
}

func (d *decoder) numbers(h *Hello) error {
	var seen []string
	return d.array(func() error {
		word, err := d.text()
		switch {
		case err != nil:
			return err
		case slices.Contains(seen, word):
			return fmt.Errorf("%q stands twice", word)
		case word == "nan":
			h.NaN = true
		case word == "bigint":
			h.BigInt = true
		default:
			return fmt.Errorf("unknown numbers %.40q: want nan or bigint", word)
		}
		seen = append(seen, word)
		return nil
	})
}

// about reads what a worker says about itself: an object of strings.
func (d *decoder) about() (map[string]string, error) {
	v, err := d.value(MaxAbout)
	if err != nil {
		return nil, err
	}
	if v.Kind() != canon.Object {
		return nil, mismatch("an object of strings", []byte(v))
	}
	about := make(map[string]string)
	for name, member := range v.Members() {
		text, ok := member.Text()
		if !ok {
			return nil, under(name, mismatch("a string", []byte(member)))
		}
		about[name] = text
	}
	return about, nil
}
