package suite

import (
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Provider is a place where deployments are made.
type Provider struct {
	Type, Name     string
	Config         cty.Value      // an object by the type's body, defaults filled in, marks kept
	KeyConfig      cty.Value      // Config as it enters a checkpoint key: no provenance, no secrets
	Revision       int            // of what the type stands for, as it enters a checkpoint key
	Quota          map[string]int // GPUs held at once by type, over all deployments; nil: unbounded
	TTL            time.Duration  // after which the provider itself ends a deployment
	StartupTimeout time.Duration  // for a deployment to become ready
	Range          hcl.Range
}

// providerCommon is what every provider takes.
func providerCommon() block.Body {
	return block.Body{Args: []block.Arg{
		{Name: "quota", Type: cty.Map(cty.Number), Bounds: block.IntegerFrom(1), Provenance: true, Doc: "GPUs held at once by GPU type, over all deployments."},
		{Name: "ttl", Type: cty.String, Format: block.Duration, Bounds: block.AboveZero(), Default: cty.StringVal("2h0m0s"), Provenance: true, Doc: "The provider's own time limit of every deployment."},
		{Name: "startup_timeout", Type: cty.String, Format: block.Duration, Bounds: block.AboveZero(), Default: cty.StringVal("20m0s"), Provenance: true, Doc: "The longest that a deployment may take to become ready."},
	}}
}

func providerBlock(own block.Body) block.Block {
	common := providerCommon()
	common.Doc = own.Doc
	return block.Block{Kind: "provider", Labels: []string{"type", "name"}, Many: true, Body: common.Join(own)}
}

func (l *loader) decodeProvider(p *Provider, c *block.Content) {
	own := l.opt.Providers[p.Type]
	p.Config = own.Select(c.Value)
	p.KeyConfig, p.Revision = own.Keyed(p.Config), own.Revision
	p.Quota = block.IntMap(c.Value, "quota")
	l.quotaAt[p] = c.ArgRange("quota")
	for _, gpuType := range slices.Sorted(maps.Keys(p.Quota)) {
		l.gpuUses = append(l.gpuUses, gpuUse{gpuType, c.ArgRange("quota"), true})
	}
	p.TTL = block.Time(c.Value, "ttl")
	p.StartupTimeout = block.Time(c.Value, "startup_timeout")
}
