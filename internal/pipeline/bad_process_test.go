package pipeline

// workerTask is a task of worker w; commandTask a pipeline up to the command of a task.
const (
	workerTask  = "tasks:\n- {name: t, lane: forecast, worker: w}\n"
	commandTask = good + "tasks:\n- name: t\n  lane: forecast\n"
)

// badProcesses are pipelines of workers and commands that have a mistake.
var badProcesses = []badFile{
	{"workers a list", good + workerTask + "workers: [w]\n", `p.yaml:5:10: workers is of type array: want names with a worker each, as in workers: {oracle: {command: [python3, tasks.py]}}`},
	{"worker a list", good + workerTask + "workers: {w: [x]}\n", `p.yaml:5:14: worker "w" is of type array: want keys among command, files, env, memory, timeout, network`},
	{"worker without command", good + workerTask + "workers: {w: {}}\n", `p.yaml:5:14: worker "w" has no command: add the program and its arguments, as in [python3, tasks.py]`},
	{"worker with an empty command", good + workerTask + "workers: {w: {command: []}}\n", `p.yaml:5:24: the command is empty: want a program and its arguments, as in [python3, tasks.py]`},
	{"worker with an empty program", good + workerTask + "workers: {w: {command: ['']}}\n", `p.yaml:5:24: the command is empty: want a program and its arguments, as in [python3, tasks.py]`},
	{"worker command a text", good + workerTask + "workers: {w: {command: python3 x.py}}\n", `p.yaml:5:24: command is of type string: want a list of strings`},
	{"worker name", good + "tasks:\n- {name: t, lane: forecast, worker: a b}\nworkers: {a b: {command: [x]}}\n", `p.yaml:5:16: worker name "a b" has a character ' ': want only A-Z a-z 0-9 _ -`},
	{"worker not there", good + workerTask, `p.yaml:4:37: there is no worker "w": add it, as in workers: {w: {command: [python3, tasks.py]}}`},
	{"worker of another name", good + workerTask + "workers: {v: {command: [x]}}\n", `p.yaml:4:37: there is no worker "w": want one of v` + "\n" + `p.yaml:5:14: no task is of worker "v": name it in a task, or leave it out`},
	{"worker unused", good + workerTask + "workers: {v: {command: [x]}, w: {command: [x]}}\n", `p.yaml:5:14: no task is of worker "v": name it in a task, or leave it out`},
	{"worker beside Starlark", good + tasks + "workers: {w: {command: [x]}}\n", `p.yaml:5:10: workers are for tasks of kind exec, and the kind is starlark`},
	{"worker with a key of a command", good + workerTask + "workers: {w: {command: [x], stdin: a}}\n", `p.yaml:5:29: unknown key "stdin" in worker "w": want keys among command, files, env, memory, timeout, network`},
	{"worker empty", good + "tasks:\n- {name: t, lane: forecast, worker: ''}\nworkers: {w: {command: [x]}}\n", `p.yaml:4:37: worker is empty: name one of the workers`},
	{"worker and Starlark in a pipeline", good + workerTask + "- {name: u, lane: forecast, starlark: 'def run(ctx): return 1'}\nworkers: {w: {command: [x]}}\n", `p.yaml:5:3: the task "u" needs either worker or command: tasks in Starlark make a pipeline of their own`},
	{"worker and command", good + "tasks:\n- {name: t, lane: forecast, worker: w, command: [x]}\nworkers: {w: {command: [x]}}\n", `p.yaml:4:49: task 1 has both worker and command: keep one`},
	{"worker and steps", good + "tasks:\n- {name: t, lane: forecast, worker: w, steps: 5}\nworkers: {w: {command: [x]}}\n", `p.yaml:4:47: task 1 has steps beside a worker or a command: keep one`},
	{"NUL in a command", commandTask + "  command: [\"a\\0b\"]\n", `p.yaml:6:12: the command has a NUL in it, which no program can be given`},
	{"size", commandTask + "  command: {run: [x], memory: 5MB}\n", `p.yaml:6:31: memory: "5MB" is no size: want a number of bytes, or one with KiB, MiB or GiB, as in 512MiB`},
	{"negative size", commandTask + "  command: {run: [x], memory: -5}\n", `p.yaml:6:31: memory: "-5" is no size: want a number of bytes, or one with KiB, MiB or GiB, as in 512MiB`},
	{"size beyond 64 bits", commandTask + "  command: {run: [x], memory: 9000000000GiB}\n", `p.yaml:6:31: memory: "9000000000GiB" is no size: want a number of bytes, or one with KiB, MiB or GiB, as in 512MiB`},
	{"time without unit", commandTask + "  command: {run: [x], timeout: 60}\n", `p.yaml:6:32: timeout: want a time such as 60s, 1m30s or 500ms`},
	{"time with another unit", commandTask + "  command: {run: [x], timeout: 2d}\n", `p.yaml:6:32: timeout: want a time such as 60s, 1m30s or 500ms`},
	{"no time", commandTask + "  command: {run: [x], timeout: 0s}\n", `p.yaml:6:32: timeout is 0 ms: want at least 1`},
	{"time below a millisecond", commandTask + "  command: {run: [x], timeout: 1us}\n", `p.yaml:6:32: timeout is 0 ms: want at least 1`},
	{"network a word", commandTask + "  command: {run: [x], network: auto}\n", `p.yaml:6:32: network is of type string: want true or false`},
	{"env a list", commandTask + "  command: {run: [x], env: [A]}\n", `p.yaml:6:28: env is of type array: want names with a value each, as in {TZ: UTC}`},
	{"env a number", commandTask + "  command: {run: [x], env: {A: 1}}\n", `p.yaml:6:32: variable A is of type integer: want a string`},
	{"env without name", commandTask + "  command: {run: [x], env: {A=B: x}}\n", `p.yaml:6:28: "A=B" is no name of a variable: want one without = in it`},
	{"pass twice", commandTask + "  command: {run: [x], pass: [A, A]}\n", `p.yaml:6:29: variable "A" stands twice, or not in its order`},
	{"folder above", commandTask + "  command: {run: [x], dir: ../x}\n", `p.yaml:6:28: dir is "../x": want a folder below that of the pipeline file, with slashes`},
	{"folder from the root", commandTask + "  command: {run: [x], dir: /tmp}\n", `p.yaml:6:28: dir is "/tmp": want a folder below that of the pipeline file, with slashes`},
	{"folder not clean", commandTask + "  command: {run: [x], dir: a//b}\n", `p.yaml:6:28: dir is "a//b": want a folder below that of the pipeline file, with slashes`},
	{"exit status", commandTask + "  command: {run: [x], expect_exit: 256}\n", `p.yaml:6:36: expect_exit is 256: want 0 to 255`},
	{"stdin a number", commandTask + "  command: {run: [x], stdin: 5}\n", `p.yaml:6:30: stdin is of type integer: want a text, or {file: …}`},
	{"stdin without file", commandTask + "  command: {run: [x], stdin: {}}\n", `p.yaml:6:30: stdin has no file: add the file that is read, or give stdin as a text`},
	{"command without run", commandTask + "  command: {stdin: x}\n", `p.yaml:6:12: the command of task 1 has no run: add the program and its arguments, as in [python3, sum.py]`},
	{"command with a mistyped key", commandTask + "  command: {run: [x], stdn: x}\n", `p.yaml:6:23: unknown key "stdn" in the command of task 1: did you mean "stdin"?`},
	{"rule without place", commandTask + "  command: [x]\n  ignore: ['#json:/a']\n", `p.yaml:7:12: ignore "#json:/a": it does not say where: write stdout#json:/a`},
	{"rule of all", commandTask + "  command: [x]\n  ignore: ['stdout#json:']\n", `p.yaml:7:12: ignore "stdout#json:": it would ignore all of it: write stdout#line: if that is wanted`},
	{"rule of something else", commandTask + "  command: [x]\n  ignore: ['stdout#xml:/a']\n", `p.yaml:7:12: ignore "stdout#xml:/a": behind # stands json: and a pointer, or line: and a regular expression; write ? for the # of a path`},
	{"rule of a value", commandTask + "  command: [x]\n  ignore: ['value#json:/a']\n", `p.yaml:7:12: rule "value#json:/a": a command has no other value than what it writes: name stdout, stderr, probe or a file`},
	{"rule twice", commandTask + "  command: [x]\n  ignore: ['stdout#json:/a', 'stdout#json:/a']\n", `p.yaml:7:11: rule "stdout#json:/a": it stands there twice`},
	{"rule not a regular expression", commandTask + "  command: [x]\n  ignore: ['stdout#line:(']\n", `p.yaml:7:12: ignore "stdout#line:(": error parsing regexp: missing closing ): ` + "`(`" + `: it must be a regular expression of RE2`},
	{"rounded to nothing", commandTask + "  command: [x]\n  round: ['stdout#json:/a']\n", `p.yaml:7:11: round "stdout#json:/a": how many significant digits? Write stdout#json:/a=12`},
	{"rounded to too much", commandTask + "  command: [x]\n  round: ['stdout#json:/a=18']\n", `p.yaml:7:11: round "stdout#json:/a=18": 18 significant digits: want 1 to 17`},
	{"tasks from nobody", good + "tasks: {from: w}\n", `p.yaml:3:15: there is no worker "w": add it to workers`},
	{"tasks from something else", good + "tasks: {of: w}\n", `p.yaml:3:9: unknown key "of" in tasks: want keys among from`},
	{"tasks from a worker that is not started", good + "tasks: {from: w}\nworkers: {w: {command: [x]}}\n", `p.yaml:3:15: the tasks of worker "w" are known only when it is started, which is not done here`},
}
