package table

// The row types of the tables that a run writes. The tags define the columns: col is the column's name, unit its unit,
// doc its description; a pointer is a nullable column; dict marks a column of few distinct values. The identity of a
// row type names its table; its version rises when an older binary would misread the newer file, so not for a column
// that is added.

func (Request) identity() identity { return identity{"requests", 1} }
func (Chunk) identity() identity   { return identity{"chunks", 1} }
func (Power) identity() identity   { return identity{"power", 1} }
func (Server) identity() identity  { return identity{"server", 1} }

// Request is one request of a load: one row for each attempt to get an answer, whatever became of it. All t_ columns are nanoseconds
// on one monotonic clock since the load's epoch_unix_ns; on a simulated endpoint they are simulated nanoseconds.
type Request struct {
	Cell    string `col:"cell" dict:"true" doc:"address of the load step"`
	Trial   int32  `col:"trial" doc:"trial of the cell, from 1"`
	Attempt int32  `col:"attempt" doc:"attempt of the load step, from 1"`
	Index   int64  `col:"index" doc:"position in the load's order of requests, from 0"`
	User    int32  `col:"user" doc:"closed loop: the user that sent it, from 0; open loop: -1"`
	Session *int64 `col:"session" doc:"conversation that it is a turn of, from 0; a request that stands alone is one by itself"`
	Turn    *int32 `col:"turn" doc:"which turn of the conversation, from 1"`
	Turns   *int32 `col:"turns" doc:"turns that the conversation was to have"`
	ID      string `col:"request_id" doc:"X-Request-Id as sent"`

	EpochUnixNS   int64  `col:"epoch_unix_ns" unit:"ns" doc:"unix time of the load's clock zero, for provenance and for joining power samples"`
	TSched        int64  `col:"t_sched_ns" unit:"ns" doc:"when the schedule meant it to be sent"`
	TSend         int64  `col:"t_send_ns" unit:"ns" doc:"just before it was written"`
	THeaders      *int64 `col:"t_headers_ns" unit:"ns" doc:"response headers read"`
	TFirstEvent   *int64 `col:"t_first_event_ns" unit:"ns" doc:"first SSE event of any sort read"`
	TFirstToken   *int64 `col:"t_first_token_ns" unit:"ns" doc:"first non-empty content, reasoning or tool-call delta read"`
	TFirstAnswer  *int64 `col:"t_first_answer_ns" unit:"ns" doc:"first non-empty delta that is not reasoning read"`
	TLastToken    *int64 `col:"t_last_token_ns" unit:"ns" doc:"last non-empty delta read"`
	TDone         int64  `col:"t_done_ns" unit:"ns" doc:"end of the stream or failure"`
	NewConnection bool   `col:"new_connection" doc:"the request dialled, or was the first on its connection"`
	StaleRetries  int32  `col:"stale_retries" doc:"sends repeated on a fresh connection because the kept one was closed before any byte came; t_send is the last"`

	ISLRequested int32  `col:"isl_requested" unit:"tokens" doc:"input length the workload asked for; 0: that of a given text"`
	ISL          *int32 `col:"isl" unit:"tokens" doc:"input length by the server's usage.prompt_tokens"`
	ISLShared    *int32 `col:"isl_shared" unit:"tokens" doc:"of isl_requested, what the prompt begins with in common with an earlier one because the workload wants it to: a shared prefix, blocks of a trace, the conversation so far"`
	OSLRequested int32  `col:"osl_requested" unit:"tokens" doc:"output length the workload asked for"`
	OSL          *int32 `col:"osl" unit:"tokens" doc:"output length: usage.completion_tokens, or chunks where token_source says so"`
	OSLTimed     *int32 `col:"osl_timed" unit:"tokens" doc:"of osl, the tokens whose arrival was seen: without reasoning that was not streamed, and without text that nobody could read"`
	Reasoning    *int32 `col:"reasoning_tokens" unit:"tokens" doc:"of osl, the tokens of reasoning by the server's usage"`
	Unread       *int32 `col:"unread_events" doc:"events whose text stands where no text is known to stand"`
	CachedTokens *int32 `col:"cached_tokens" unit:"tokens" doc:"usage.prompt_tokens_details.cached_tokens"`
	TokenSource  string `col:"token_source" dict:"true" doc:"where osl is from: usage, chunks or none"`
	Chunks       int32  `col:"chunks" doc:"events that carried a non-empty delta"`
	OutputBytes  int64  `col:"output_bytes" unit:"bytes" doc:"bytes of text in all deltas"`

	Status       string `col:"status" dict:"true" doc:"ok, http_error, stream_error, timeout, truncated, cancelled, empty, dropped or unfinished"`
	HTTPStatus   int32  `col:"http_status" doc:"status code; 0 where no answer came"`
	FinishReason string `col:"finish_reason" dict:"true" doc:"as the server gave it; empty where none came"`
	Error        string `col:"error" dict:"true" doc:"what went wrong, as far as it is known; empty when ok"`
	Protocol     string `col:"protocol" dict:"true" doc:"HTTP/1.1 or HTTP/2.0"`
}

