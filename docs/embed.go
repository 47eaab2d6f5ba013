// Package docs holds what the tool takes along of the documentation.
package docs

import _ "embed"

// PipelineSchema is the JSON Schema of pipeline files, draft 2020-12. What it accepts may
// still be refused, by rules that no schema can hold; what it refuses is refused.
//
//go:embed pipeline.schema.json
var PipelineSchema []byte
