package main

import (
	"context"
	"errors"
)

type auditCommand struct {
	stored
	Window uint64 `placeholder:"W" help:"One window alone."`
	JSON   bool   `name:"json" help:"Print the report as a JSON document."`
}

func (c *auditCommand) Run(ctx context.Context, io *streams) error { return errors.New("audit") }
