package vary

import "slices"

// Union are the names of both lists, each once, in the order of [All].
func Union(a, b []Name) []Name {
	return only(func(name Name) bool { return slices.Contains(a, name) || slices.Contains(b, name) })
}

// Without are the names of a that are not in b, in the order of [All].
func Without(a, b []Name) []Name {
	return only(func(name Name) bool { return slices.Contains(a, name) && !slices.Contains(b, name) })
}

func only(wanted func(Name) bool) (list []Name) {
	for _, name := range All {
		if wanted(name) {
			list = append(list, name)
		}
	}
	return list
}
