package openai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Error is a refusal in vLLM's shape.
type Error struct {
	Status  int
	Type    string // "BadRequestError", …
	Message string
	Param   string // the field at fault; empty prints null
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Type, e.Message) }

func badRequest(param, format string, args ...any) *Error {
	return NewError(http.StatusBadRequest, param, fmt.Sprintf(format, args...))
}

// NewError returns the error that vLLM gives under this status.
func NewError(status int, param, message string) *Error {
	kind, ok := map[int]string{
		http.StatusBadRequest:         "BadRequestError",
		http.StatusNotFound:           "NotFoundError",
		http.StatusMethodNotAllowed:   "MethodNotAllowedError",
		http.StatusTooManyRequests:    "TooManyRequestsError",
		http.StatusServiceUnavailable: "ServiceUnavailableError",
	}[status]
	if !ok {
		kind = "InternalServerError"
	}
	return &Error{Status: status, Type: kind, Message: message, Param: param}
}

// JSON returns the error as a body, and as the object inside a stream.
func (e *Error) JSON() []byte {
	type inner struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    int     `json:"code"`
	}
	in := inner{Message: e.Message, Type: e.Type, Code: e.Status}
	if e.Param != "" {
		in.Param = &e.Param
	}
	data, err := json.Marshal(map[string]inner{"error": in})
	if err != nil {
		panic(err) // strings and an int
	}
	return data
}

// WriteTo answers a request with the error.
func (e *Error) WriteTo(w http.ResponseWriter) {
	data := e.JSON()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(e.Status)
	_, _ = w.Write(data) // a client that left learns nothing
}
