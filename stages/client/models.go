package client

import (
	"encoding/json"
	"fmt"
	"slices"
)

// ModelNames returns the names in a server's answer to GET /v1/models, ids and aliases, in the server's order and each once.
func ModelNames(answer []byte) ([]string, error) {
	var list struct {
		Data []struct {
			ID      string   `json:"id"`
			Aliases []string `json:"aliases"` // llama.cpp
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, fmt.Errorf("the answer is no list of models: %w", err)
	}
	var names []string
	for _, model := range list.Data {
		for _, name := range append([]string{model.ID}, model.Aliases...) {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
