package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/worker"
)

type versionCommand struct {
	JSON bool `name:"json" help:"Print it as JSON."`
}

func (*versionCommand) examples() string {
	return `  ers version
  ers version --json | jq -r .revision
`
}

// version is what a build is and what it speaks.
type version struct {
	Version   string   `json:"version"`            // of the module; "(devel)" for a build from a work tree
	Revision  string   `json:"revision,omitempty"` // of the version control system; "" when it is not known
	Modified  bool     `json:"modified,omitempty"` // the work tree had changes
	Go        string   `json:"go"`
	Platform  string   `json:"platform"`  // os/arch
	Protocols []string `json:"protocols"` // of bytes, rules and workers
	Documents []string `json:"documents"` // schemas on the bus that are written and read
	Frame     int      `json:"frame"`     // the version of trace frames
}

func currentVersion() version {
	v := version{
		Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Protocols: []string{canon.Scheme, rules.Version, worker.Protocol},
		Documents: []string{program.DefinitionSchema, events.WindowSchema, events.ControlSchema, events.HandoutSchema, events.PrunedSchema, events.ArchiveSchema, events.DigestSchema, events.VerdictSchema},
		Frame:     events.FrameVersion,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (c *versionCommand) Run(io *streams) error {
	v := currentVersion()
	if c.JSON {
		return printJSON(io, v)
	}
	revision := v.Revision
	switch {
	case revision == "":
		revision = "not known"
	case v.Modified:
		revision += ", changed"
	}
	_, err := fmt.Fprintf(io.out, "ers %s\n\n  revision   %s\n  built with %s for %s\n  speaks     %s, frames v%d\n  documents  %s\n",
		v.Version, revision, v.Go, v.Platform, strings.Join(v.Protocols, ", "), v.Frame, strings.Join(v.Documents, ", "))
	return err
}
