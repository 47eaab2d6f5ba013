// Package aalviz makes the documents that AAL-Viz and other viewers of the Abraxas
// artifacts read: TrendPack.v0 and RunStability.v0, which also travel on ers.viz.>,
// and RunHeader.v0, ResultsPack.v0, RunIndex.v0, ViewPack.v0, StabilityRef.v0 and
// Manifest.v0, which `ers export` writes beside them.
//
// Each document is a struct whose fields are exactly its members; [events.Encode]
// gives its canonical JSON, [events.Decode] reads it back. Start at [NewTrendPack]
// and [NewStability].
//
// The package is pure: equal input gives equal bytes. It imports no net, os, time or
// rand.
package aalviz
