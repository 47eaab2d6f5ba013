// Command ers is the tool for people. Package internal/cli is what it consists of.
package main

import "abraxas.dev/ers/internal/cli"

func main() { cli.Main() }
