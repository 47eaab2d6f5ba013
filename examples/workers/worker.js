// A worker in JavaScript, without a kit: node worker.js. Standard output is the protocol's.
const tasks = {
  "js:mean": { lane: "forecast", cost: { ops: 2 }, run: ({ context }) => {
    if (!Array.isArray(context.samples)) throw new TypeError("samples: want an array");
    if (context.samples.length === 0) throw { notComputable: "no samples" };
    return context.samples.reduce((sum, x) => sum + x, 0) / context.samples.length;
  } },
  "js:trend": { lane: "forecast", priority: 1, run: ({ results, previous }) => {
    const now = results.get("js:mean").value, before = previous.get("js:mean")?.value ?? null;
    return now === null || before === null ? null : now - before;
  } },
  "js:watch": { lane: "shadow", run: ({ results }) => [...results.keys()] },
};

let tick = -1, results = new Map(), previous = new Map();
const say = (message) => JSON.stringify(message) + "\n";

function run(task, context) {
  try {
    return { status: "ok", value: tasks[task].run({ tick, context, results, previous }) ?? null };
  } catch (e) {
    return e.notComputable ? { status: "not_computable", error: e.notComputable } : { status: "error", error: `${e.name}: ${e.message}` };
  }
}

function onMessage(m) {
  if (m.type === "hello") {
    const declared = Object.entries(tasks).map(([name, { run, ...rest }]) => ({ name, ...rest }));
    return say({ type: "hello", protocol: "ers-worker/1", tasks: declared, about: { kit: `node ${process.version}` } });
  }
  if (m.tick !== tick) previous = new Map([...results].filter(([, r]) => r.lane === "forecast")), results = new Map(), tick = m.tick;
  for (const r of m.results) results.set(r.task, r);
  return m.tasks.map((task) => {
    const r = run(task, m.context);
    results.set(task, { error: "", value: null, ...r, task, lane: tasks[task].lane });
    return say({ type: "result", task, ...r });
  }).join("");
}

let rest = ""; // of a line; only \n ends one, and readline takes more for an end
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  rest += chunk;
  if (!chunk.includes("\n")) return;
  const lines = rest.split("\n");
  rest = lines.pop();
  for (const line of lines) process.stdout.write(onMessage(JSON.parse(line)));
});
