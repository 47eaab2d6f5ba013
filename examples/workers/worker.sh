#!/bin/sh
# A worker in shell: one jq reads ERS's messages and writes the answers. sh worker.sh
exec jq -cn --unbuffered '
  def tasks: [
    {name: "sh:count", lane: "forecast", cost: {ops: 1}},
    {name: "sh:delta", lane: "forecast", priority: 1},
    {name: "sh:seen", lane: "shadow"}
  ];
  # What the tasks compute: from the context, and results by name.
  def run($task; $context; $results; $previous):
    if $task == "sh:count" then
      if $context.samples == null then error("not computable: no samples") else $context.samples | length end
    elif $task == "sh:delta" then
      $results["sh:count"].value as $now | $previous["sh:count"].value as $before
      | if $now == null or $before == null then null else $now - $before end
    else $results | keys end;
  def attempt($task; $context; $results; $previous):
    try {status: "ok", value: run($task; $context; $results; $previous)}
    catch if startswith("not computable: ") then {status: "not_computable", error: .[16:]} else {status: "error", error: .} end;
  foreach inputs as $m ({results: {}};
    if $m.type == "hello" then .out = [{type: "hello", protocol: "ers-worker/1", tasks: tasks, about: {kit: "jq"}}]
    else
      .out = []
      | if .tick != $m.tick then
          .previous = (.results | with_entries(select(.value.lane == "forecast"))) | .results = {} | .tick = $m.tick
        else . end
      | reduce $m.results[] as $r (.; .results[$r.task] = $r)
      | reduce $m.tasks[] as $task (.;
          attempt($task; $m.context; .results; .previous) as $r
          | .results[$task] = {error: "", value: null, task: $task, lane: (tasks[] | select(.name == $task).lane)} + $r
          | .out += [{type: "result", task: $task} + $r])
    end;
    .out[])'
