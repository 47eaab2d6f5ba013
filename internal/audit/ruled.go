package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Where rules have made a value out of what a task came to, the frame names the raw bytes,
// outside of all hashes. The rules are applied to them again.

// rawName is what raw bytes are of: a task's "value", or a content.
type rawName struct{ task, name string }

// rawList is the name of the object that lists raw bytes where they are many.
const rawList = "raw"

// claim is that rules make of raw bytes what a value holds.
type claim struct {
	task     *planned
	name, as string // of the content; or "value"
	raw      string // SHA-256 of the raw bytes, or …
	list     string // … of the object that lists them
	made     string // SHA-256 of what they were made to
}

// ruledTick is what the frames of a tick say about rules.
type ruledTick struct {
	raw    map[rawName]string
	claims []claim
	whole  []bool // by claim: the value says it all, and nothing raw is needed
}

// collect notes what a frame's values claim, and the objects that they name.
func (r *run) collect(f *frame, seq uint64) {
	for _, o := range f.kept {
		r.keep(o.sha, seq, f.tick, o.name == rawList)
		if r.ruled.raw == nil {
			r.ruled.raw = map[rawName]string{}
		}
		r.ruled.raw[rawName{o.task, o.name}] = o.sha
	}
	for i := range f.entries {
		e := &f.entries[i]
		p := r.window.ruled[string(e.task)]
		if p == nil || e.status != "ok" || r.isDrilled(f.tick, p.name) {
			continue
		}
		result, err := parseText(string(e.result))
		if err != nil {
			panic(fmt.Sprintf("audit: a result that was written here cannot be read: %v", err))
		}
		value := result.(map[string]any)["value"]
		if !p.command {
			_, ofJSON := rulesOf(p.rules, "value")
			made := canonical(value)
			r.ruled.add(claim{task: p, name: "value", made: shaOf([]byte(made))}, canonical(applied(ofJSON, value)) == made)
			continue
		}
		r.collectOutput(p, value, f.tick, seq)
	}
}

func (t *ruledTick) add(c claim, whole bool) {
	t.claims, t.whole = append(t.claims, c), append(t.whole, whole)
}

func (r *run) isDrilled(tick int64, task string) bool {
	d := r.window.request.Drill
	return d != nil && d.Run == r.key.Run && d.Tick == tick && d.Task == task
}

// keep notes an object that is to be there; lists tells that it names others.
func (r *run) keep(sha string, seq uint64, tick int64, lists bool) {
	at, again := r.window.a.kept[sha]
	if !again {
		at = place{run: r.key, seq: seq, tick: tick}
	}
	at.lists = at.lists || lists
	r.window.a.kept[sha] = at
}

// collectOutput notes what the value of a command claims.
func (r *run) collectOutput(p *planned, value any, tick int64, seq uint64) {
	o := outputOf(value)
	if o == nil {
		r.hold(Contradiction, events.StreamTrace, seq, tick, "task %.80q has a value that no command comes to: %s", p.name, show(value))
		return
	}
	if o.allFiles != nil {
		r.keep(o.allFiles.sha, seq, tick, true)
	}
	for _, name := range names(contentNames(o)) {
		c := o.contents[name]
		if c.object != nil {
			r.keep(c.object.sha, seq, tick, false)
		}
		if isRuled(p, name, c.as) {
			r.ruled.add(claim{task: p, name: name, as: c.as, made: shaOf([]byte(canonical(c.tree(name))))}, c.isNothing())
		}
	}
}

func contentNames(o *output) map[string]any {
	list := make(map[string]any, len(o.contents))
	for name := range o.contents {
		list[name] = nil
	}
	return list
}

// isRuled tells whether rules apply to a content that was taken for as.
func isRuled(p *planned, name, as string) bool {
	ofLines, ofJSON := rulesOf(p.rules, name)
	return len(ofLines) > 0 || len(ofJSON) > 0 && (as == "json" || as == "jsonl")
}

// isNothing tells whether the content has no bytes.
func (c *outputContent) isNothing() bool {
	list, ok := c.inline.([]any)
	return ok && len(list) == 0 && c.as != "json" || c.inline == "" && c.as == "bytes"
}

