package flags

import "regexp"

// wordings replace what kong says of a flag's value.
var wordings = []struct {
	kong  *regexp.Regexp
	plain string
}{
	{regexp.MustCompile(`expected \S+ value but got "EOL" \(<EOL>\)|missing value, expecting .*`), "a value is missing behind it"},
	{regexp.MustCompile(`expected \S+ value but got (".*") \(.* flag\); perhaps try (--[^=]+)=(.*)\?$`), "a value is missing behind it: $1 looks like another flag, and if it is the value, write $2=$3"},
	{regexp.MustCompile(`bool value must be .* but got (".*")$`), "$1 is not true or false"},
}

// Plain is an error of kong's in plain words.
func Plain(text string) string {
	for _, w := range wordings {
		text = w.kong.ReplaceAllString(text, w.plain)
	}
	return text
}
