package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
)

// failure is what a page is told when there is no answer.
type failure struct {
	Error  string `json:"error"`            // in words for who reads the page
	Detail string `json:"detail,omitempty"` // what was said within, for who looks for the cause
}

// explain says in words why a question has no answer.
func explain(ctx context.Context, q query, err error) (code int, f failure) {
	f.Detail = err.Error()
	var bad *badQuery
	var archived *client.ArchivedError
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest, failure{Error: err.Error()}
	case errors.As(err, &archived):
		return http.StatusGone, failure{Error: fmt.Sprintf("Window %d is archived in %s. Its runs are there, and no longer on this server.", archived.Window, archived.Archive)}
	case errors.Is(err, bus.ErrNotFound):
		f.Error = "It is not there, or not there any more."
		if w := q.text("window"); w != "" {
			f.Error = fmt.Sprintf("There is no window %s on this server.", w)
		}
		return http.StatusNotFound, f
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		f.Error = fmt.Sprintf("Reading this took more than %s and was given up. Ask for fewer ticks.", answerTime)
		return http.StatusGatewayTimeout, f
	case errors.Is(err, bus.ErrNoStream), errors.Is(err, bus.ErrShort), errors.Is(err, client.ErrOtherRequest):
		f.Error = "The streams on this server do not fit each other: some were removed, restored or cut short. `ers repair` says which."
		return http.StatusInternalServerError, f
	case unanswered(err):
		f.Error = "The NATS server does not answer now. Try again in a moment."
		return http.StatusServiceUnavailable, f
	}
	f.Error = "The record on this server cannot be read here. `ers audit` says what is wrong with it."
	return http.StatusInternalServerError, f
}

// unanswered tells whether the server could not be asked, whatever it has.
func unanswered(err error) bool {
	for _, e := range []error{context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrConnectionClosed, nats.ErrDisconnected, jetstream.ErrJetStreamNotEnabled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
