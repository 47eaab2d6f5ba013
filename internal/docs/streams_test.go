package docs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

// operators are the settings of a stream that are nobody's promise.
var operators = []string{"name", "description", "num_replicas", "placement", "compression", "metadata",
	"duplicate_window", "consumer_limits", "mirror_direct"}

// The streams as a server really has them are those of the tables, setting by setting.
func TestStreamTables(t *testing.T) {
	m := readSubjects(t)
	b, err := embedded.Open(t.Context(), embedded.Config{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	common := map[string]any{}
	for _, row := range m.table(t, "settings") {
		var value any
		if err := json.Unmarshal([]byte(code(row[1])[0]), &value); err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		common[code(row[0])[0]] = value
	}
	var listed []string
	for _, row := range m.table(t, "streams") {
		name := code(row[0])[0]
		listed = append(listed, name)
		found := settings(t, b, name)
		republish := "none"
		if r, ok := found["republish"].(map[string]any); ok {
			republish = fmt.Sprintf("`%v` to `%v`", r["src"], r["dest"])
		}
		subjects := fmt.Sprintf("`%v`", strings.Trim(strings.ReplaceAll(fmt.Sprint(found["subjects"]), " ", "` `"), "[]"))
		have := []string{"`" + name + "`", subjects, fmt.Sprintf("`%t`", found["allow_atomic"] == true), fmt.Sprintf("`%t`", found["deny_purge"] == true), republish}
		if !slices.Equal(row, have) {
			t.Errorf("the server has %v, the table %v", have, row)
		}
		checkCommon(t, name, found, common)
	}
	checkListed(t, b, listed)
}

// settings are those of a stream in the names of `nats stream info --json`.
func settings(t *testing.T, b *bus.Bus, name string) map[string]any {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(s.CachedInfo().Config)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]any
	if err := json.Unmarshal(raw, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func checkCommon(t *testing.T, name string, found, common map[string]any) {
	t.Helper()
	for setting, want := range common {
		if got := found[setting]; !reflect.DeepEqual(got, want) && (got != nil || !reflect.ValueOf(want).IsZero()) {
			t.Errorf("%s has %s %v, the table %v", name, setting, got, want)
		}
	}
	for setting, got := range found {
		_, known := common[setting]
		own := slices.Contains([]string{"subjects", "allow_atomic", "deny_purge", "republish"}, setting)
		if zero := got == nil || reflect.ValueOf(got).IsZero(); !known && !own && !zero && !slices.Contains(operators, setting) {
			t.Errorf("%s has %s %v, which no table has", name, setting, got)
		}
	}
}

// checkListed makes sure that no stream is left out.
func checkListed(t *testing.T, b *bus.Bus, listed []string) {
	t.Helper()
	names := b.JetStream().StreamNames(t.Context())
	var found []string
	for name := range names.Name() {
		found = append(found, name)
	}
	if names.Err() != nil || !sameSet(found, listed) {
		t.Errorf("the server has streams %v, the table %v (%v)", found, listed, names.Err())
	}
}
