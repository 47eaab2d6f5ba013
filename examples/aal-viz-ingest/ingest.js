#!/usr/bin/env node
// Follows the AAL-Viz feed and the verdicts of ERS and prints a line for each message.
// Start reading at main(). What a viewer would do with a message is in describe().

import { parseArgs } from "node:util";
import { connect, nanos } from "@nats-io/transport-node";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";

const usage = `usage: node ingest.js [--nats URL] [--name NAME] [--once | --count N]

  --nats URL    NATS server (NATS_URL, or nats://127.0.0.1:4222), with its token or
                user and password: nats://TOKEN@HOST:PORT, nats://USER:PASSWORD@HOST:PORT
  --name NAME   name of the durable consumers; who takes another starts from the
                beginning (aal-viz-ingest)
  --once        stop when everything that is there has been read
  --count N     stop after N messages`;

const streams = ["ERS_VIZ", "ERS_VERDICT"]; // all of ers.viz.> and of ers.verdict.>

async function main() {
  const options = readOptions();
  const { servers, ...secrets } = readAddress(options.nats);
  const nc = await connect({ servers, ...secrets, maxReconnectAttempts: -1, name: options.name }).catch((err) => {
    throw new Error(`${servers}: ${err.message}; \`ers up\` starts a server, its token is in ers-data/ers.token`);
  });
  const stop = stopper(options.count);
  process.once("SIGINT", stop.now);
  process.once("SIGTERM", stop.now);
  const done = nc.closed().then((err) => { if (err) throw err; });
  await Promise.race([done, Promise.all(streams.map((stream) => follow(nc, stream, options, stop)))]);
  await nc.drain();
}

// readAddress takes token or user and password out of an address: the client wants them
// beside it, and no message is to show them.
function readAddress(address) {
  const [, , scheme = "", secret, servers] = /^((\w+:\/\/)?(?:([^@]*)@)?(.*))$/.exec(address);
  if (secret === undefined) return { servers: scheme + servers };
  const [user, ...pass] = secret.split(":");
  if (pass.length === 0) return { servers: scheme + servers, token: decodeURIComponent(user) };
  return { servers: scheme + servers, user: decodeURIComponent(user), pass: decodeURIComponent(pass.join(":")) };
}

function readOptions() {
  const { values } = parseArgs({ options: {
    nats: { type: "string", default: process.env.NATS_URL || "nats://127.0.0.1:4222" },
    name: { type: "string", default: "aal-viz-ingest" },
    once: { type: "boolean", default: false },
    count: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  } });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const count = values.count === undefined ? Infinity : Number(values.count);
  if (!(count >= 1)) throw new Error(`--count ${values.count}: want a number of at least 1`);
  return { ...values, count };
}

// follow prints the messages of one stream. A message is acknowledged once it is
// printed: so after a crash the server delivers it again, and none is lost. Only one is
// out at a time, so that they come in order whatever happens.
async function follow(nc, stream, options, stop) {
  const jsm = await jetstreamManager(nc);
  await jsm.consumers.add(stream, {
    durable_name: options.name,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(5_000),
    max_ack_pending: 1,
  }).catch((err) => {
    throw new Error(`stream ${stream}: ${err.message}; is ${options.nats} the server of ERS?`);
  });
  const consumer = await jetstream(nc).consumers.get(stream, options.name);
  for await (const m of options.once ? present(consumer, stop) : coming(consumer, stop)) {
    if (!stop.take()) { // one too many: it comes again
      m.nak();
      break;
    }
    await print(`${stream} ${m.seq} ${describe(m)}`);
    await m.ackAck();
  }
}

// coming yields messages as they come, until it is told to stop.
async function* coming(consumer, stop) {
  const messages = await consumer.consume({ max_messages: 1 });
  stop.requested.then(() => messages.stop());
  yield* messages;
}

// present yields the messages that are there and those that are owed to us: delivered
// before a crash and not acknowledged.
async function* present(consumer, stop) {
  while (!stop.asked) {
    const m = await consumer.next({ expires: 1_000 });
    if (m) {
      yield m;
      continue;
    }
    const info = await consumer.info();
    if (info.num_pending === 0 && info.num_ack_pending === 0) return;
  }
}

// stopper says when it is enough: after count messages, or now.
function stopper(count) {
  let now;
  const requested = new Promise((resolve) => { now = resolve; });
  const stop = {
    requested,
    asked: false,
    now: () => { stop.asked = true; now(); },
    // take counts a message in. False: it is one too many.
    take: () => {
      if (stop.asked) return false;
      if (--count === 0) stop.now();
      return true;
    },
  };
  return stop;
}

// describe says in one line what a message is. JSON.parse rounds integers beyond 2^53:
// take a parser that does not where costs can be so large.
function describe(m) {
  let doc;
  try {
    doc = m.json();
  } catch (err) {
    return `${m.subject} is not JSON: ${err.message}`;
  }
  if (m.subject.startsWith("ers.viz.trendpack.")) return describeTrendPack(doc);
  if (m.subject.startsWith("ers.viz.stability.")) return `${doc.schema} ${doc.run_id} ${doc.ok ? "ok" : "not ok"}: ${oneLine(doc.note)}`;
  if (m.subject.startsWith("ers.verdict.")) return `${doc.schema} ${doc.pipeline} window ${doc.window}: ${doc.outcome}`;
  return `${m.subject} is unknown`;
}

function describeTrendPack(doc) {
  if (doc.version !== "0.1") return `TrendPack of version ${doc.version}, which this reader does not know`;
  const { stats, object } = doc;
  const whole = object ? `, its events in bucket ${object.bucket} under ${object.sha256}` : "";
  return `TrendPack ${doc.run_id} tick ${doc.tick}: ${stats.total_events} events, ${stats.errors} errors, ${stats.skipped} skipped${whole}`;
}

const oneLine = (text) => String(text).replace(/\s+/g, " ");

// print returns once the line is out of this process.
const print = (line) => new Promise((resolve, reject) => {
  process.stdout.write(line + "\n", (err) => (err ? reject(err) : resolve()));
});

main().catch((err) => {
  console.error(`aal-viz-ingest: ${err.message}`);
  process.exitCode = 2;
  setImmediate(() => process.exit());
});
