// Package process starts the commands of users apart from the rest.
package process
