package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"abraxas.dev/ers/pkg/ers"
)

// order is one of a day's.
type order struct {
	Customer string `json:"customer"`
	Cents    int64  `json:"cents"`
}

func ordersOf(ctx *ers.Ctx) ([]order, error) {
	var day struct{ Orders []order }
	err := ctx.Decode(&day)
	return day.Orders, err
}

// read makes sure of the day's orders, and sums them up.
func read(ctx *ers.Ctx) (any, error) {
	list, err := ordersOf(ctx)
	if err != nil {
		return nil, err
	}
	cents := int64(0)
	for i, o := range list {
		if o.Customer == "" || o.Cents <= 0 {
			return nil, fmt.Errorf("order %d is of nobody, or costs nothing", i+1)
		}
		cents += o.Cents
	}
	return map[string]any{"orders": len(list), "cents": cents}, nil
}

// total is what a customer ordered on a day.
type total struct {
	Customer string `json:"customer"`
	Cents    int64  `json:"cents"`
}

// customers lists what each customer ordered.
func customers(ctx *ers.Ctx) (any, error) {
	if r, _ := ctx.Result("orders:read"); r.Status != ers.OK {
		return nil, ers.ErrNotComputable("the orders are not good")
	}
	list, err := ordersOf(ctx)
	if err != nil {
		return nil, err
	}
	return ers.JSON(totals(list))
}

// totals sums up by customer. A map has no order of its own: with ORDERS_DRIFT set the
// mistake of taking it as it comes is made, to show what ERS says then.
func totals(list []order) []total {
	cents := make(map[string]int64)
	for _, o := range list {
		cents[o.Customer] += o.Cents
	}
	var all []total
	for customer, sum := range cents {
		all = append(all, total{customer, sum})
	}
	if os.Getenv("ORDERS_DRIFT") == "" {
		slices.SortFunc(all, func(a, b total) int {
			return cmp.Or(cmp.Compare(b.Cents, a.Cents), strings.Compare(a.Customer, b.Customer))
		})
	}
	return all
}

// change is how much more was ordered than the day before, in cents.
func change(ctx *ers.Ctx) (any, error) {
	before, ok := ctx.Previous("orders:read")
	if !ok {
		return nil, ers.ErrNotComputable("there is no day before")
	}
	now, _ := ctx.Result("orders:read")
	var a, b struct{ Cents int64 }
	if err := ers.Decode(before.Value, &a); err != nil {
		return nil, err
	}
	if err := ers.Decode(now.Value, &b); err != nil {
		return nil, err
	}
	return b.Cents - a.Cents, nil
}

// largest finds the day's largest order, which no forecast task hears of.
func largest(ctx *ers.Ctx) (any, error) {
	begun := time.Now()
	list, err := ordersOf(ctx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	found := slices.MaxFunc(list, func(a, b order) int { return cmp.Compare(a.Cents, b.Cents) })
	return map[string]any{"customer": found.Customer, "cents": found.Cents, "took_us": time.Since(begun).Microseconds()}, nil
}
