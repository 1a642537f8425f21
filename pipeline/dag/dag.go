// Package dag is a directed graph that must not have a cycle. Its order is stable: nodes come as early as their edges allow, and ties
// are broken by the order in which they were added.
package dag

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
)

// Graph holds nodes and the edges between them. The zero value is empty and ready.
type Graph[N comparable] struct {
	nodes []N
	index map[N]int
	out   [][]int // successors by node
	in    [][]int // predecessors by node
}

// Add puts a node into the graph; a second time does nothing.
func (g *Graph[N]) Add(n N) {
	if g.index == nil {
		g.index = map[N]int{}
	}
	if _, ok := g.index[n]; ok {
		return
	}
	g.index[n] = len(g.nodes)
	g.nodes = append(g.nodes, n)
	g.out = append(g.out, nil)
	g.in = append(g.in, nil)
}

// Connect puts an edge from one node to another that comes after it, adding both where they are new.
func (g *Graph[N]) Connect(from, to N) {
	g.Add(from)
	g.Add(to)
	f, t := g.index[from], g.index[to]
	if !slices.Contains(g.out[f], t) {
		g.out[f] = append(g.out[f], t)
		g.in[t] = append(g.in[t], f)
	}
}

// After returns the nodes with an edge from n.
func (g *Graph[N]) After(n N) []N {
	i, ok := g.index[n]
	if !ok {
		return nil
	}
	after := make([]N, 0, len(g.out[i]))
	for _, j := range g.out[i] {
		after = append(after, g.nodes[j])
	}
	return after
}

// CycleError says that a graph has no order.
type CycleError[N comparable] struct {
	Cycle []N // each node has an edge to the next one and the last to the first
}

func (e *CycleError[N]) Error() string {
	names := make([]string, 0, len(e.Cycle)+1)
	for _, n := range append(slices.Clone(e.Cycle), e.Cycle[0]) {
		names = append(names, fmt.Sprint(n))
	}
	return "cycle: " + strings.Join(names, " → ")
}

// Order returns the nodes so that each edge points forward, or a *CycleError.
func (g *Graph[N]) Order() ([]N, error) {
	waiting := make([]int, len(g.nodes))
	ready := &indexHeap{}
	for i := range g.nodes {
		if waiting[i] = len(g.in[i]); waiting[i] == 0 {
			heap.Push(ready, i)
		}
	}
	order := make([]N, 0, len(g.nodes))
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		order = append(order, g.nodes[i])
		for _, j := range g.out[i] {
			if waiting[j]--; waiting[j] == 0 {
				heap.Push(ready, j)
			}
		}
	}
	if len(order) < len(g.nodes) {
		return nil, &CycleError[N]{g.cycle(waiting)}
	}
	return order, nil
}

// cycle walks back from a node that never became ready until it meets itself.
func (g *Graph[N]) cycle(waiting []int) []N {
	at := slices.IndexFunc(waiting, func(n int) bool { return n > 0 })
	seen := map[int]int{}
	var path []int
	for {
		if start, ok := seen[at]; ok {
			path = path[start:]
			break
		}
		seen[at] = len(path)
		path = append(path, at)
		at = g.in[at][slices.IndexFunc(g.in[at], func(j int) bool { return waiting[j] > 0 })]
	}
	slices.Reverse(path)
	nodes := make([]N, len(path))
	for i, p := range path {
		nodes[i] = g.nodes[p]
	}
	return nodes
}

// Reduce returns the graph without the edges that a longer path implies: what a picture needs. The graph must have an order.
func (g *Graph[N]) Reduce() (*Graph[N], error) {
	order, err := g.Order()
	if err != nil {
		return nil, err
	}
	rank := make([]int, len(g.nodes))
	for i, n := range order {
		rank[g.index[n]] = i
	}
	reduced := &Graph[N]{}
	for _, n := range g.nodes {
		reduced.Add(n)
	}
	for from := range g.nodes {
		// Nearest first: whatever a kept successor reaches needs no edge of its own.
		next := slices.Clone(g.out[from])
		slices.SortFunc(next, func(a, b int) int { return rank[a] - rank[b] })
		reached := map[int]bool{}
		for _, to := range next {
			if !reached[to] {
				reduced.Connect(g.nodes[from], g.nodes[to])
				g.reach(to, reached)
			}
		}
	}
	return reduced, nil
}

func (g *Graph[N]) reach(from int, reached map[int]bool) {
	stack := []int{from}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, j := range g.out[i] {
			if !reached[j] {
				reached[j] = true
				stack = append(stack, j)
			}
		}
	}
}

type indexHeap []int

func (h indexHeap) Len() int           { return len(h) }
func (h indexHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h indexHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *indexHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *indexHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
