// Package events holds what travels on the bus: trace events and task results, the
// frames that carry a tick, digests, window requests and verdicts, with their
// MessagePack and JSON forms and the subjects that they are published on.
//
// A frame is MessagePack ([AppendFrame], [FrameDecoder]); the other documents are
// canonical JSON ([Encode], [Decode]). Decoding is strict: whatever is unknown,
// missing, repeated, of another type or left over is an error that names what and
// where. Start at [TraceEvent] and [Frame]; for subjects at [TraceSubject].
//
// The package is pure: it imports no net, os, time or rand.
package events
