// Package pipeline reads pipelines: a YAML file that names tasks written in
// Starlark, and the contexts that they run over.
//
//	f, err := pipeline.Load("pipeline.yaml") // errors.Is(err, program.ErrInvalid): the user's mistake, with its place
//	compiled, fault := starlark.Compile(f.Definition)
//
// A [program.Definition] and [program.Contexts] are what the bus keeps, each as bytes
// that are named by their SHA-256 and hold everything: no file is read after [Load].
// They hold no path of a machine, so that the same pipeline in another folder has the
// same names. How many runs and ticks, and the budgets, are not in them but in the
// window request; see [File.Request]. What makes tasks of Starlark is package starlark.
//
// # The pipeline file
//
//	name: words           # A-Z a-z 0-9 _ -
//	runs: 12              # the default
//	ticks: 3              # the default: one a context
//	first_tick: 0         # the default
//	budget: {forecast: {ops: 50, entropy: 1}, shadow: {ops: 20}} # entropy: 0 is the default
//	                      # or budgets: {tight: {forecast: …, shadow: …}, generous: …}, a window each
//	context: {text: hello there}   # of every tick; the default is {}
//	tasks:
//	  - name: words:count          # any text
//	    lane: forecast             # or shadow
//	    priority: 0                # the default; lower first
//	    cost: {ops: 10}            # the default: 0 ops, 0 entropy
//	    tags: [words]              # the default: none
//	    steps: 10000000            # the default, see below
//	    starlark: |
//	      def run(ctx):
//	          return {"words": len(ctx.context["text"].split())}
//
// In place of context, contexts gives one a tick: a list of objects, {file:
// ticks.jsonl} for JSON Lines, or {text: notes.md} for a text, of which each
// paragraph makes {"text": …}. One context serves any number of ticks. In place of
// starlark, starlark_file names a file. Paths are relative to the pipeline file.
//
// The YAML is YAML 1.2 with the core schema: 1 and 1.0 differ, yes and 2001-02-03
// are strings. What readers of YAML disagree about or what hides something is an
// error: unknown and repeated keys, keys that are not strings, numbers such as 010
// and 1_000, tags such as !!binary, merge keys, several documents. Anchors and
// aliases may be used. Line ends of all files are read as \n.
//
// # Tasks
//
// A task is a Starlark file with a function run(ctx). What it returns is its value:
// None, booleans, integers of any size, floats, strings, lists, tuples (as lists)
// and dicts with string keys. It is shown, read-only:
//
//   - ctx.tick, the number of the tick, and ctx.context, its context
//   - ctx.results, a dict from the name of each task that ran before it in this tick
//     to its result: .status ("ok", "skipped_budget", "error", "not_computable"),
//     .value (None unless ok) and .error ("" unless error or not_computable).
//     Forecast tasks do not see shadow tasks.
//   - ctx.previous, likewise the forecast results of the previous tick of the run
//
// Dicts that come from a context or a result are sorted by key. fail("why") makes
// the status error, not_computable("why") makes it not_computable; other errors are
// error too. Error texts of Starlark end with the place, as in "floored division by
// zero (count.star:3:20)": the name of the starlark_file without its folder or, for
// Starlark in the pipeline file, the task's name and the line in the block.
//
// The dialect is Starlark's own with set and the module math, without while,
// recursion and load; json.encode(x) gives canonical JSON, json.decode(text[,
// default]) reads JSON. Nothing in it tells one run from another: no clock, no
// randomness, no addresses; globals are frozen, dicts and sets keep the order of
// insertion, print prints nothing. The functions of math (exp, log, pow, sin, …) give
// the nearest float but for about one argument in a billion, and the same bits on every
// kind of processor.
//
// A task stops with an error after steps steps; for the default a runaway loop takes
// some tenths of a second. Steps bound neither memory nor what one operation does;
// Starlark itself refuses to repeat a string or a list to 2^30 elements at a stroke,
// and a value larger than scheduler.MaxValue is an error. The services evaluate tasks in
// processes of their own (package evaluator), which may take 1 GiB of memory where no
// --evaluator-memory says otherwise: a run whose tick ends two of them is given up, and its
// window is inconclusive. What takes time alone is waited for until the window is no
// longer wanted. [Load] runs what stands outside of functions in the process that
// calls it.
//
// Files that the pipeline file names are regular ones, after following links, of a size
// that is known before they are read. Any path is good, and what is in them goes onto the
// bus: a pipeline is code, run only those that you trust with the files that you can read.
package pipeline
