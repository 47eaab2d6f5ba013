package pipeline

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"abraxas.dev/ers/internal/size"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
)

// maxInlineInput is the longest standard input that is written into a pipeline file.
const maxInlineInput = 4 << 10

// WriteCommand writes the pipeline file of one command, of which [Load] makes the same
// pipeline. input is its standard input; inputFile names the file that has it, for one
// that does not go into the pipeline file, see [InlineInput].
func WriteCommand(f *File, input []byte, inputFile string) ([]byte, error) {
	d := f.Definition
	if len(d.Tasks) != 1 || d.Tasks[0].Command == nil {
		return nil, fmt.Errorf("pipeline %s is not one of a single command", d.Name)
	}
	t := &d.Tasks[0]
	lane := func() yaml.MapSlice { return yaml.MapSlice{{Key: "ops", Value: 0}, {Key: "entropy", Value: 0}} }
	task := yaml.MapSlice{{Key: "name", Value: t.Name}, {Key: "lane", Value: t.Lane.String()}, {Key: "command", Value: commandNode(t.Command, input, inputFile)}}
	for _, do := range []rules.Action{rules.Ignore, rules.Rounds} {
		var list []string
		for _, r := range t.Rules {
			if r.Do == do {
				list = append(list, r.String())
			}
		}
		task = with(task, string(do), list)
	}
	file := yaml.MapSlice{{Key: "name", Value: d.Name}, {Key: "runs", Value: f.Runs}, {Key: "ticks", Value: f.Ticks}}
	file = with(file, "variations", f.Variations)
	return yaml.MarshalWithOptions(append(file, yaml.MapSlice{
		{Key: "budget", Value: yaml.MapSlice{{Key: "forecast", Value: lane()}, {Key: "shadow", Value: lane()}}},
		{Key: "tasks", Value: []yaml.MapSlice{task}},
	}...), yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
}

// InlineInput tells whether a standard input goes into the pipeline file.
func InlineInput(input []byte) bool {
	return len(input) <= maxInlineInput && utf8.Valid(input) && !strings.ContainsAny(string(input), "\x00\r")
}

func commandNode(c *program.Command, input []byte, inputFile string) yaml.MapSlice {
	node := yaml.MapSlice{{Key: "run", Value: c.Command}}
	if inputFile != "" {
		node = append(node, yaml.MapItem{Key: "stdin", Value: yaml.MapSlice{{Key: "file", Value: inputFile}}})
	} else {
		node = append(node, yaml.MapItem{Key: "stdin", Value: string(input)})
	}
	var env yaml.MapSlice
	for _, v := range c.Env {
		env = append(env, yaml.MapItem{Key: v.Name, Value: v.Value})
	}
	if env != nil {
		node = append(node, yaml.MapItem{Key: "env", Value: env})
	}
	node = with(node, "pass", c.Pass)
	add := func(key string, value any, there bool) {
		if there {
			node = append(node, yaml.MapItem{Key: key, Value: value})
		}
	}
	add("dir", c.Dir, c.Dir != "")
	add("in_place", c.InPlace, c.InPlace)
	add("setup", c.Setup, c.Setup != "")
	add("probe", c.Probe, c.Probe != "")
	node = with(with(node, "out", c.Out), "as", c.As)
	add("expect_exit", c.ExpectExit, c.ExpectExit != 0)
	add("memory", size.Format(c.Memory), c.Memory != 0)
	add("processes", c.Processes, c.Processes != 0)
	add("disk", size.Format(c.Disk), c.Disk != 0)
	add("timeout", fmt.Sprintf("%dms", c.Timeout), c.Timeout != program.DefaultTimeout)
	add("network", c.Network == program.NetworkOn, c.Network != program.NetworkAuto)
	return node
}

func with[S ~string](node yaml.MapSlice, key string, list []S) yaml.MapSlice {
	if len(list) == 0 {
		return node
	}
	return append(node, yaml.MapItem{Key: key, Value: list})
}
