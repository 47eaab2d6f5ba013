//go:build !amd64 && !arm64

package process

import "runtime"

// filterCalls says that there is no filter: the numbers of the calls are not known here.
func filterCalls(bool) string { return notFiltered + "there is no filter for " + runtime.GOARCH }
