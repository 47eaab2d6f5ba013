package lanes

import (
	"cmp"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

const (
	maxTasks   = 200 // rows of a picture
	maxNotable = 100 // kinds of events listed because they are not ok

	maxKnownTasks = 10_000 // of which it is kept that they have no row
)

// Picture is a run over a range of ticks, column by column.
type Picture struct {
	Budget events.Budgets `json:"budget"`
	Read   int64          `json:"ticks"` // of the range, that are recorded
	Lanes  [2]*Use        `json:"lanes"` // forecast, shadow
	Tasks  []*Task        `json:"tasks"` // in the order in which they first came, the forecast lane first
	More   int            `json:"more_tasks"`
	Counts map[string]int `json:"counts"`  // events by status
	Events []*Notable     `json:"notable"` // what is not ok, in the order in which it first came
	Why    string         `json:"abandoned,omitempty"`

	first, step int64 // of the columns
	columns     int
	tasks       map[taskKey]*Task
	noted       map[notedKey]*Notable
	tick        int64
	spent       [2]events.Budget // by the lanes in this tick so far
}

// Use is what a lane spent: in each column, the most that one tick spent.
type Use struct {
	Ops     []int64 `json:"ops"`
	Entropy []int64 `json:"entropy"`
}

// Task is a row: in each column, the task's worst status and what it spent.
type Task struct {
	Name   string      `json:"name"`
	Lane   events.Lane `json:"lane"`
	Status Letters     `json:"status"`
	Ops    []int64     `json:"ops"`    // the most that one tick spent
	Counts [4]int64    `json:"counts"` // ticks by events.Status
}

// Letters are one for each column: o ok, s skipped, n not computable, e error, . not there.
// In JSON they are a string.
type Letters []byte

func (l Letters) MarshalText() ([]byte, error) { return l, nil }

// order is that of letters by how bad a status is, the worst last.
const order = ".osne"

// Worse returns the letter that is the worse of two.
func Worse(a, b byte) byte {
	if strings.IndexByte(order, b) > strings.IndexByte(order, a) {
		return b
	}
	return a
}

func letterOf(s events.Status) byte {
	return [...]byte{events.OK: 'o', events.SkippedBudget: 's', events.Error: 'e', events.NotComputable: 'n'}[s]
}

// Notable is a task that was not ok, with all the ticks in which it was so in one way.
type Notable struct {
	Task   string `json:"task"`
	Lane   string `json:"lane"`
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	Count  int64  `json:"count"`
	First  int64  `json:"first"` // tick
	Last   int64  `json:"last"`
}

type taskKey struct {
	name string
	lane events.Lane
}

type notedKey struct {
	taskKey
	status events.Status
	text   canon.Value
}

// New makes a picture of so many columns, of step ticks each, that begins with a tick.
func New(first, step int64, columns int, budget events.Budgets) *Picture {
	p := &Picture{Budget: budget, Counts: map[string]int{}, Tasks: []*Task{}, Events: []*Notable{},
		first: first, step: step, columns: columns, tasks: make(map[taskKey]*Task), noted: make(map[notedKey]*Notable), tick: -1}
	for lane := range p.Lanes {
		p.Lanes[lane] = &Use{make([]int64, columns), make([]int64, columns)}
	}
	return p
}

// Add takes the next frame of the run, of a tick that has a column.
func (p *Picture) Add(f *events.FrameDecoder) {
	if f.Abandoned != "" {
		p.Why = f.Abandoned
		return
	}
	if f.Tick != p.tick {
		p.tick, p.spent = f.Tick, [2]events.Budget{}
		p.Read++
	}
	for i := range f.Len() {
		p.event(f, i, ReadEvent(canon.Value(f.Event(i))))
	}
}

// event adds one event to its task, its lane and the counts.
func (p *Picture) event(f *events.FrameDecoder, i int, e Event) {
	column := int((f.Tick - p.first) / p.step)
	p.Counts[e.Status.String()]++
	if e.Status.Attempted() {
		spent, use := &p.spent[e.Lane], p.Lanes[e.Lane]
		spent.Ops += e.Ops
		spent.Entropy += e.Entropy
		use.Ops[column] = max(use.Ops[column], spent.Ops)
		use.Entropy[column] = max(use.Entropy[column], spent.Entropy)
	}
	if e.Status != events.OK {
		_, text := f.Outcome(i)
		p.note(f.Tick, e, text)
	}
	row := p.row(taskKey{e.Task, e.Lane})
	if row == nil {
		return
	}
	row.Counts[e.Status]++
	row.Status[column] = Worse(row.Status[column], letterOf(e.Status))
	if e.Status.Attempted() {
		row.Ops[column] = max(row.Ops[column], e.Ops)
	}
}

// note counts an event that is not ok.
func (p *Picture) note(tick int64, e Event, text canon.Value) {
	key := notedKey{taskKey{e.Task, e.Lane}, e.Status, text}
	n := p.noted[key]
	if n == nil {
		if len(p.Events) == maxNotable {
			return
		}
		failure, _ := text.Text()
		key.text = canon.Value(strings.Clone(string(text))) // not a part of the frame
		n = &Notable{Task: e.Task, Lane: e.Lane.String(), Status: e.Status.String(), Error: short(failure), First: tick}
		p.noted[key] = n
		p.Events = append(p.Events, n)
	}
	n.Count++
	n.Last = tick
}

// row returns the row of a task, or nil when there are too many.
func (p *Picture) row(key taskKey) *Task {
	row, ok := p.tasks[key]
	if ok {
		return row
	}
	if len(p.Tasks) == maxTasks {
		p.More++
	} else {
		row = &Task{Name: key.name, Lane: key.lane, Status: Letters(strings.Repeat(".", p.columns)), Ops: make([]int64, p.columns)}
		p.Tasks = append(p.Tasks, row)
	}
	if len(p.tasks) < maxKnownTasks {
		p.tasks[key] = row
	}
	return row
}

// Finish puts the rows into the order of the lanes, when all frames are there.
func (p *Picture) Finish() {
	slices.SortStableFunc(p.Tasks, func(a, b *Task) int { return cmp.Compare(a.Lane, b.Lane) })
}

// Lane is a lane as a row: in each column the worst status of its tasks; "" when it has none.
func (p *Picture) Lane(lane events.Lane) Letters {
	var row Letters
	for _, t := range p.Tasks {
		if t.Lane != lane {
			continue
		}
		if row == nil {
			row = slices.Clone(t.Status)
		}
		for i, letter := range t.Status {
			row[i] = Worse(row[i], letter)
		}
	}
	return row
}

// short cuts a text that is only shown as a hint.
func short(text string) string {
	const most = 300
	for i := range text {
		if i >= most {
			return text[:i] + "…"
		}
	}
	return text
}
