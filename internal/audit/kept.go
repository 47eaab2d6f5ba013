package audit

import (
	"errors"
	"fmt"
)

// keptObject is an object that a frame names.
type keptObject struct{ task, name, sha string }

// readKept reads what a frame says of contents that are kept outside it.
func readKept(r *reader) (objects []keptObject, err error) {
	list, err := r.want(isArray)
	if err == nil && list.n == 0 {
		return nil, errors.New("none, which is said by leaving it out")
	}
	for i := int64(0); i < list.n && err == nil; i++ {
		var o keptObject
		if o, err = readKeptOne(r); err != nil {
			err = fmt.Errorf("%d: %w", i, err)
		}
		objects = append(objects, o)
	}
	return objects, err
}

func readKeptOne(r *reader) (o keptObject, err error) {
	if err := wantFields(r, 4); err != nil {
		return o, err
	}
	for _, field := range []struct {
		name string
		to   *string
	}{{"task", &o.task}, {"name", &o.name}, {"sha256", &o.sha}} {
		if err := r.name(field.name); err != nil {
			return o, err
		}
		*field.to, err = r.text()
		if err == nil && (*field.to == "" || field.name == "sha256" && !isHash(o.sha)) {
			err = fmt.Errorf("%s is %.80q", field.name, *field.to)
		}
		if err != nil {
			return o, err
		}
	}
	if err := r.name("size"); err != nil {
		return o, err
	}
	size, err := r.natural()
	if err == nil && size > 1<<62 {
		err = fmt.Errorf("size is %d", size)
	}
	return o, err
}
