// Command go-tasks is a program with tasks of its own: what customers ordered, day by
// day. See README.md.
package main

import "abraxas.dev/ers/pkg/ers"

// orders is the program's pipeline. pipeline.yaml gives it days and budgets.
var orders = ers.Pipeline{
	Name: "orders",
	Tasks: []ers.Task{
		{Name: "orders:read", Cost: ers.Cost{Ops: 5}, Tags: []string{"orders"}, Run: read},
		{Name: "orders:customers", Priority: 1, Cost: ers.Cost{Ops: 10}, Tags: []string{"orders"}, Run: customers},
		{Name: "orders:change", Priority: 2, Cost: ers.Cost{Ops: 1}, Run: change},
		// What takes how long may differ, and is ignored.
		{Name: "shadow:largest", Lane: ers.Shadow, Cost: ers.Cost{Ops: 2}, Ignore: []string{"value#json:/took_us"}, Run: largest},
	},
}

func main() { orders.Main() }
