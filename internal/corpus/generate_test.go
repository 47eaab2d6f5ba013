package corpus

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// generator writes a pipeline of tasks that are clean, by a seed and a number. JSON is
// YAML, so it writes that.
type generator struct {
	*rand.Rand
	number int
	names  []string // of the forecast tasks so far
}

func newGenerator(seed uint64, number int) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, uint64(number))), number: number}
}

type object = map[string]any

// write writes the pipeline file, and beside it what it names.
func (g *generator) write(dir, path string) error {
	python := g.number%10 == 9
	tasks, cost := []object{}, 0
	for i := range 1 + g.IntN(6) {
		t := object{
			"name": fmt.Sprintf("%s %d", g.pick("count", "größe", "score", "a/b~c", "日"), i), "lane": g.pick("forecast", "forecast", "shadow"),
			"priority": g.IntN(3), "cost": object{"ops": g.IntN(20), "entropy": g.IntN(2)}, "tags": []string{"t", g.pick("a", "b")}[:g.IntN(3)],
		}
		if cost += 10; python {
			t["command"] = object{"run": []string{"python3", "-S", "task.py", fmt.Sprint(g.IntN(100))}, "files": []string{"task.py"}}
		} else {
			t["starlark"] = g.starlark()
		}
		if t["lane"] == "forecast" {
			g.names = append(g.names, t["name"].(string))
		}
		tasks = append(tasks, t)
	}
	budget := func() object { return object{"ops": g.IntN(2 * cost), "entropy": g.IntN(4)} }
	contexts := make([]object, 1+g.IntN(4))
	for i := range contexts {
		contexts[i] = object{"text": g.text(), "n": g.IntN(1000) - 500, "list": []any{g.Float64(), g.IntN(9), nil, true, g.text()}}
	}
	runs := 2 + g.IntN(11)
	if python {
		runs, contexts = 3, contexts[:1]
		if err := os.WriteFile(filepath.Join(dir, "task.py"), []byte(pythonTask), 0o600); err != nil {
			return err
		}
	}
	data, err := json.Marshal(object{
		"name": fmt.Sprintf("random-%d", g.number), "runs": runs, "first_tick": g.IntN(100), "contexts": contexts,
		"budget": object{"forecast": budget(), "shadow": budget()}, "tasks": tasks,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// pythonTask does in a clean way what drifts in others: sets, hashes, sums, samples.
const pythonTask = `import hashlib, json, math, random, sys
tick = json.load(sys.stdin)
draw = random.Random(int(sys.argv[1]))
words = sorted(set(tick["context"]["text"].split()))
parts = {w: draw.uniform(-1e9, 1e9) for w in words}
print(json.dumps({"words": words, "sum": math.fsum(parts[w] for w in set(words)), "tick": tick["tick"],
    "shards": [hashlib.sha256(w.encode()).digest()[0] for w in words], "seen": sorted(tick["results"])}))
open("made.txt", "w").write("\n".join(words))
`

// starlark writes a task. What it refers to may be missing, of another type or skipped:
// then the task's error is what must be the same in all runs.
func (g *generator) starlark() string {
	var b strings.Builder
	b.WriteString("def run(ctx):\n    kept = {}\n")
	for i := range 1 + g.IntN(4) {
		fmt.Fprintf(&b, "    kept[%q] = %s\n", g.pick("z", "a", "mean", "ü")+fmt.Sprint(i), g.expression(3))
	}
	switch g.IntN(8) {
	case 0:
		fmt.Fprintf(&b, "    if ctx.tick %% 2 == 0:\n        fail(\"no rows: \" + str(%s))\n", g.expression(1))
	case 1:
		b.WriteString("    if ctx.context[\"n\"] < 0:\n        not_computable(\"n is \" + str(ctx.context[\"n\"]))\n")
	}
	b.WriteString("    return " + g.pick("kept", "kept", "list(kept.keys())", "sorted(kept.keys())", "json.encode(kept)", "[kept, kept]") + "\n")
	return b.String()
}

func (g *generator) expression(depth int) string {
	if depth == 0 {
		return g.leaf()
	}
	e := func() string { return g.expression(depth - 1) }
	switch g.IntN(12) {
	case 0:
		return "[" + e() + ", " + e() + "]"
	case 1:
		return "{" + fmt.Sprintf("%q", g.pick("k", "é", "")) + ": " + e() + "}"
	case 2:
		return "str(" + e() + ")"
	case 3:
		return "(" + e() + ") == (" + e() + ")"
	case 4:
		return "[(x, len(x)) for x in ctx.context[\"text\"].split()]"
	case 5:
		return "json.encode(" + e() + ")"
	case 6:
		return "len(set(ctx.context[\"text\"].split()))"
	case 7:
		return "ctx.context[\"n\"] " + g.pick("+", "-", "*", "//", "%", "/") + " " + g.numeral()
	case 8:
		return "sorted(ctx.context.keys())"
	case 9:
		return "math.sqrt(ctx.tick + " + g.numeral() + ")"
	case 10:
		return "(" + e() + ") if ctx.tick % 2 else (" + e() + ")"
	}
	return g.leaf()
}

func (g *generator) leaf() string {
	if len(g.names) > 0 && g.IntN(3) == 0 {
		name := fmt.Sprintf("%q", g.names[g.IntN(len(g.names))])
		return g.pick("ctx.results["+name+"].value", "ctx.results.get("+name+").status", "(ctx.previous["+name+"].error if "+name+" in ctx.previous else \"\")")
	}
	return g.pick("None", "True", "ctx.tick", "ctx.context[\"list\"]", "ctx.context[\"n\"]", "ctx.context[\"text\"]", "-0.0", "1 << 90", "float(\"nan\")", "1e300 * 1e10", g.numeral())
}

// numeral is a number, now and then 0.
func (g *generator) numeral() string { return g.pick("7", "0", "0.1", "1e16", "3.0", "2") }

func (g *generator) text() string {
	words := make([]string, 1+g.IntN(6))
	for i := range words {
		words[i] = g.pick("to", "be", "or", "not", "naïve", "\U0001f600", "\"quoted\"", "tab\t", "\u2028")
	}
	return strings.Join(words, " ")
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }
