// Package quantile reads quantiles off values that stand in ascending order, and off counts by size.
//
// The p-quantile of n values lies at the position p·(n−1), counted from 0: type 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages
// (1996), numpy's default. Linear interpolates between the two values beside that position, so it may return a value that nobody observed; Lower
// returns the lower one of the two. Counts know no order within a bucket: Bucket takes the nearest rank, ⌈p·n⌉ counted from 1.
//
// Invariant: of no values there is no quantile, and each function says so.
package quantile

import "math"

// Linear returns the p-quantile of ascending values (numpy's "linear"), or false of none.
func Linear(ascending []float64, p float64) (float64, bool) {
	if len(ascending) == 0 {
		return 0, false
	}
	position := p * float64(len(ascending)-1)
	below := math.Floor(position)
	i := int(below)
	if i+1 >= len(ascending) {
		return ascending[len(ascending)-1], true
	}
	return ascending[i] + (position-below)*(ascending[i+1]-ascending[i]), true
}

// Lower returns the value at or next below a percentile of ascending values (numpy's "lower"): of 20 values, the 99th percentile is the 19th. Of no
// values it returns the zero value.
func Lower[T any](ascending []T, percent int) T {
	if len(ascending) == 0 {
		var none T
		return none
	}
	return ascending[(len(ascending)-1)*percent/100]
}

// Bucket returns the index of the bucket that holds the p-quantile, where counts holds the number of values in each bucket and buckets ascend. It is
// false where nothing was counted.
func Bucket(counts []int64, p float64) (int, bool) {
	var total, seen int64
	for _, n := range counts {
		total += n
	}
	rank := int64(math.Ceil(p * float64(total)))
	for i, n := range counts {
		if seen += n; seen >= rank && total > 0 {
			return i, true
		}
	}
	return 0, false
}
