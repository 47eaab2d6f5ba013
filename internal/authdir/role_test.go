package authdir_test

import (
	"testing"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir/authtest"
)

func TestOpenAll(t *testing.T) {
	p := authtest.Start(t, "red", "blue")
	for _, r := range auth.Roles() {
		if r == auth.Input || r == auth.Alert {
			p.Dial(t, "red", r)
			continue
		}
		b := p.Open(t, "red", r)
		t.Log(r, b.Trouble())
		if err := b.CheckStanding(t.Context()); err != nil {
			t.Errorf("%s: %v", r, err)
		}
	}
}
