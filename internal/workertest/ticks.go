package workertest

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// answersOnce asks twice: an answer too many would stand where the second tick's first
// belongs.
func answersOnce(s *suite) error {
	_, err := s.play(s.tick(0, s.tasks), s.tick(1, s.tasks))
	return err
}

func answersReversed(s *suite) error {
	if len(s.tasks) < 2 {
		return s.few()
	}
	reversed := slices.Clone(s.tasks)
	slices.Reverse(reversed)
	_, err := s.play(s.tick(0, reversed), s.tick(1, s.tasks))
	return err
}

// answersSome asks for one task after the other, each in a message of its own.
func answersSome(s *suite) error {
	if len(s.tasks) < 2 {
		return s.few()
	}
	var messages []worker.Tick
	for _, name := range s.tasks {
		messages = append(messages, s.tick(0, []string{name}))
	}
	_, err := s.play(append(messages, s.tick(1, s.tasks[1:]))...)
	return err
}

// rowsCut compares a tick in one message with the same tick in several.
func rowsCut(s *suite) error {
	if len(s.tasks) < 2 {
		return s.few()
	}
	whole, err := s.play(s.tick(0, s.tasks))
	if err != nil {
		return err
	}
	var messages []worker.Tick
	for _, name := range s.tasks {
		messages = append(messages, s.tick(0, []string{name}))
	}
	parts, err := s.playAll(nil, messages...)
	if err != nil {
		return err
	}
	if d := differ(whole, slices.Concat(parts...)); d != "" {
		return fmt.Errorf("in one message and in %d: %s", len(messages), d)
	}
	return nil
}

// withoutTasks tells results, which nothing answers.
func withoutTasks(s *suite) error {
	_, err := s.play(s.tick(0, nil, told("ers:other", "1")), s.tick(0, nil), s.tick(0, s.tasks), s.tick(1, s.tasks))
	return err
}

// laterTicks begins a run late, and leaves ticks out.
func laterTicks(s *suite) error {
	_, err := s.play(s.tick(1_000_000, s.tasks), s.tick(1_000_001, s.tasks), s.tick(1_000_007, s.tasks))
	return err
}

func largestTick(s *suite) error {
	const largest = 1<<53 - 1
	_, err := s.play(s.tick(largest-1, s.tasks), s.tick(largest, s.tasks))
	return err
}

// together writes messages in one piece, the first without tasks, as ERS does.
func together(s *suite) error {
	apart, err := s.play(s.tick(0, s.tasks, told("ers:other", "1")), s.tick(0, nil, told("ers:late", "2")), s.tick(1, s.tasks))
	if err != nil {
		return err
	}
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	if _, err := s.ask(p, s.tick(0, s.tasks, told("ers:other", "1"))); err != nil {
		return err
	}
	at, err := s.ask(p, s.tick(0, nil, told("ers:late", "2")), s.tick(1, s.tasks))
	if err != nil {
		return err
	}
	if d := differ(apart, at); d != "" {
		return fmt.Errorf("written apart and at once: %s", d)
	}
	return nil
}

// pipelined writes ticks before it reads the answers to the first.
func pipelined(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	_, err = s.ask(p, s.tick(0, s.tasks), s.tick(1, s.tasks), s.tick(2, s.tasks), s.tick(3, s.tasks))
	return err
}

// inPieces writes a message in pieces, each of which is on its way before the next.
func inPieces(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	tick := s.tick(0, s.tasks, told("ers:é😀", `"é😀"`))
	text, err := worker.AppendTick(nil, &tick)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(text, 1+len(text)/97) {
		if err := p.write(piece); err != nil {
			return err
		}
	}
	_, err = p.answers(tick.Tasks)
	return err
}

const manyTicks = 1000

func ticksInARow(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	for n := range int64(manyTicks) {
		if _, err := s.ask(p, s.tick(n, s.tasks)); err != nil {
			return fmt.Errorf("tick %d: %w", n, err)
		}
	}
	return nil
}

// shadowTasks runs the tasks of the shadow lane in a process of their own.
func shadowTasks(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	if len(s.shadow) == 0 {
		return unseen(noShadow)
	}
	first := told("ers:shadow", "1")
	first.Lane = events.Shadow
	_, err := s.play(s.tick(0, s.shadow[:1], told("ers:other", "1")), s.tick(0, s.shadow, first), s.tick(1, s.shadow))
	return err
}

// sameAgain compares two processes that are asked the same.
func sameAgain(s *suite) error { return s.same("a second process") }

func sameElsewhere(s *suite) error {
	return s.same("a process with another time zone and locale", elsewhere...)
}

func (s *suite) same(other string, more ...string) error {
	messages := []worker.Tick{s.tick(0, s.tasks), s.tick(1, s.tasks), s.tick(2, s.tasks)}
	first, err := s.playAll(nil, messages...)
	if err != nil {
		return err
	}
	again, err := s.playAll(more, messages...)
	if err != nil {
		return err
	}
	for i := range first {
		if d := differ(first[i], again[i]); d != "" {
			return fmt.Errorf("tick %d in %s: %s", messages[i].Tick, other, d)
		}
	}
	return nil
}

// contentText is a content that the worker may ask for.
const contentText = "line 1\nline 2\n"

var contentHash = canon.Sum([]byte(contentText)).String()

// content tells of a content, and looks whether a task asks for it.
func content(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	object := canon.Value(fmt.Sprintf(`{"name":"stdout","sha256":%q,"size":%d}`, contentHash, len(contentText)))
	results := []events.TaskResult{told("ers:command", object)}
	if _, err := s.ask(p, s.tick(0, s.all(), results...)); err != nil {
		return err
	}
	if _, err := s.ask(p, s.tick(1, s.tasks)); err != nil {
		return err
	}
	if p.requests == 0 {
		return unseen("no task asks for the content of a result")
	}
	return nil
}
