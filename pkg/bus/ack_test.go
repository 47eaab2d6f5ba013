package bus

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// What is read the short way is what encoding/json reads; the rest is left to it.
func TestPlainAckIsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf(`{"stream":"%s",%s"seq":%s}`, rapid.StringMatching(`[A-Z_"\\]{0,6}`).Draw(t, "stream"),
			rapid.StringMatching(`|"domain":"[a-z"\\]{0,3}",`).Draw(t, "domain"), rapid.StringMatching(`[0-9]{0,21}|-1|1e3| 7`).Draw(t, "seq"))
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		text = text[:at] + rapid.StringMatching(`|[,}]|,"domain":"x"|"error":null,|0`).Draw(t, "more") + text[at:]
		got, ok := plainAck([]byte(text))
		if !ok {
			return
		}
		var want struct {
			Error  *struct{} `json:"error"`
			Stream string    `json:"stream"`
			Domain string    `json:"domain"`
			Seq    uint64    `json:"seq"`
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil || (ack{want.Stream, want.Domain, want.Seq}) != got || want.Error != nil {
			t.Fatalf("%s is %v, not %v (%v)", text, want, got, err)
		}
	})
	for text, want := range map[string]ack{
		`{"stream":"ERS_TRACE","seq":17}`:                {"ERS_TRACE", "", 17},
		`{"stream":"ERS_TRACE","domain":"hub","seq":17}`: {"ERS_TRACE", "hub", 17},
	} {
		if got, ok := plainAck([]byte(text)); got != want || !ok {
			t.Errorf("the plain acknowledgement %s is not taken: %v", text, got)
		}
	}
}
