package evaluator

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]string{
		"1GiB": "1GiB", "1024MiB": "1GiB", "67108864": "64MiB", "100000000": "100000000", "1.5GiB": "", "1GB": "", "-1GiB": "",
		"63MiB": "", "": "", "GiB": "", "99999999TiB": "",
	} {
		var s Size
		err := s.UnmarshalText([]byte(text))
		if got := s.String(); (err != nil) != (want == "") || err == nil && got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}
