package hardware

import (
	"fmt"
	"math"
)

// Model is the arithmetic of a dense decoder-only transformer with full attention. Mixtures of experts, latent and sliding-window attention
// cost otherwise and are not described by it.
type Model struct {
	Name           string  `json:"name"`
	Params         float64 `json:"parameters"` // all weights, embeddings included
	Layers         int     `json:"layers"`
	Hidden         int     `json:"hidden"`
	Heads          int     `json:"heads"` // attention heads: tensor parallelism must divide them
	KVHeads        int     `json:"kv_heads"`
	HeadDim        int     `json:"head_dim"`
	WeightBytes    float64 `json:"weight_bytes"` // per weight of the layers; embeddings and head take 2
	Vocab          int     `json:"vocabulary"`
	ContextTokens  int     `json:"context"`
	TiedEmbeddings bool    `json:"tied_embeddings"` // the head is the input embedding, and counted once
	Source         string  `json:"source"`
}

// Check finds a description that is incomplete or contradicts itself.
func (m Model) Check() error {
	switch {
	case !positive(m.Params, m.WeightBytes, float64(m.Hidden), float64(m.Vocab), float64(m.Layers),
		float64(m.Heads), float64(m.KVHeads), float64(m.HeadDim), float64(m.ContextTokens)):
		return fmt.Errorf("model %q: every size of its description must be positive: %+v", m.Name, m)
	case m.Heads%m.KVHeads != 0:
		return fmt.Errorf("model %q: %d attention heads cannot share %d heads of keys and values evenly", m.Name, m.Heads, m.KVHeads)
	case m.Params <= m.leastParams():
		return fmt.Errorf("model %q: %.4g parameters are no more than its embeddings and attention, which have %.4g by its other sizes", m.Name, m.Params, m.leastParams())
	}
	// What is left is the feed-forward networks, three matrices each. Dense models make them up to 8 times as wide as the rest.
	width := (m.Params - m.leastParams()) / float64(m.Layers) / (3 * float64(m.Hidden))
	if width > 16*float64(m.Hidden) {
		return fmt.Errorf("model %q: %.4g parameters leave its layers a feed-forward width of %.4g, %.0f times the hidden size: a mixture of experts, which is not simulated",
			m.Name, m.Params, width, width/float64(m.Hidden))
	}
	return nil
}

// leastParams counts the embeddings and the attention's four matrices.
func (m Model) leastParams() float64 {
	attention := 2 * float64(m.Hidden) * float64(m.HeadDim) * float64(m.Heads+m.KVHeads)
	return m.embeddings()*m.embeddingParams() + float64(m.Layers)*attention
}

// embeddingParams is the size of one embedding matrix.
func (m Model) embeddingParams() float64 { return float64(m.Hidden) * float64(m.Vocab) }

// embeddings is how many such matrices there are.
func (m Model) embeddings() float64 {
	if m.TiedEmbeddings {
		return 1
	}
	return 2
}

// ActiveParams are the weights multiplied for each token: those of the layers and of the head. Of the input embedding a token reads one row.
func (m Model) ActiveParams() float64 { return m.Params - (m.embeddings()-1)*m.embeddingParams() }

// ReadBytes are the weight bytes that one step reads, over all GPUs.
func (m Model) ReadBytes() float64 {
	return (m.Params-m.embeddings()*m.embeddingParams())*m.WeightBytes + 2*m.embeddingParams()
}

// ResidentBytes are the weight bytes held in memory, over all GPUs.
func (m Model) ResidentBytes() float64 {
	return m.ReadBytes() + (m.embeddings()-1)*2*m.embeddingParams()
}

// KVBytesPerToken is the size of one token's keys and values in BF16, counted once.
func (m Model) KVBytesPerToken() float64 {
	return 2 * 2 * float64(m.Layers) * float64(m.KVHeads) * float64(m.HeadDim)
}

// kvShare is the part of a token's keys and values that each of so many GPUs holds: more GPUs than heads hold copies.
func (m Model) kvShare(gpus int) float64 { return 1 / float64(min(gpus, m.KVHeads)) }

// positive reports whether every value is above zero and finite.
func positive(values ...float64) bool {
	for _, v := range values {
		if !(v > 0) || math.IsInf(v, 1) {
			return false
		}
	}
	return true
}
