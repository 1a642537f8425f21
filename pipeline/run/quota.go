package run

import "github.com/strangeloopio/inferencex/pipeline/plan"

// quota counts the GPUs that deployments hold. A provider without a quota for a GPU type has one deployment at a time.
type quota struct {
	limits map[string]plan.GPUs
	held   map[string]plan.GPUs
	alone  map[string]int // deployments without a limit, by provider
}

func newQuota(limits map[string]plan.GPUs) *quota {
	return &quota{limits: limits, held: map[string]plan.GPUs{}, alone: map[string]int{}}
}

func (q *quota) reserve(c plan.Claim) bool {
	limit, limited := q.limits[c.Provider][c.GPUType]
	if !limited {
		if q.alone[c.Provider] > 0 {
			return false
		}
		q.alone[c.Provider]++
		return true
	}
	if q.held[c.Provider] == nil {
		q.held[c.Provider] = plan.GPUs{}
	}
	if q.held[c.Provider][c.GPUType]+c.Count > limit {
		return false
	}
	q.held[c.Provider][c.GPUType] += c.Count
	return true
}

func (q *quota) give(c plan.Claim) {
	if _, limited := q.limits[c.Provider][c.GPUType]; !limited {
		q.alone[c.Provider]--
		return
	}
	q.held[c.Provider][c.GPUType] -= c.Count
}
