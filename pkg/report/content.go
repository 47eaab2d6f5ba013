package report

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
)

// Place says in what of a command's output a difference is, as people call it: "stdout,
// line 4", "file out.vcf, line 12", "stdout, JSON /meta/date", "exit status". For a
// difference in something else it is the pointer.
func Place(d *events.Divergence) string {
	c := d.Content
	if c == nil && d.Kind == events.KindRestart {
		d = betweenRuns(d)
	}
	if c == nil {
		return d.Pointer
	}
	place := contentName(c)
	if c.Line > 0 {
		place += fmt.Sprintf(", line %d", c.Line)
	}
	switch as := content.As(c.As); {
	case c.Equal:
		place += ", the same JSON in other bytes"
	case as == content.JSON || as == content.JSONL && c.Column == 0 && c.Expected != nil && c.Found != nil || c.Pointer != "":
		place = strings.TrimSuffix(fmt.Sprintf("%s, JSON %s", place, name(c.Pointer)), " ")
	case as == content.Bytes:
		place += fmt.Sprintf(", byte %d", c.Offset)
	case isCut(c.Expected) || isCut(c.Found):
		place += fmt.Sprintf(", column %d", c.Column)
	}
	return place
}

// contentName is what a difference is in, without where in it.
func contentName(c *events.Content) string {
	if path, ok := strings.CutPrefix(c.Name, "file:"); ok {
		return "file " + name(path)
	}
	if c.Name == "exit" {
		return "exit status"
	}
	return name(c.Name)
}

// inWords are the groups of a verdict; those that differ in the same as its divergence
// have the name of that in place of a pointer.
func inWords(v *events.Verdict) []events.Group {
	d := v.Divergence
	if d == nil || d.Content == nil {
		return v.Groups
	}
	groups := slices.Clone(v.Groups)
	for i := range groups {
		if l := groups[i].Differs; l != nil && l.Task == d.Task && l.Pointer == d.Pointer {
			named := *l
			named.Pointer = contentName(d.Content)
			groups[i].Differs = &named
		}
	}
	return groups
}

// isCut tells whether what is shown begins within a line.
func isCut(s *string) bool { return s != nil && strings.HasPrefix(*s, "…") }

// Shown is what both sides have at [Place]: lines, values or bytes of a command's output,
// else what stands at the pointer.
func Shown(d *events.Divergence) (expected, found events.Side) {
	expected, found = d.Expected, d.Found
	if c := d.Content; c != nil && (c.Expected != nil || c.Found != nil) {
		for _, x := range []struct {
			side *events.Side
			text *string
		}{{&expected, c.Expected}, {&found, c.Found}} {
			x.side.Canonical, x.side.Present = "", x.text != nil
			if x.text != nil {
				x.side.Canonical = *x.text
			}
		}
	}
	return expected, found
}

// Sides is what both sides have at [Place], as people read it.
func Sides(d *events.Divergence) (expected, found string) {
	c := d.Content
	if c == nil || c.Expected == nil && c.Found == nil { // or JSON in other bytes, which are not kept
		return sideText(&d.Expected), sideText(&d.Found)
	}
	return contentSide(c, c.Expected), contentSide(c, c.Found)
}

func contentSide(c *events.Content, s *string) string {
	switch {
	case s == nil && c.As == "":
		return "(not made or changed)"
	case s == nil:
		return "(nothing)"
	case c.As == string(content.Text) || c.Equal || c.As == string(content.JSONL) && c.Pointer == "" && c.Column > 0:
		return quote(*s)
	}
	return clean(*s)
}

// inContent says what became of a command's output.
func inContent(d *events.Divergence) string {
	c := d.Content
	expected, found := Sides(d)
	place := Place(d)
	switch {
	case c.Equal:
		return place
	case c.Found == nil && c.As == "":
		return place + " was not made or changed"
	case c.Found == nil:
		return "no " + place
	case c.Expected == nil && c.As == "":
		return place + " was made or changed"
	case c.Expected == nil:
		return "an additional " + place
	case c.As == string(content.Bytes) || max(width(expected), width(found)) > shortText:
		return place + " differs"
	}
	return fmt.Sprintf("%s: %s, not %s", place, found, expected)
}
