package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

const noObject = "it is not in the bucket " + events.BucketObjects

// checkObjects makes sure that the definition and the contexts of a window are there
// and are what their names say.
func (a *auditor) checkObjects(ctx context.Context, window uint64, q *request) error {
	for _, named := range [...]struct{ what, sha string }{{"definition", q.DefinitionSHA256}, {"contexts", q.ContextsSHA256}} {
		fault, known := a.objects[named.sha]
		if !known {
			var err error
			if fault, err = a.readObject(ctx, named.sha); err != nil {
				return err
			}
			a.objects[named.sha] = fault
		}
		if fault == "" {
			continue
		}
		kind := Contradiction
		if fault == noObject {
			kind = Gap
		}
		a.report.add(Finding{Kind: kind, Stream: events.StreamWindow, Seq: window, Pipeline: q.Pipeline, Window: window, Run: -1, Tick: -1,
			Message: fmt.Sprintf("object %s, the %s of the window: %s", named.sha, named.what, fault)})
	}
	return nil
}

// readObject says what is wrong with an object; "" is nothing.
func (a *auditor) readObject(ctx context.Context, sha string) (fault string, err error) {
	data, err := a.bus.GetObject(ctx, sha)
	switch {
	case errors.Is(err, bus.ErrNotFound), errors.Is(err, bus.ErrNoStream):
		return noObject, nil
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return "", err // that says nothing about the object
	case err != nil:
		return err.Error(), nil
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != sha {
		return fmt.Sprintf("its content has SHA-256 %x", sum), nil
	}
	return "", nil
}
