package auth

import (
	"slices"
	"strings"
)

// Matrix is the table as a table of Markdown, for the documents.
func Matrix() string {
	rows := []string{
		"| role | account | writes | reads one by one | reads by consumers | hears | takes | asks services | is one |",
		"|---|---|---|---|---|---|---|---|---|",
	}
	for i := range table {
		d := &table[i]
		cells := []string{"`" + string(d.role) + "`", "the streams'", quoted(d.writes), all(d.reads), all(d.consumes), all(d.hears), "", "", quoted(nonEmpty(d.serves))}
		if d.apart {
			cells[1] = "its own"
		}
		if d.all {
			cells[2], cells[3], cells[4], cells[5] = quoted([]string{"ers.>", objectSubjects + ">", api + ">"}), "all", "all", quoted([]string{"ers.>", objectSubjects + ">"})
		}
		if d.queue {
			cells[6] = "windows"
		}
		if d.asks || d.all {
			cells[7] = "yes"
		}
		for i, cell := range cells {
			if cell == "" {
				cells[i] = "–"
			}
		}
		rows = append(rows, "| "+strings.Join(cells, " | ")+" |")
	}
	return strings.Join(rows, "\n") + "\n"
}

// all is quoted, shorter where a list is one that has a name.
func all(list []string) string {
	switch {
	case slices.Equal(list, streams):
		return "all"
	case slices.Equal(list, documents):
		return "all but objects"
	case slices.Equal(list, liveSubjects):
		return "all documents"
	}
	return quoted(list)
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func quoted(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "`" + strings.Join(list, "` `") + "`"
}
