package daemon

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"
)

// ChooseServer settles where the streams are when the command line and the environment say
// different things: a flag counts more than NATS_URL, and say is told so. Two flags that
// contradict each other are an error.
func ChooseServer(command *kong.Context, say func(text string)) error {
	given := make(map[string]bool)
	for _, part := range command.Path {
		if part.Flag != nil {
			given[part.Flag.Name] = true
		}
	}
	own := "" // a flag of an embedded server, or of the streams that one kept
	for _, name := range []string{"listen", "store"} {
		if given[name] {
			own = "--" + name
		}
	}
	for _, flag := range command.Flags() {
		if !slices.Contains(flag.Envs, "NATS_URL") || own == "" || flag.Target.String() == "" {
			continue
		}
		if given["nats"] {
			return fmt.Errorf("%s is for a server of its own, and --nats names another one: leave out one of them", own)
		}
		flag.Target.SetString("")
		say(fmt.Sprintf("NATS_URL is not used here: %s says where the streams are", own))
	}
	return nil
}
