// Runs ingest.js against `ers up`: kills it again and again while windows are judged,
// and makes sure that it lost nothing. Needs Go, or ERS=path of the ers command.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const here = import.meta.dirname;
const pipeline = path.join(here, "../oracle/pipeline.yaml");
const perWindow = { ERS_VIZ: 2 * 9 + 1, ERS_VERDICT: 1 }; // two groups of nine ticks, and the end

let folder, ers, server, url;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "aal-viz-ingest-"));
  ers = process.env.ERS ?? path.join(folder, "ers");
  if (!process.env.ERS) execFileSync("go", ["build", "-o", ers, "../../cmd/ers"], { cwd: here, stdio: "inherit" });
  server = spawn(ers, ["up", "--store", path.join(folder, "data"), "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NATS_URL: "" },
  });
  for await (const line of createInterface({ input: server.stderr })) {
    const found = /nats=(nats:\/\/\S+)/.exec(line);
    if (found) {
      url = found[1];
      break;
    }
  }
  assert.ok(url, "ers up says where it is");
  const token = readFileSync(path.join(folder, "data", "ers.token"), "utf8");
  url = url.replace("nats://", `nats://${token}@`);
  server.stderr.resume();
});

after(async () => {
  if (server?.exitCode === null) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

// submit runs a window in which run 7 differs.
async function submit() {
  const drill = "run=7,tick=1,task=oracle:compress,kind=value";
  await assert.rejects(promisify(execFile)(ers, ["submit", "-f", pipeline, "--drill", drill, "--nats", url]), { code: 1 });
}

// ingest starts ingest.js and returns its lines when it has ended. enough decides, line
// by line, when to send it a signal.
async function ingest(args, signal, enough = () => false) {
  const child = spawn(process.execPath, ["ingest.js", "--nats", url, ...args], { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (enough(lines)) child.kill(signal);
  }
  const [code, by] = await ended;
  return { lines, code, by };
}

// sequences of the messages of a stream, in the order of the lines.
const sequences = (lines, stream) => lines.map((line) => line.split(" ")).filter(([name]) => name === stream).map(([, seq]) => Number(seq));

const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);

test("a reader that is killed again and again loses nothing", { timeout: 120_000 }, async () => {
  const all = [];
  const kills = 3;
  for (let i = 0; i < kills; i++) {
    await submit(); // while nobody reads
    const { lines, by } = await ingest([], "SIGKILL", (lines) => lines.length === 5);
    assert.equal(by, "SIGKILL");
    all.push(...lines);
  }
  const read = (lines, [stream, n]) => sequences([...all, ...lines], stream).at(-1) === n * kills;
  const { lines, code } = await ingest([], "SIGTERM", (lines) => Object.entries(perWindow).every((last) => read(lines, last)));
  assert.equal(code, 0);
  all.push(...lines);
  for (const [stream, n] of Object.entries(perWindow)) {
    const got = sequences(all, stream);
    const again = got.filter((seq, i) => seq === got[i - 1]);
    assert.deepEqual(got.filter((seq, i) => seq !== got[i - 1]), upTo(n * kills), `${stream}: each message, in order`);
    assert.ok(again.length <= kills, `${stream}: at most one message again after each kill, not ${again}`);
  }
  const { lines: rest } = await ingest(["--once"]);
  assert.deepEqual(rest, [], "nothing is owed any more");
});

test("--once and --count read what is there", { timeout: 60_000 }, async () => {
  const whole = await ingest(["--name", "other", "--once"]);
  assert.equal(whole.code, 0);
  assert.ok(whole.lines.includes("ERS_VIZ 1 TrendPack oracle-1-0 tick 0: 5 events, 0 errors, 1 skipped"), whole.lines.join("\n"));
  assert.ok(whole.lines.some((line) => /^ERS_VIZ 19 RunStability\.v0 oracle-1-0 not ok: fail: .*run 7 differs/.test(line)), whole.lines.join("\n"));
  assert.ok(whole.lines.includes("ERS_VERDICT 1 ers.verdict.v2 oracle window 1: fail"));
  const some = await ingest(["--name", "third", "--count", "7"]);
  assert.equal(some.code, 0);
  assert.equal(some.lines.length, 7);
  const rest = await ingest(["--name", "third", "--once"]);
  assert.deepEqual([...some.lines, ...rest.lines].sort(), whole.lines.sort());
});

test("a server that is not there is named", async () => {
  const child = await promisify(execFile)(process.execPath, ["ingest.js", "--nats", "nats://127.0.0.1:1"], { cwd: here }).catch((err) => err);
  assert.equal(child.code, 2);
  assert.match(child.stderr, /aal-viz-ingest: nats:\/\/127\.0\.0\.1:1: .*`ers up` starts a server/);
});
