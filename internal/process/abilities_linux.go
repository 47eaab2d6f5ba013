package process

import (
	"os"
	"path/filepath"
	"sync"
)

// Look finds out what this kernel allows this user, by really trying. It looks once.
var Look = sync.OnceValue(look)

func look() Abilities {
	no := func(err error) Abilities {
		a := Ability{Why: err.Error()}
		return Abilities{a, a, a}
	}
	c, err := take()
	if err != nil {
		return no(err)
	}
	c.give()
	a := Abilities{Mounts: c.mounts, Overlay: c.mounts, Network: c.mounts}
	if !c.mounts.OK {
		return a
	}
	dir, err := os.MkdirTemp("", "ers-look-")
	if err != nil {
		return no(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return no(err)
	}
	spec := Spec{Command: []string{dir}, Dir: filepath.Join(dir, "lower"), Network: NetworkRequired}
	for _, name := range []string{"lower", "upper", "work"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return no(err)
		}
	}
	had, err := Try(spec)
	a.Network = ability(had.Network, err)
	spec.Network, spec.Overlay = NetworkAsGiven, &Overlay{spec.Dir, filepath.Join(dir, "upper"), filepath.Join(dir, "work")}
	had, err = Try(spec)
	a.Overlay = ability(had.Folder, err)
	return a
}

func ability(how string, err error) Ability {
	if err != nil {
		return Ability{Why: err.Error()}
	}
	return Ability{true, how}
}
