package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// ending is how the exchange itself came to its end.
type ending int

const (
	going      ending = iota // it has not
	unanswered               // no HTTP answer
	refused                  // an HTTP status other than 200
	compressed               // HTTP 200 with a content encoding that was not asked for
	misplaced                // HTTP 200 to another request, or before the server had this one
	unstreamed               // HTTP 200 with one JSON document
	failed                   // an error object or an event named error, under HTTP 200
	garbled                  // an event that cannot be read
	broken                   // the connection broke within the body
	whole                    // the body ended as HTTP wants it to, or after [DONE]
)

// outcome is the rule for the status of a request. The first line that fits holds; none but the last is ok.
//
//	what came                                                            status
//	an error object, an event named error, an event that is not JSON     stream_error
//	a compressed body, or one JSON document in place of a stream         stream_error
//	HTTP 200 before the server had the request, or to another request    stream_error
//	an HTTP status other than 200                                        http_error
//	no HTTP answer or a broken body, as the caller's context had ended   cancelled
//	no HTTP answer or a broken body, as the request's timeout was over   timeout
//	no HTTP answer: refused, reset or closed, on a fresh connection or
//	on a kept one so late that the server had the request                http_error with http_status 0
//	a broken body, even behind a finish_reason: the usage is lost        truncated
//	a whole body with no non-empty delta and no usage.completion_tokens  empty
//	a whole body without finish_reason                                   truncated
//	a whole body with finish_reason error or abort                       stream_error
//	a whole body with finish_reason; [DONE] may be missing               ok
func (a *answer) outcome(ctx context.Context, end ending, err error) (status, text string) {
	switch end {
	case failed:
		return "stream_error", err.Error()
	case garbled:
		return "stream_error", "cannot read the stream: " + err.Error()
	case misplaced:
		return "stream_error", err.Error()
	case compressed:
		return "stream_error", fmt.Sprintf("the answer is compressed (%s) though identity was asked for", err)
	case unstreamed:
		return "stream_error", fmt.Sprintf("the server answered one JSON document (%s) to a request for a stream", a.contentType)
	case refused:
		return "http_error", err.Error()
	case unanswered, broken:
		return a.outcomeOfBreak(ctx, end, err)
	case whole:
		return a.outcomeOfWhole()
	default:
		panic("client: concluded while going: " + strconv.Itoa(int(end)))
	}
}

func (a *answer) outcomeOfBreak(ctx context.Context, end ending, err error) (status, text string) {
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return "timeout", errTimeout.Error()
	case ctx.Err() != nil:
		return "cancelled", "the load was stopped"
	case end == unanswered:
		return "http_error", err.Error()
	default:
		return "truncated", fmt.Sprintf("the connection broke after %s: %v", plural.Of(int(a.row.Chunks), "chunk"), err)
	}
}

func (a *answer) outcomeOfWhole() (status, text string) {
	said := a.usage.CompletionTokens > 0
	switch {
	case a.row.TFirstEvent == nil:
		return "empty", fmt.Sprintf("the answer (%s) holds no event", a.contentType)
	case a.row.Chunks == 0 && !said:
		return "empty", "the stream holds no token"
	case a.finish == "":
		return "truncated", fmt.Sprintf("the stream ended after %s without a finish_reason", plural.Of(int(a.row.Chunks), "chunk"))
	case a.finish == "error" || a.finish == "abort":
		return "stream_error", "finish_reason " + a.finish
	default:
		return "ok", ""
	}
}

// StatusError is an HTTP answer with another status than 200.
type StatusError struct {
	Code    int
	Message string // what the body says: one short line without secrets
	Hint    string // what to do about it, where that is known
}

// Error returns the code, the hint and the message, which may be cut.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("HTTP %d", e.Code)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// hint returns what to do about an HTTP status. A key that is missing or wrong is told from all else that a server can refuse.
func (c *Client) hint(code int) string {
	switch name := c.endpoint.APIKeyEnv; {
	case !unauthorized(code):
		return ""
	case name == "":
		return "name the variable that holds the endpoint's key in the provider's api_key_env"
	default:
		return fmt.Sprintf("check the key in %s, the variable that api_key_env names", name)
	}
}

func unauthorized(code int) bool {
	return code == http.StatusUnauthorized || code == http.StatusForbidden
}

// Reason is the reason code of a failure that this row is an example of: unauthorized where the server wants another key, else otherwise.
func Reason(row table.Request, otherwise string) string {
	if row.Status == "http_error" && unauthorized(int(row.HTTPStatus)) {
		return "unauthorized"
	}
	return otherwise
}

// Class says whether what became of a request that is not ok may pass by itself. A refusal of the request as it stands will come again.
func Class(row table.Request) stage.ErrorClass {
	switch row.Status {
	case "cancelled":
		return stage.Canceled
	case "http_error":
		return ClassOfStatus(int(row.HTTPStatus))
	default:
		return stage.Transient
	}
}

// ClassOfStatus says whether an HTTP status other than 200 may pass by itself; 0, where no answer came, may.
func ClassOfStatus(code int) stage.ErrorClass {
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return stage.Transient
	case code >= 300 && code < 500:
		return stage.Permanent
	default:
		return stage.Transient
	}
}
