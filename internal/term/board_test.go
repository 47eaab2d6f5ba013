package term

import (
	"strings"
	"testing"
)

func TestBoardGolden(t *testing.T) {
	b := Board{
		Server: "nats://127.0.0.1:4222", Connected: true, Events: 12345,
		Services: []Service{{"ers-coordinator", true, 0, 0, ""}, {"ers-hasher", true, 2, 0, ""}, {"ers-gate", false, 0, 0, ""}},
		Windows:  []Progress{{17, "oracle", 0, 108}, {18, "oracle", 54, 108}, {19, "words", 108, 108}},
		Verdicts: []Verdict{{16, "oracle", "pass", "all 12 runs are equal to the byte"}, {15, "oracle", "fail", "run 7 differs"}, {14, "words", "inconclusive", "no run could be judged"}},
	}
	golden(t, "board.txt", []byte(strings.Join(b.Lines(24, false), "\n")+"\n"))
	golden(t, "board-low.txt", []byte(strings.Join(b.Lines(9, false), "\n")+"\n"))
	b.Services[0].Trouble, b.Services[1].Behind = "write ERS_TRACE: no acknowledgement", 912345
	golden(t, "board-behind.txt", []byte(strings.Join(b.Lines(24, false), "\n")+"\n"))
	b.Services[0].Trouble, b.Services[1].Behind = "", 0
	b.Connected = false
	golden(t, "board-color.txt", []byte(strings.Join(b.Lines(24, true), "\n")+"\n"))
	for height := range 30 {
		if got := len(b.Lines(height, false)); got > height {
			t.Errorf("%d lines of at most %d", got, height)
		}
	}
}
