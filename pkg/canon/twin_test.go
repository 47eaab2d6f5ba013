package canon

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// twin writes the canonical form in the dumbest way: one string per value, glued.
func twin(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return twinString(v)
	case float64:
		return twinFloat(v)
	case []any:
		parts := []string{}
		for _, e := range v {
			parts = append(parts, twin(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		parts := []string{}
		for _, name := range sortedNames(v) {
			parts = append(parts, twinString(name)+":"+twin(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return fmt.Sprint(v) // bool, int64, *big.Int
}

// sortedNames sorts by code points, taken one by one.
func sortedNames(m map[string]any) []string {
	names := []string{}
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return slices.Compare([]rune(a), []rune(b)) })
	return names
}

func twinString(s string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}
	out := ""
	for _, r := range s {
		switch {
		case short[r] != "":
			out += short[r]
		case r < 0x20:
			out += fmt.Sprintf(`\u%04x`, r)
		default:
			out += string(r)
		}
	}
	return `"` + out + `"`
}

// twinFloat moves the point of the scientific notation by hand.
func twinFloat(f float64) string {
	if math.IsNaN(f) {
		return "NaN"
	}
	if math.IsInf(f, 0) {
		return map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
	}
	science := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(science, "e")
	n, _ := strconv.Atoi(exponent)
	if n < -4 || n >= 16 {
		return science
	}
	digits, negative := strings.CutPrefix(strings.Replace(mantissa, ".", "", 1), "-")
	if n < 0 {
		digits, n = strings.Repeat("0", -n)+digits, 0
	}
	if len(digits) < n+2 {
		digits += strings.Repeat("0", n+2-len(digits))
	}
	sign := map[bool]string{true: "-"}[negative]
	return sign + digits[:n+1] + "." + digits[n+1:]
}

// anyValue generates what [Value.Decode] can return.
func anyValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.OneOf(rapid.Int64Range(-20, 20), rapid.Int64()).AsAny(),
		rapid.Custom(bigInt).AsAny(),
		rapid.Custom(anyFloat).AsAny(),
		anyString().AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return anyValue(depth - 1) }), 0, 5).AsAny(),
			rapid.MapOfN(anyString(), rapid.Deferred(func() *rapid.Generator[any] { return anyValue(depth - 1) }), 0, 20).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// anyString generates text in which names of members collide, have common prefixes
// and need escapes.
func anyString() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("ab\"\\\n\x00\x1f\x7fé\u2028\uffff😀")), 0, 4, -1))
}

// bigInt generates integers beyond int64.
func bigInt(t *rapid.T) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(rapid.IntRange(63, 200).Draw(t, "bits")))
	n.Add(n, new(big.Int).SetUint64(rapid.Uint64().Draw(t, "low")))
	if rapid.Bool().Draw(t, "negative") {
		n.Neg(n).Sub(n, big.NewInt(1))
	}
	return n
}

func anyFloat(t *rapid.T) float64 {
	switch rapid.IntRange(0, 3).Draw(t, "kind of float") {
	case 0:
		return float64(rapid.IntRange(-1000, 1000).Draw(t, "n"))
	case 1:
		n := rapid.IntRange(-99999, 99999).Draw(t, "digits")
		return float64(n) * math.Pow10(rapid.IntRange(-25, 25).Draw(t, "exponent"))
	case 2:
		return rapid.SampledFrom([]float64{math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e16, 1e-4,
			math.Nextafter(1e16, 0), math.Nextafter(1e-4, 0), math.MaxFloat64, 5e-324, 1 << 53}).Draw(t, "edge")
	}
	return math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
}

