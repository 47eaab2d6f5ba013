// Package python holds the Python kit: the package ers in the folder ers, which serves
// tasks in Python to ERS and needs nothing but Python 3.9 or newer.
package python

import "embed"

// Kit has the files of the kit, all of them in the folder ers: what `ers init --python`
// copies beside a user's tasks, so that nothing must be installed.
//
//go:embed ers/*.py ers/py.typed
var Kit embed.FS
