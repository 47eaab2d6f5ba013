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
		text := fmt.Sprintf(`{"stream":"%s", "seq":%s}`, rapid.StringMatching(`[A-Z_"\\]{0,6}`).Draw(t, "stream"), rapid.StringMatching(`[0-9]{0,21}|-1|1e3| 7`).Draw(t, "seq"))
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		text = text[:at] + rapid.StringMatching(`|[,}]|, "domain":"x"|"error":null,|0`).Draw(t, "more") + text[at:]
		seq, ok := plainAck([]byte(text))
		if !ok {
			return
		}
		var want struct {
			Error *struct{} `json:"error"`
			Seq   uint64    `json:"seq"`
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil || want.Seq != seq || want.Error != nil {
			t.Fatalf("%s is %d, not %d (%v)", text, want.Seq, seq, err)
		}
	})
	if seq, ok := plainAck([]byte(`{"stream":"ERS_TRACE", "seq":17}`)); seq != 17 || !ok {
		t.Error("a plain acknowledgement is not taken")
	}
}
