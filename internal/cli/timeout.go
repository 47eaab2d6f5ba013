package cli

import (
	"context"
	"fmt"
	"time"
)

// limit is for commands that wait.
type limit struct {
	Timeout time.Duration `placeholder:"TIME" help:"Give up after so long, as in 90s or 10m. Left out: never."`
}

// timeoutError is the cause of a context that ended with --timeout.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("no answer within %v (--timeout)", e.after) }

// within returns a context that ends after --timeout.
func (l *limit) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, l.Timeout, &timeoutError{l.Timeout})
}

// outOfTime puts the timeout in the place of an error that came of it, with what was
// waited for.
func outOfTime(ctx context.Context, err error, waitedFor string) error {
	late, ok := context.Cause(ctx).(*timeoutError)
	switch {
	case err == nil || !ok:
		return err
	case waitedFor == "" && err == context.DeadlineExceeded:
		return late // which says as much
	case waitedFor == "":
		return fmt.Errorf("%w: %w", late, err)
	}
	return fmt.Errorf("%w: %s", late, waitedFor)
}
