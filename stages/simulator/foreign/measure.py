#!/usr/bin/env python3
"""measure.py: equal work, measured by inferencex and by other clients on one simulated server.

1. The clients that fetch has installed get what they need: stand-ins for CUDA's libraries, Qwen3's tokenizer.
2. `inferencex simulate` is started on a free port of the loopback interface.
3. For each number of users each client sends the same prompts, one client after another.
4. A client whose tokens or throughput differ from inferencex's by more than 3 % is measured once more, after
   inferencex is. If it differs again, the exit code is 1.
5. A table of all measurements is printed.

Every process started here ends here, by its id, whatever happens. Requests and times are bounded.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MODEL, GPU = "Qwen/Qwen3-8B", "L40S"
INPUT_TOKENS, OUTPUT_TOKENS = 512, 128
TOLERANCE = 0.03
CLIENT_SECONDS = 600  # the longest that one measurement may take, with its client's start

# What one client measured: counts, output tokens a second, milliseconds.
Result = collections.namedtuple("Result", "requests input output tps ttft tpot")


def main():
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--inferencex", default=str(HERE.parents[2] / "bin" / "inferencex"))
    flags.add_argument("--requests", type=int, default=160, help="requests of each measurement")
    flags.add_argument("--users", default="8,32", help="numbers of users, each measured by itself")
    args = flags.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = pathlib.Path(os.environ.get("FOREIGN_CACHE") or cache + "/inferencex/foreign")
    prepare(cache)
    with tempfile.TemporaryDirectory(prefix="foreign-") as folder:
        bench = Bench(args.inferencex, cache, pathlib.Path(folder), args.requests)
        bench.write_prompts()
        with Server(args.inferencex) as bench.url:
            wrong = [w for users in args.users.split(",") for w in bench.compare(int(users))]
    print(table(bench.rows), flush=True)
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def prepare(cache):
    """Makes from what fetch has downloaded what the clients need to start."""
    make = {"stubs": [HERE / "without-gpu", cache / "vllm"],
            "tokenizer": [cache / "aiperf" / "bin" / "python", HERE / "tokenizer.py"]}
    for name, command in make.items():
        if not (cache / name).exists():
            unfinished = cache / f"{name}.{os.getpid()}"
            subprocess.run([*command, unfinished], check=True)
            unfinished.rename(cache / name)


class Server:
    """A simulated server on a free port; entering gives its URL, leaving ends it."""

    def __init__(self, inferencex):
        self.command = [inferencex, "simulate", "-model", MODEL, "-gpu", GPU, "-port", "0",
                        "-no-enable-prefix-caching"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()  # it ends with the address; empty if the server has not started
        if "http://" not in line:
            self.__exit__()
            sys.exit("the simulated server did not start")
        print(line, end="", flush=True)
        return line.split()[-1]

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    """The measurements: rows of (client, users, results), in the order in which they were made."""

    def __init__(self, inferencex, cache, folder, requests):
        self.inferencex, self.cache, self.folder = inferencex, cache, folder
        self.requests, self.url, self.rows = requests, "", []

    def write_prompts(self):
        """Writes the prompts as each client reads them."""
        words = (HERE.parent / "tokenizer" / "words.txt").read_text().split()
        rng = random.Random(1)
        texts = [" ".join(rng.choices(words, k=INPUT_TOKENS)) for _ in range(self.requests)]
        forms = {
            "prompts.jsonl": lambda text: {"prompt": text, "output_tokens": OUTPUT_TOKENS},
            "texts.jsonl": lambda text: {"text": text},
            "counts.jsonl": lambda text: {"prompt": text, "prompt_tokens_count": INPUT_TOKENS,
                                          "output_tokens_count": OUTPUT_TOKENS},
        }
        for name, form in forms.items():
            (self.folder / name).write_text("".join(json.dumps(form(text)) + "\n" for text in texts))
        (self.folder / "suite.hcl").write_text((HERE / "suite.hcl").read_text())

    def compare(self, users):
        """Measures with all clients, and returns what differs twice."""
        clients = {"vllm bench serve": self.vllm, "aiperf": self.aiperf, "guidellm": self.guidellm}
        ours = self.measure("inferencex", self.ours, users)
        wrong = []
        for name, client in clients.items():
            differs = difference(ours, self.measure(name, client, users))
            if differs:
                print(f"{name}, {users} users: {differs}; measured once more", flush=True)
                again = self.measure("inferencex", self.ours, users)
                differs = difference(again, self.measure(name, client, users))
            if differs:
                wrong.append(f"{name}, {users} users: {differs}")
        return wrong

    def measure(self, name, client, users):
        print(f"{name}, {users} users …", flush=True)
        results = client(users, self.folder / f"{len(self.rows)}")
        self.rows.append((name, users, results))
        return results

    def ours(self, users, out):
        self.run([self.inferencex, "run", "-dir", out, "-var", f"url={self.url}", "-var", f"users={users}",
                  "-var", f"requests={self.requests}", "suite.hcl"])
        cell, = read(out / "latest" / "report" / "results.json")["cells"]
        return Result(cell["requests_ok"], cell["input_tokens"], cell["output_tokens"], cell["output_tps"],
                      cell["ttft_mean_s"] * 1e3, cell["tpot_mean_s"] * 1e3)

    def vllm(self, users, out):
        self.run([self.cache / "vllm/bin/vllm", "bench", "serve", "--backend", "openai",
                  "--base-url", self.url, "--endpoint", "/v1/completions", "--model", MODEL, "--tokenizer", self.cache / "tokenizer",
                  "--dataset-name", "custom", "--dataset-path", "prompts.jsonl", "--skip-chat-template",
                  "--custom-output-len", OUTPUT_TOKENS, "--ignore-eos", "--num-prompts", self.requests,
                  "--max-concurrency", users, "--save-result", "--result-filename", out, "--disable-tqdm"])
        r = read(out)
        return Result(r["completed"], r["total_input_tokens"], r["total_output_tokens"],
                      r["output_throughput"], r["mean_ttft_ms"], r["mean_tpot_ms"])

    def aiperf(self, users, out):
        self.run([self.cache / "aiperf/bin/aiperf", "profile", "-m", MODEL, "-u", self.url, "--streaming",
                  "--endpoint-type", "completions", "--tokenizer", self.cache / "tokenizer",
                  "--input-file", "texts.jsonl", "--custom-dataset-type", "single_turn",
                  "--concurrency", users, "--request-count", self.requests,
                  "--extra-inputs", f"max_tokens:{OUTPUT_TOKENS}",
                  "--extra-inputs", f"min_tokens:{OUTPUT_TOKENS}", "--extra-inputs", "ignore_eos:true",
                  "--artifact-dir", out, "--ui", "none"],
                 HF_HUB_OFFLINE="")  # offline it takes no tokenizer from a folder
        file, = out.glob("**/profile_export_aiperf.json")
        r = {name: value["avg"] for name, value in read(file).items()
             if isinstance(value, dict) and "avg" in value}
        return Result(r["request_count"], r["total_isl"], r["total_osl"], r["output_token_throughput"],
                      r["time_to_first_token"], r["inter_token_latency"])

    def guidellm(self, users, out):
        self.run([self.cache / "guidellm/bin/guidellm", "run", "--backend",
                  f"kind=openai_http,target={self.url},model={MODEL},request_format=/v1/completions",
                  "--tokenizer", f"kind=hf_auto,model={self.cache / 'tokenizer'}",
                  "--data", "kind=json_file,path=counts.jsonl",
                  "--profile", f"kind=concurrent,streams={users}",
                  "--constraint", f"kind=max_requests,count={self.requests}",
                  "--output", f"kind=json,path={out}.json", "--disable-progress"])
        metrics = read(f"{out}.json")["benchmarks"][0]["metrics"]
        r = {name: value["successful"] for name, value in metrics.items()
             if isinstance(value, dict) and "successful" in value}
        prompts, answers = r["prompt_token_count"], r["output_token_count"]
        return Result(prompts["count"], prompts["total_sum"], answers["total_sum"],
                      r["output_tokens_per_second"]["mean"],
                      r["time_to_first_token_ms"]["mean"], r["inter_token_latency_ms"]["mean"])

    def run(self, command, **variables):
        """Runs a client in a process group of its own, and ends the group when the client is done or late."""
        command = [str(part) for part in command]
        stubs = self.cache / "stubs"
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
        environment.update(variables)
        if stubs.parent in pathlib.Path(command[0]).parents:
            environment.update(LD_LIBRARY_PATH=str(stubs), LD_PRELOAD=str(stubs / "stub.so"))
        log = self.folder / f"{len(self.rows)}.log"
        with log.open("w") as to:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=to, stderr=to,
                                       stdin=subprocess.DEVNULL, start_new_session=True)
            try:
                code = process.wait(CLIENT_SECONDS)
            except subprocess.TimeoutExpired:
                code = f"none after {CLIENT_SECONDS} s"
            finally:
                end_group(process)
        if code != 0:
            print(log.read_text()[-8000:], file=sys.stderr)
            sys.exit(f"{' '.join(command)}\nexit code {code}")


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # none of it is left
    process.wait()


def read(file):
    return json.loads(pathlib.Path(file).read_text())


def difference(ours, theirs):
    """Says in what theirs differ from ours by more than the tolerance; no request may be missing."""
    said = []
    if theirs.requests != ours.requests:
        said.append(f"{theirs.requests:.0f} requests, inferencex {ours.requests}")
    for name in ("input", "output", "tps"):
        want, got = getattr(ours, name), getattr(theirs, name)
        if abs(got / want - 1) > TOLERANCE:
            said.append(f"{name} {got:.1f}, inferencex {want:.1f} ({got / want - 1:+.1%})")
    return ", ".join(said)


def table(rows):
    lines = ["| client | users | input tokens | output tokens | tok/s | mean TTFT | mean TPOT or ITL |",
             "|---|--:|--:|--:|--:|--:|--:|"]
    for client, users, r in rows:
        lines.append(f"| {client} | {users} | {r.input:,.0f} | {r.output:,.0f} | {r.tps:.1f} "
                     f"| {r.ttft:.0f} ms | {r.tpot:.1f} ms |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
