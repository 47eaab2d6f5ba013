package page

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

const (
	maxTasks   = 200 // rows of a run's picture
	maxNotable = 100 // kinds of events listed because they are not ok
)

// runAnswer is a run over a range of ticks, column by column.
type runAnswer struct {
	span
	Run    int            `json:"run"`
	Digest *digest        `json:"digest"` // the last; null while there is none
	Budget events.Budgets `json:"budget"`
	Read   int64          `json:"ticks"` // of the range, that are recorded
	Lanes  [2]*laneUse    `json:"lanes"` // forecast, shadow
	Tasks  []*taskRow     `json:"tasks"` // in the order in which they first came, the forecast lane first
	More   int            `json:"more_tasks"`
	Counts map[string]int `json:"counts"`  // events by status
	Events []*notable     `json:"notable"` // what is not ok, in the order in which it first came
	Why    string         `json:"abandoned,omitempty"`
	Broken string         `json:"broken,omitempty"` // why the record cannot be read further
}

// laneUse is what a lane spent: in each column, the most that one tick spent.
type laneUse struct {
	Ops     []int64 `json:"ops"`
	Entropy []int64 `json:"entropy"`
}

// taskRow is one task: in each column, its worst status and what it spent.
type taskRow struct {
	Name   string      `json:"name"`
	Lane   events.Lane `json:"lane"`
	Status letters     `json:"status"` // o ok, s skipped, n not computable, e error, . not there
	Ops    []int64     `json:"ops"`    // the most that one tick spent
}

// letters are one for each column. In JSON they are a string.
type letters []byte

func (l letters) MarshalText() ([]byte, error) { return l, nil }

// notable is a task that was not ok, with all the ticks in which it was so in one way.
type notable struct {
	Task   string `json:"task"`
	Lane   string `json:"lane"`
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	Count  int64  `json:"count"`
	First  int64  `json:"first"` // tick
	Last   int64  `json:"last"`
}

// statusLetters by how bad a status is, the worst last.
const statusLetters = ".osne"

func letterOf(s events.Status) byte {
	return [...]byte{events.OK: 'o', events.SkippedBudget: 's', events.Error: 'e', events.NotComputable: 'n'}[s]
}

func (s *Server) run(ctx context.Context, q query) (any, error) {
	asked, err := s.picture(ctx, q, "run")
	if err != nil {
		return nil, err
	}
	defer asked.done()

	key, at := asked.runs[0], asked.at
	p := newRunPicture(at, key.Run, asked.window.request.Budget)
	d, err := s.lastDigest(ctx, key)
	if err == nil {
		p.Digest = &d
	} else if !errors.Is(err, bus.ErrNotFound) {
		return nil, err
	}
	broken, err := s.eachFrame(ctx, key, at.From, at.To, p.add)
	if err != nil {
		return nil, err
	}
	p.Broken = broken
	return p.finish(), nil
}

// runPicture is a runAnswer in the making.
type runPicture struct {
	runAnswer
	tasks map[taskKey]*taskRow
	noted map[notedKey]*notable
	tick  int64
	spent [2]events.Budget // by the lanes in this tick so far
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

func newRunPicture(at span, run int, budget events.Budgets) *runPicture {
	p := &runPicture{runAnswer: runAnswer{span: at, Run: run, Budget: budget, Counts: map[string]int{}, Tasks: []*taskRow{}, Events: []*notable{}},
		tasks: make(map[taskKey]*taskRow), noted: make(map[notedKey]*notable), tick: -1}
	for lane := range p.Lanes {
		p.Lanes[lane] = &laneUse{make([]int64, at.Columns), make([]int64, at.Columns)}
	}
	return p
}

func (p *runPicture) add(f frame) {
	if f.Abandoned != "" {
		p.Why = f.Abandoned
		return
	}
	if f.Tick != p.tick {
		p.tick, p.spent = f.Tick, [2]events.Budget{}
		p.Read++
	}
	for i := range f.Len() {
		p.event(f, i, readEvent(canon.Value(f.Event(i))))
	}
}

// event adds one event to its task, its lane and the counts.
func (p *runPicture) event(f frame, i int, e plainEvent) {
	column := p.column(f.Tick)
	p.Counts[e.status.String()]++
	if e.status.Attempted() {
		spent, use := &p.spent[e.lane], p.Lanes[e.lane]
		spent.Ops += e.ops
		spent.Entropy += e.entropy
		use.Ops[column] = max(use.Ops[column], spent.Ops)
		use.Entropy[column] = max(use.Entropy[column], spent.Entropy)
	}
	if e.status != events.OK {
		_, text := f.Outcome(i)
		p.note(f.Tick, e, text)
	}
	row := p.row(taskKey{e.task, e.lane})
	if row == nil {
		return
	}
	letter := letterOf(e.status)
	if strings.IndexByte(statusLetters, letter) > strings.IndexByte(statusLetters, row.Status[column]) {
		row.Status[column] = letter
	}
	if e.status.Attempted() {
		row.Ops[column] = max(row.Ops[column], e.ops)
	}
}

// note counts an event that is not ok.
func (p *runPicture) note(tick int64, e plainEvent, text canon.Value) {
	key := notedKey{taskKey{e.task, e.lane}, e.status, text}
	n := p.noted[key]
	if n == nil {
		if len(p.Events) == maxNotable {
			return
		}
		failure, _ := text.Text()
		key.text = canon.Value(strings.Clone(string(text))) // not a part of the frame
		n = &notable{Task: e.task, Lane: e.lane.String(), Status: e.status.String(), Error: short(failure), First: tick}
		p.noted[key] = n
		p.Events = append(p.Events, n)
	}
	n.Count++
	n.Last = tick
}

// row returns the row of a task, or nil when there are too many.
func (p *runPicture) row(key taskKey) *taskRow {
	row, ok := p.tasks[key]
	if ok {
		return row
	}
	if len(p.Tasks) == maxTasks {
		p.More++
	} else {
		row = &taskRow{key.name, key.lane, letters(strings.Repeat(".", p.Columns)), make([]int64, p.Columns)}
		p.Tasks = append(p.Tasks, row)
	}
	if len(p.tasks) < maxKnownTasks {
		p.tasks[key] = row
	}
	return row
}

// maxKnownTasks bounds what is kept of tasks that have no row.
const maxKnownTasks = 10_000

func (p *runPicture) finish() *runAnswer {
	slices.SortStableFunc(p.Tasks, func(a, b *taskRow) int { return cmp.Compare(a.Lane, b.Lane) })
	return &p.runAnswer
}

// plainEvent is what a picture needs of an event.
type plainEvent struct {
	task         string
	lane         events.Lane
	status       events.Status
	ops, entropy int64
}

// readEvent reads an event from its canonical form, as a decoder writes it. It is
// several times faster than the strict way.
func readEvent(v canon.Value) (e plainEvent) {
	for name, member := range v.Members() {
		text, _ := member.Text()
		switch name {
		case "task":
			e.task = text
		case "lane":
			e.lane, _ = events.ParseLane(text)
		case "status":
			e.status, _ = events.ParseStatus(text)
		case "cost_ops":
			e.ops, _ = member.Int()
		case "cost_entropy":
			e.entropy, _ = member.Int()
		}
	}
	return e
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
