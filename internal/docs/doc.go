// Package docs has no code but tests. They keep true what is written for people who
// do not read code: README.md, subjects.md, docker-compose.yml and the Dockerfile.
//
// markdown_test.go finds the examples and tables of subjects.md and its parts by their marks: a
// fenced block by the words behind ```, a table by the comment above it. live_test.go
// runs the windows of the examples through the real services and compares, or with
// -update-subjects writes the examples anew. hash_test.go, fields_test.go and
// streams_test.go compare the rest with the code, pipeline_test.go the keys of the
// pipeline file with their schema, compose_test.go the files of the
// containers. readme_test.go runs the commands of README.md, nats_test.go every line of
// the documents that calls the nats CLI.
package docs