// spell writes v as JSON text in one of the many ways that mean the same.
func spell(t *rapid.T, v any) string {
	space := func() string { return rapid.SampledFrom([]string{"", "", " ", "\n", "\t\r\n "}).Draw(t, "space") }
	var text string
	switch v := v.(type) {
	case string:
		text = spellString(t, v)
	case float64:
		text = spellFloat(t, v)
	case []any:
		parts := []string{}
		for _, e := range v {
			parts = append(parts, spell(t, e))
		}
		text = "[" + space() + strings.Join(parts, ",") + "]"
	case map[string]any:
		parts := []string{}
		for _, name := range rapid.Permutation(sortedNames(v)).Draw(t, "order") {
			parts = append(parts, space()+spellString(t, name)+space()+":"+spell(t, v[name]))
		}
		text = "{" + space() + strings.Join(parts, ",") + "}"
	default:
		text = twin(v)
	}
	return space() + text + space()
}

func spellString(t *rapid.T, s string) string {
	escape := rapid.IntRange(0, 2).Draw(t, "escape") // when needed, sometimes, always
	out := ""
	for _, r := range s {
		switch needed := strings.ContainsRune(`"\`, r) || r < ' '; {
		case !needed && (escape == 0 || escape == 1 && r%2 == 0):
			out += string(r)
		case r == '/':
			out += `\/`
		case r > 0xffff:
			out += fmt.Sprintf(`\u%04X\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			out += fmt.Sprintf(`\u%04X`, r)
		}
	}
	return `"` + out + `"`
}

func spellFloat(t *rapid.T, f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return twinFloat(f)
	}
	switch rapid.IntRange(0, 2).Draw(t, "form") {
	case 0:
		return strings.Replace(strconv.FormatFloat(f, 'E', -1, 64), "+", "", 1)
	case 1:
		if s := strconv.FormatFloat(f, 'f', -1, 64); strings.Contains(s, ".") {
			return s + "00"
		}
	}
	return strconv.FormatFloat(f, 'e', 20, 64)
}

// sample is a value with one spelling of it.
type sample struct {
	value any
	text  string
}

func anySample() *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		v := rapid.OneOf(anyValue(3), rapid.SliceOfN(anyValue(3), 1, 9).AsAny()).Draw(t, "value")
		return sample{v, spell(t, v)}
	})
}

func TestTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySample().Draw(t, "sample")
		want := Value(twin(s.value))
		if got, err := Of(s.value); err != nil || got != want {
			t.Fatalf("Of(%#v) = %s, %v\nwant %s", s.value, got, err, want)
		}
		if got, err := Parse([]byte(s.text)); err != nil || got != want {
			t.Fatalf("Parse(%q) = %s, %v\nwant %s", s.text, got, err, want)
		}
		checkValue(t, want)
	})
}

// checkValue checks what must be true of every canonical value.
func checkValue(t interface{ Fatalf(string, ...any) }, v Value) {
	if !v.IsCanonical() {
		t.Fatalf("%q is not canonical", v)
	}
	decoded, err := v.Decode()
	if err != nil {
		t.Fatalf("Decode(%q): %v", v, err)
	}
	if back, err := Of(decoded); err != nil || back != v {
		t.Fatalf("Of(Decode(%q)) = %q, %v", v, back, err)
	}
	switch x := decoded.(type) {
	case string:
		if s, ok := v.Text(); !ok || s != x {
			t.Fatalf("Text(%q) = %q, %v", v, s, ok)
		}
	case int64:
		if n, ok := v.Int(); !ok || n != x {
			t.Fatalf("Int(%q) = %v, %v", v, n, ok)
		}
	case []any:
		parts := []Value{}
		for e := range v.Elements() {
			parts = append(parts, e)
		}
		if back, err := Of(parts); err != nil || back != v || len(parts) != len(x) {
			t.Fatalf("Elements(%q) = %q", v, parts)
		}
	case map[string]any:
		parts := map[string]Value{}
		for name, e := range v.Members() {
			parts[name] = e
		}
		if back, err := Of(parts); err != nil || back != v || len(parts) != len(x) {
			t.Fatalf("Members(%q) = %q", v, parts)
		}
	}
}