// Chunk is one event of a stream that carried a non-empty delta.
type Chunk struct {
	Cell    string `col:"cell" dict:"true" doc:"address of the load step"`
	Request int64  `col:"request" doc:"index of the request"`
	Seq     int32  `col:"seq" doc:"position in the stream, from 0"`
	T       int64  `col:"t_ns" unit:"ns" doc:"when the bytes were read, on the clock of the requests table"`
	Bytes   int32  `col:"bytes" unit:"bytes" doc:"bytes of text in the delta"`
	Tokens  int32  `col:"tokens" unit:"tokens" doc:"tokens in the delta where the server says; 0: unknown"`
	Kind    string `col:"kind" dict:"true" doc:"content, reasoning or tool"`
}

// Power is one reading of one GPU.
type Power struct {
	Cell         string   `col:"cell" dict:"true" doc:"address of the load step whose window the reading was fetched for"`
	TUnixNS      int64    `col:"t_unix_ns" unit:"ns" doc:"time of the reading by the sampler's clock, unix"`
	Seq          int64    `col:"seq" doc:"position in the sampler's series of this GPU, from 0"`
	Host         string   `col:"host" dict:"true" doc:"host of the GPU"`
	GPUIndex     int32    `col:"gpu_index" doc:"index as nvidia-smi numbers it"`
	GPUUUID      string   `col:"gpu_uuid" dict:"true" doc:"UUID of the GPU"`
	PowerWatts   *float64 `col:"power_w" unit:"W" doc:"power draw; null where the driver gave none"`
	PowerKind    string   `col:"power_kind" dict:"true" doc:"avg1s (mean over the last second), instant or unknown"`
	InstantWatts *float64 `col:"power_instant_w" unit:"W" doc:"instantaneous draw where power_w is an average"`
	EnergyJoules *float64 `col:"energy_j" unit:"J" doc:"cumulative energy counter"`
	GPUUtil      *float64 `col:"gpu_util" unit:"fraction" doc:"share of time with a kernel running, 0 to 1"`
	MemUtil      *float64 `col:"mem_util" unit:"fraction" doc:"share of time with memory traffic, 0 to 1"`
	MemUsedBytes *int64   `col:"mem_used_bytes" unit:"bytes" doc:"device memory in use"`
	TempC        *float64 `col:"temp_c" unit:"°C" doc:"core temperature"`
	SMClockHz    *float64 `col:"sm_clock_hz" unit:"Hz" doc:"SM clock"`
	Source       string   `col:"source" dict:"true" doc:"nvidia-smi, simulator or csv"`
}

// Server is what a server says of itself at one time of a load: one reading of its /metrics. What its engine does not tell is null. Counters are
// cumulative, of all that the server ever did, and their values are sums over its engines; times are on the clock of the requests table.
type Server struct {
	Cell   string `col:"cell" dict:"true" doc:"address of the load step"`
	Phase  string `col:"phase" dict:"true" doc:"before the load's first request, during the load, or after its last answer"`
	TSend  int64  `col:"t_send_ns" unit:"ns" doc:"just before the server was asked"`
	TDone  int64  `col:"t_done_ns" unit:"ns" doc:"its answer was read"`
	Engine string `col:"engine" dict:"true" doc:"whose names its metrics have: vllm, sglang or llamacpp"`

	Running *float64 `col:"running" unit:"requests" doc:"requests in the batch"`
	Waiting *float64 `col:"waiting" unit:"requests" doc:"requests in the queue"`
	KVUsage *float64 `col:"kv_usage" unit:"fraction" doc:"share of the KV cache in use, 0 to 1; of the fullest engine"`
	HitRate *float64 `col:"hit_rate" unit:"fraction" doc:"share of the input found in the prefix cache, as an engine reckons it that counts no queries"`

	InputTokens   *float64 `col:"input_tokens" unit:"tokens" doc:"counter: input of requests, cached tokens too"`
	OutputTokens  *float64 `col:"output_tokens" unit:"tokens" doc:"counter: tokens generated"`
	PrefixQueries *float64 `col:"prefix_queries" unit:"tokens" doc:"counter: input looked up in the prefix cache"`
	PrefixHits    *float64 `col:"prefix_hits" unit:"tokens" doc:"counter: input found there"`
	Preemptions   *float64 `col:"preemptions" doc:"counter: requests that lost their place in the batch for want of KV cache"`
	Finished      *float64 `col:"finished" unit:"requests" doc:"counter: requests that ended, aborted ones too"`

	TTFTSumSeconds  *float64 `col:"ttft_sum_s" unit:"s" doc:"counter: time to first token, from arrival at the server, summed over requests"`
	TTFTCount       *float64 `col:"ttft_count" unit:"requests" doc:"counter: requests in ttft_sum_s"`
	TPOTSumSeconds  *float64 `col:"tpot_sum_s" unit:"s" doc:"counter: time between output tokens, summed over tokens, or over requests where the engine observes it of these"`
	TPOTCount       *float64 `col:"tpot_count" doc:"counter: what tpot_sum_s is a sum of"`
	QueueSumSeconds *float64 `col:"queue_sum_s" unit:"s" doc:"counter: time in the queue, summed over requests"`
	QueueCount      *float64 `col:"queue_count" unit:"requests" doc:"counter: requests in queue_sum_s"`

	ProcessStart *float64 `col:"process_start_unix_s" unit:"s" doc:"unix time at which the server's process began"`
}
