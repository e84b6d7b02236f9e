//go:build !race

package testenv

// Race reports whether the tests are built with the race detector. Programs that
// they run are built alike: the build cache has their packages then.
const Race = false
