package cli

import "abraxas.dev/ers/docs"

type schemaCommand struct{}

func (*schemaCommand) examples() string {
	return `  ers schema > pipeline.schema.json            and in the pipeline's first line, for an editor with the YAML language server:
                                               # yaml-language-server: $schema=pipeline.schema.json
`
}

func (*schemaCommand) Run(io *streams) error {
	_, err := io.out.Write(docs.PipelineSchema)
	return err
}