// tree is the value of a content to which rules apply.
func (c *outputContent) tree(name string) map[string]any {
	if c.object != nil {
		return map[string]any{"as": c.as, "object": map[string]any{"name": name, "sha256": c.object.sha, "size": c.size}}
	}
	m := map[string]any{c.as: c.inline}
	if c.open {
		m["open"] = true
	}
	return m
}

// settle takes up the claims of a tick whose frames were all read.
func (r *run) settle(seq uint64, tick int64) {
	a := r.window.a
	for i, c := range r.ruled.claims {
		c.raw, c.list = r.ruled.raw[rawName{c.task.name, c.name}], r.ruled.raw[rawName{c.task.name, rawList}]
		switch {
		case c.raw != "":
			c.list = ""
		case c.list != "" && c.name != "value":
		case !r.ruled.whole[i]:
			r.hold(Contradiction, events.StreamTrace, seq, tick, "rules apply to %s of task %.80q, and the frame does not name the bytes that it was made from", c.name, c.task.name)
			continue
		default:
			continue
		}
		if _, again := a.claims[c]; !again {
			a.claims[c] = place{run: r.key, seq: seq, tick: tick}
		}
	}
	r.ruled = ruledTick{}
}

// checkClaims applies the rules to all raw bytes again.
func (a *auditor) checkClaims(ctx context.Context) error {
	var found []Finding
	for c, at := range a.claims {
		made, err := a.makeAgain(ctx, &c)
		switch {
		case errors.Is(err, bus.ErrNotFound), errors.Is(err, bus.ErrDamaged):
			continue // which is a finding of its own
		case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
			return err
		case err == nil && made == c.made:
			continue
		}
		fault := "something else than the value holds"
		if err != nil {
			fault = "nothing: " + err.Error()
		}
		found = append(found, Finding{Kind: Contradiction, Stream: events.StreamTrace, Seq: at.seq, Pipeline: at.run.Pipeline, Window: at.run.Window, Run: at.run.Run, Tick: at.tick,
			Message: fmt.Sprintf("%s of task %.80q: the rules make of the raw bytes %s", c.name, c.task.name, fault)})
	}
	slices.SortFunc(found, func(x, y Finding) int {
		return strings.Compare(fmt.Sprintf("%020d %s", x.Seq, x.Message), fmt.Sprintf("%020d %s", y.Seq, y.Message))
	})
	for _, f := range found {
		a.report.add(f)
	}
	return nil
}

// makeAgain returns the SHA-256 of what rules make of raw bytes.
func (a *auditor) makeAgain(ctx context.Context, c *claim) (string, error) {
	sha := c.raw
	if sha == "" {
		list, err := a.readList(ctx, c.list)
		if err != nil {
			return "", err
		}
		m, _ := list[c.name].(map[string]any)
		if sha, _ = m["sha256"].(string); !isHash(sha) {
			return "", fmt.Errorf("the list %s does not name them", c.list)
		}
	}
	r, err := a.bus.OpenObject(ctx, sha)
	if err != nil {
		return "", err
	}
	defer r.Close()
	ofLines, ofJSON := rulesOf(c.task.rules, c.name)
	left := withoutLines(ofLines, r)
	if closer, ok := left.(io.Closer); ok {
		defer closer.Close()
	}
	if c.name == "value" {
		tree, err := readJSON(left)
		return shaOf([]byte(canonical(applied(ofJSON, tree)))), err
	}
	tree, err := newMaker(c.name).make(c.as, ofJSON, left)
	return shaOf([]byte(canonical(tree))), err
}

// readList reads the object that lists raw bytes.
func (a *auditor) readList(ctx context.Context, sha string) (map[string]any, error) {
	tree, err := readFiles(sha, func(sha string) (io.ReadCloser, error) { return a.bus.OpenObject(ctx, sha) })
	list, _ := tree.(map[string]any)
	return list, err
}

func readJSON(r io.Reader) (any, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxJSON+1))
	if err == nil && len(data) > maxJSON {
		err = errors.New("they are too long for JSON")
	}
	if err != nil {
		return nil, err
	}
	return parseText(string(data))
}
