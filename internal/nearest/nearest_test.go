package nearest

import "testing"

func TestWord(t *testing.T) {
	known := []string{"run", "replay", "repair", "validate", "version", "view", "x"}
	for word, want := range map[string]string{
		"run":      "run",
		"rnu":      "run", // two letters swapped
		"valdiate": "validate",
		"vew":      "view",
		"replya":   "replay",
		"vali":     "validate", // the beginning of one
		"rep":      "",         // of two, and run is another word
		"nonsense": "",
		"y":        "", // another letter is another word
		"":         "",
	} {
		if got := Word(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
