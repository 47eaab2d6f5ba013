package cli

import (
	"fmt"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// varyFlags say what is varied, and what is fixed.
type varyFlags struct {
	Vary *string `placeholder:"NAMES" help:"What must not matter, and is varied from run to run: standard, none, or names with commas. See docs/variations.md."`
	Fix  *string `placeholder:"NAMES" help:"What every run is to have as plain runs have it: standard, none, or names with commas. It is not varied."`
}

// vary changes the variations of a pipeline, if that is wanted.
func (v *varyFlags) vary(f *pipeline.File) (err error) {
	f.Variations, f.Fixed, err = v.surroundings(f.Definition.Kind, f.Variations, f.Fixed)
	return err
}

// surroundings are what is varied and what is fixed for tasks of a kind. What a flag names counts
// over what was asked for without it.
func (v *varyFlags) surroundings(kind string, varied, fixed []vary.Name) (_, _ []vary.Name, err error) {
	can := program.Variations(kind)
	if v.Vary != nil {
		if varied, err = vary.List(vary.Split(*v.Vary), can); err != nil {
			return nil, nil, fmt.Errorf("--vary: %w", err)
		}
		fixed = vary.Without(fixed, varied)
	}
	if v.Fix != nil {
		if fixed, err = vary.List(vary.Split(*v.Fix), can); err != nil {
			return nil, nil, fmt.Errorf("--fix: %w", err)
		}
		free := vary.Without(varied, fixed)
		if v.Vary != nil && *v.Vary != vary.Standard && len(free) < len(varied) {
			return nil, nil, fmt.Errorf("--fix and --vary both name %s: leave it out of one of them", vary.Text(vary.Without(varied, free)))
		}
		varied = free
	}
	return varied, fixed, nil
}
