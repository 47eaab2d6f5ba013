package worker

import (
	"testing"

	"abraxas.dev/ers/pkg/canon"
)

func TestForeign(t *testing.T) {
	for _, c := range []struct {
		value  canon.Value
		nan    string // the pointer for a worker that takes bigint alone; "-" for none
		bigint string // for one that takes nan alone
	}{
		{`1`, "-", "-"},
		{`"NaN 99999999999999999999"`, "-", "-"},
		{`NaN`, "", "-"},
		{`-Infinity`, "", "-"},
		{`9007199254740991`, "-", "-"},
		{`9007199254740992`, "-", ""},
		{`-9007199254740991`, "-", "-"},
		{`-9007199254740992`, "-", ""},
		{`123456789012345678901234567890`, "-", ""},
		{`[0.30000000000000004,1e+300]`, "-", "-"},
		{`{"a":[1,{"b/~c":NaN}],"z":10000000000000000}`, "/a/1/b~1~0c", "/z"},
		{`{"NaN":["Infinity",Infinity]}`, "/NaN/1", "-"},
	} {
		for _, worker := range []struct {
			nan, bigint bool
			want        string
		}{{false, true, c.nan}, {true, false, c.bigint}, {true, true, "-"}} {
			got, found := Foreign(c.value, worker.nan, worker.bigint)
			if !found {
				got = "-"
			}
			if got != worker.want {
				t.Errorf("Foreign(%s, %t, %t) = %q, want %q", c.value, worker.nan, worker.bigint, got, worker.want)
			}
		}
	}
}
