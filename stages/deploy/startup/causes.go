package startup

import (
	"regexp"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// rootCauses are the known causes, in the order in which a line is tried against them: the specific before the general.
// The patterns are of messages of vLLM, SGLang, llama.cpp, PyTorch, huggingface_hub, the CUDA driver, Kubernetes, Docker and Slurm.
var rootCauses = []cause{
	{
		GPUMemoryBusy, stage.Transient,
		"another process holds memory of this GPU: end it (nvidia-smi shows it), choose another GPU, or lower --gpu-memory-utilization",
		anyOf(
			`free memory on device.*less than desired gpu memory utilization`,
			`not enough memory\. please try to increase --mem-fraction-static.*occupied`,
			`memory capacity is unbalanced`,
		),
	},
	{
		KVCacheTooSmall, stage.Permanent,
		"lower --max-model-len, raise --gpu-memory-utilization, or use more GPUs or a smaller model",
		anyOf(
			`kv cache is needed, which is larger than the available kv cache memory`,
			`no available memory for the cache blocks`,
			`larger than the maximum number of tokens that can be stored in kv cache`,
			`not enough memory\. please try to increase --mem-fraction-static`,
		),
	},
	{
		CUDAOOM, stage.Permanent,
		"the model does not fit: use more GPUs, a smaller or quantised model, or lower --max-num-seqs",
		anyOf(
			`cuda out of memory`,
			`cuda error: out of memory`,
			`hip out of memory`,
			`cudamalloc failed: out of memory`,
			`unable to allocate cuda\d* buffer`,
		),
	},
	{
		HostOOM, stage.Permanent,
		"the machine or its container ran out of main memory: give it more, or load fewer weights at once",
		anyOf(
			`defaultcpuallocator: (not enough memory|can't allocate memory)`,
			`\boomkilled\b`, `oom[-_ ]kill`, `killed process \d+`, `out of memory: killed`,
			`^(.*\s)?memoryerror(:|$)`,
			`cannot allocate memory`,
			`no space left on device.*/dev/shm`,
		),
	},
	{
		ModelGated, stage.Permanent,
		"accept the model's licence on its page and give the server a token with access, as HF_TOKEN",
		anyOf(
			`access to model \S+ is restricted`,
			`cannot access gated repo`, `trying to access a gated repo`, `gatedrepoerror`,
			`is gated\. you must be authenticated`,
		),
	},
	{
		RevisionMissing, stage.Permanent,
		"give a commit, branch or tag that the repository has as the model's revision",
		anyOf(
			`revisionnotfounderror`, `revision not found for url`,
			`is not a valid git identifier`, `invalid rev id`,
		),
	},
	{
		ModelMissing, stage.Permanent,
		"check the model's repository name, or the path if it is local, and that HF_TOKEN may read it if it is private",
		anyOf(
			`repositorynotfounderror`, `repository not found for url`,
			`is not a local folder and is not a valid model identifier`,
			`repo id must be in the form`, `hfvalidationerror`,
			`can't load the configuration of`,
			`does not appear to have a file named config\.json`,
			`gguf_init_from_file: failed to open`, `failed to load model`,
		),
	},
	{
		PortInUse, stage.Transient,
		"another program has the port: leave port out so that a free one is taken, or end that program",
		anyOf(
			`address already in use`, `errno 98\b`,
			`couldn't bind http server socket`, `port \d+ is (already )?in use\.?$`, `port is already allocated`,
		),
	},
	{
		BadFlag, stage.Permanent,
		"the engine does not know an argument: check the suite's engine args against the engine's version",
		anyOf(
			`error: unrecognized arguments`, `error: argument --?\S+:`, `error: invalid argument:`,
			`error: the following arguments are required`, `error: ambiguous option`,
			`unknown argument:`, `flag provided but not defined`, `unknown flag:`,
		),
	},
	{
		Driver, stage.Permanent,
		"the server sees no usable GPU: check nvidia-smi where it runs, the driver's version and CUDA_VISIBLE_DEVICES",
		anyOf(
			`nvidia driver on your system is too old`, `cuda driver version is insufficient`,
			`found no nvidia driver`, `no cuda gpus are available`, `no cuda-capable device`,
			`driver/library version mismatch`, `libcuda\.so\.1: cannot open shared object`,
			`failed to infer device type`, `no kernel image is available for execution`,
			`couldn't communicate with the nvidia driver`, `invalid device ordinal`,
			`could not select device driver .*gpu`,
		),
	},
	{
		ImagePull, stage.Permanent,
		"check the image's name, tag and digest, and the registry's credentials",
		anyOf(
			`imagepullbackoff`, `errimagepull`, `manifest (for \S+ )?(not found|unknown)`,
			`pull access denied`, `failed to pull image`, `image build .*failed`,
		),
	},
	{
		Capacity, stage.Quota,
		"no such GPU is free now: wait, lower the provider's quota in the suite, or choose another GPU type",
		anyOf(
			`insufficient nvidia\.com/gpu`, `\d+/\d+ nodes are available`, `unschedulable`,
			`reqnodenotavail`, `requested node configuration is not available`, `qosmax\w+limit`,
			`no capacity`, `insufficient capacity`, `resource[_ ]exhausted`,
		),
	},
}

// consequences are lines that follow from another failure.
var consequences = []cause{
	{
		Timeout, stage.Transient,
		"raise the provider's startup_timeout if the server was still loading",
		anyOf(`timed out waiting for engine`, `engine core initialization timed out`, `did not respond within \d+`),
	},
	{
		EngineDead, stage.Transient,
		"the engine's worker died; its own words stand earlier in the server's log",
		anyOf(
			`engine core initialization failed`, `enginedeaderror`, `enginecore failed to start`,
			`enginecore encountered (a fatal error|an issue)`, `engine process failed to start`,
			`workerproc initialization failed`, `scheduler hit an exception`, `rank \d+ scheduler is dead`,
		),
	},
}

// anyOf matches a line that contains one of the patterns, in any case.
func anyOf(patterns ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.Join(patterns, "|"))
}
