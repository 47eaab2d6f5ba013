#!/bin/sh
# Runs the programs of this folder through ERS, twice each with the outputs compared, and under reprotest with diffoscope
# (Debian's packages, with what they recommend for their variations), and prints the table of docs/variations.md:
#
#   sudo sh testdata/drift/compare.sh
#
# Root is needed for the host name and for the order of files, which reprotest varies too.
set -eu
cd "$(dirname "$0")/../.."
command -v reprotest > /dev/null || {
	apt-get update -qq
	apt-get install -y -qq reprotest diffoscope-minimal disorderfs faketime locales-all > /dev/null
} >&2
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/" ./cmd/ers ./internal/corpus/compare
PATH="$bin:$PATH" compare
echo
dpkg-query -W -f '${Package} ${Version}\n' reprotest diffoscope-minimal disorderfs faketime locales-all
python3 --version
go version
date -u +%F
