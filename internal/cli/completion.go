package cli

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// The scripts ask `ers complete` what may stand there, so that they fit the ers that is
// installed. Its answer has a candidate a line, with what it is behind a tab, and a line
// :files or :dirs where the shell is to complete the names of these.
var (
	//go:embed completion/ers.bash
	bashScript string
	//go:embed completion/ers.zsh
	zshScript string
	//go:embed completion/ers.fish
	fishScript string
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (*completionCommand) examples() string {
	return `  source <(ers completion bash)                in ~/.bashrc
  source <(ers completion zsh)                 in ~/.zshrc, below compinit
  ers completion fish > ~/.config/fish/completions/ers.fish
`
}

func (c *completionCommand) Run(io *streams) error {
	script := map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[c.Shell]
	_, err := io.out.Write([]byte(script))
	return err
}

// completeCommand answers the scripts.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words of the command line up to the cursor, without ers."`
}

func (c *completeCommand) Run(io *streams, k *kong.Context) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, candidate := range complete(k.Model.Node, joinEquals(words)) {
		fmt.Fprintln(io.out, candidate)
	}
	return nil
}

// joinEquals puts together what bash takes apart: --store=data comes as three words.
func joinEquals(words []string) (list []string) {
	for i, word := range words {
		last := len(list) - 1
		joins := last >= 0 && strings.HasPrefix(list[last], "--")
		switch {
		case joins && word == "=" && !strings.Contains(list[last], "="):
			list[last] += "="
		case joins && i > 0 && words[i-1] == "=" && strings.HasSuffix(list[last], "="):
			list[last] += word
		default:
			list = append(list, word)
		}
	}
	return list
}

// complete returns what the last word may be, by those before it.
func complete(node *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, current := words[:len(words)-1], words[len(words)-1]
	given := make(map[string]bool)
	var value *kong.Flag // whose value comes next
	arguments := 0
	for _, word := range before {
		child := findCommand(node, word)
		switch {
		case value != nil:
			value = nil
		case word == "--":
			return []string{":files"}
		case strings.HasPrefix(word, "-") && word != "-":
			name, _, whole := strings.Cut(word, "=")
			if flag := findFlag(node, name); flag != nil {
				given["--"+flag.Name] = true
				if !flag.IsBool() && !whole {
					value = flag
				}
			}
		case child != nil && child.Name == "help": // which explains the words behind it
		case child != nil:
			node, arguments = child, 0
		default:
			arguments++
		}
	}
	name, begun, whole := strings.Cut(current, "=")
	switch {
	case value != nil:
		return valuesOf(value.Value, current)
	case strings.HasPrefix(current, "-") && whole:
		if flag := findFlag(node, name); flag != nil {
			return valuesOf(flag.Value, begun)
		}
		return nil
	case strings.HasPrefix(current, "-"):
		return flagCandidates(node, current, given)
	}
	return argumentCandidates(node, current, arguments)
}

func findCommand(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

func findFlag(node *kong.Node, name string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			if "--"+flag.Name == name || flag.Short != 0 && "-"+string(flag.Short) == name {
				return flag
			}
		}
	}
	return nil
}

func flagCandidates(node *kong.Node, begun string, given map[string]bool) (list []string) {
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			if name := "--" + flag.Name; strings.HasPrefix(name, begun) && !given[name] {
				list = append(list, explained(name, flag.Help))
			}
		}
	}
	return list
}

// argumentCandidates are the commands below a node and the values of its next argument.
func argumentCandidates(node *kong.Node, begun string, arguments int) (list []string) {
	for _, child := range node.Children {
		if !child.Hidden && strings.HasPrefix(child.Name, begun) {
			list = append(list, explained(child.Name, child.Help))
		}
	}
	if arguments < len(node.Positional) {
		list = append(list, valuesOf(node.Positional[arguments], begun)...)
	}
	return list
}

// valuesOf are what a flag or an argument may be.
func valuesOf(v *kong.Value, begun string) (list []string) {
	if v.Enum != "" {
		for _, word := range v.EnumSlice() {
			if word != "" && strings.HasPrefix(word, begun) {
				list = append(list, word)
			}
		}
		return list
	}
	folder := v.Tag.Type == "existingdir" || v.Tag.PlaceHolder == "DIR" || v.Name == "dir"
	switch {
	case folder:
		return []string{":dirs"}
	case v.Tag.Type == "path" || v.Tag.Type == "existingfile" || v.Tag.PlaceHolder == "FILE":
		return []string{":files"}
	}
	return nil
}

// explained is a candidate with the first sentence of its help.
func explained(word, help string) string {
	help, _, _ = strings.Cut(strings.ReplaceAll(help, "\n", " "), ". ")
	return word + "\t" + strings.TrimSuffix(help, ".")
}
