// Package bench measures ERS on the machine that it runs on. It is what `ers bench`
// does.
//
// Rates hold for one machine on one day. So what is compared is measured in turns
// within one run, A B A B …, and a ratio is the median of the ratios within the
// turns: what slows the machine for a while slows both sides.
//
// bench.go says what is measured and in which order, compete.go takes the turns.
// memory.go and python.go work in memory, throughput.go on a bus, latency.go and live.go
// on a bus at a fixed rate, grow.go on a stream that grows, many.go on streams full of the
// small windows of small.go. raw.go, counter.go and echo.go do what the bus alone is measured
// by, busy.go tells how much of the processors was at work. fleet.go and member.go start the
// services, in this process or in processes of their own, in which role.go is what runs.
// tasks.go has the pipeline that all of them run. workers.go measures tasks in processes,
// pipes.go what they are held against, workshop.go has their files. report.go, table.go,
// workertable.go and manytable.go are what is found.
package bench
