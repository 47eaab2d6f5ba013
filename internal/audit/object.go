package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

const noObject = "it is not in the bucket " + events.BucketObjects

// object is what is known of an object that windows name.
type object struct {
	fault      string      // what is wrong with it, "" for nothing
	definition *definition // if it is one that can be read
	contexts   int64       // how many, if that is what it is
}

// A named object is one that a request names, as something.
type named struct{ what, sha string }

const (
	asDefinition = "definition"
	asContexts   = "contexts"
	asOther      = "object" // of which nothing is read
)

// objects are the objects that a request names.
func (q *request) objects() (definition, contexts named) {
	definition = named{asOther, q.DefinitionSHA256}
	if slices.Contains(readableKinds, q.Kind) {
		definition.what = asDefinition
	}
	return definition, named{asContexts, q.ContextsSHA256}
}

// object reads an object, once.
func (a *auditor) object(ctx context.Context, n named) (*object, error) {
	if o := a.objects[n]; o != nil {
		return o, nil
	}
	o := new(object)
	var data []byte
	var sum []byte
	r, err := a.bus.OpenObject(ctx, n.sha)
	if err == nil {
		data, sum, err = readObject(r, n.what != asOther)
	}
	switch {
	case errors.Is(err, bus.ErrNotFound), errors.Is(err, bus.ErrNoStream):
		o.fault = noObject
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return nil, err // that says nothing about the object
	case err != nil:
		o.fault = err.Error()
	case hex.EncodeToString(sum) != n.sha:
		o.fault = fmt.Sprintf("its content has SHA-256 %x", sum)
	case n.what == asContexts:
		o.contexts = int64(bytes.Count(data, []byte("\n")))
	case n.what == asDefinition:
		if o.definition, err = readDefinition(data); err != nil {
			o.fault = err.Error()
		}
	}
	a.objects[n] = o
	return o, nil
}

// readObject reads an object and hashes it. Of what is not looked at nothing is kept.
func readObject(r io.ReadCloser, keep bool) (data, sum []byte, err error) {
	defer r.Close()
	hash := sha256.New()
	if !keep {
		_, err = io.Copy(hash, r)
		return nil, hash.Sum(nil), err
	}
	data, err = io.ReadAll(io.TeeReader(r, hash))
	return data, hash.Sum(nil), err
}

// loadPlan looks up what the window's objects determine.
func (w *window) loadPlan(ctx context.Context) error {
	definition, contexts := w.request.objects()
	o, err := w.a.object(ctx, definition)
	if err != nil {
		return err
	}
	if o.definition != nil && o.definition.fault(w.request) == "" {
		w.tasks = o.definition.tasks
		w.ruled = o.definition.ruled
	}
	o, err = w.a.object(ctx, contexts)
	if err == nil {
		w.contexts = o.contexts
	}
	return err
}

// fault tells why a definition cannot be that of a request; "" is nothing.
func (d *definition) fault(q *request) string {
	switch {
	case d.name != q.Pipeline:
		return fmt.Sprintf("it is the definition of a pipeline %.80q", d.name)
	case d.kind != q.Kind && q.Kind != here:
		return fmt.Sprintf("it is a definition of kind %.80q, and the window is of kind %s", d.kind, q.Kind)
	}
	return ""
}

// place is where a frame names an object.
type place struct {
	run  events.RunKey
	seq  uint64
	tick int64

	lists bool // the object names others
}

// checkKept makes sure of the objects that frames name, and of those that these name.
func (a *auditor) checkKept(ctx context.Context) error {
	all := slices.Sorted(maps.Keys(a.kept))
	for i := 0; i < len(all); i++ {
		sha := all[i]
		o, err := a.object(ctx, named{asOther, sha})
		if err != nil {
			return err
		}
		if o.fault == "" && a.kept[sha].lists {
			if all, err = a.keepListed(ctx, sha, all); err != nil {
				return err
			}
		}
		if o.fault == "" {
			continue
		}
		at, kind := a.kept[sha], Contradiction
		if o.fault == noObject {
			kind = Gap
		}
		a.report.add(Finding{Kind: kind, Stream: events.StreamTrace, Seq: at.seq, Pipeline: at.run.Pipeline, Window: at.run.Window, Run: at.run.Run, Tick: at.tick,
			Message: fmt.Sprintf("object %s, which the frame names: %s", sha, o.fault)})
	}
	return nil
}

// keepListed appends the objects that a list of files, or of raw bytes, names.
func (a *auditor) keepListed(ctx context.Context, sha string, all []string) ([]string, error) {
	list, err := a.readList(ctx, sha)
	if err != nil {
		return all, err
	}
	for _, name := range names(list) {
		m, _ := list[name].(map[string]any)
		listed, _ := m["sha256"].(string) // of raw bytes
		if c, _ := contentOf(m); c != nil && c.object != nil {
			listed = c.object.sha
		} else if c != nil {
			listed = ""
		}
		if _, again := a.kept[listed]; again || !isHash(listed) {
			continue
		}
		at := a.kept[sha]
		at.lists = false
		a.kept[listed] = at
		all = append(all, listed)
	}
	return all, nil
}

// checkObjects makes sure that the definition and the contexts of a window are there
// and are what their names say.
func (a *auditor) checkObjects(ctx context.Context, window uint64, q *request) error {
	definition, contexts := q.objects()
	for what, n := range map[string]named{asDefinition: definition, asContexts: contexts} {
		o, err := a.object(ctx, n)
		if err != nil {
			return err
		}
		fault, kind := o.fault, Contradiction
		if o.definition != nil {
			fault = o.definition.fault(q)
		}
		if fault == noObject {
			kind = Gap
		}
		if fault != "" {
			a.report.add(Finding{Kind: kind, Stream: events.StreamWindow, Seq: window, Pipeline: q.Pipeline, Window: window, Run: -1, Tick: -1,
				Message: fmt.Sprintf("object %s, the %s of the window: %s", n.sha, what, fault)})
		}
	}
	return nil
}
